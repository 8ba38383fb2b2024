"""The site file's `openadr` (a VTN that we follow) and `openadr_vtn` (the one that we are)."""

from collections.abc import Iterator
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from config.reading.fault import Fault
from config.reading.ranges import DAY_S, Number, Strict

Priority = Annotated[int, Field(ge=0, le=1000)]
LimitKw = Annotated[Number, Field(ge=0, le=1e6)]
Target = Annotated[str, Field(min_length=1, max_length=128)]


class ActingFile(Strict):
    """How events are acted on, whoever's VTN they are at.

    `targets` mean this station, beside its name; `priority` is that of events that say none, and none is stronger than `strongest`
    (lower numbers win). `simple_kw` are the import limits at the levels 1, 2, 3 of SIMPLE, `emergency_kw` that in a grid emergency.
    A dispatch is refused unless `dispatch_penalty_per_kwh` says what deviation from it costs.
    """

    targets: tuple[Target, ...] = ()
    priority: Priority = 100
    strongest: Priority = 0
    simple_kw: Annotated[tuple[LimitKw, ...], Field(min_length=3, max_length=3)] | None = None
    emergency_kw: LimitKw | None = None
    dispatch_penalty_per_kwh: Annotated[Number, Field(gt=0, le=1000)] | None = None


class OpenAdrFile(ActingFile):
    """A VTN to follow, docs/openadr.md. `client_secret_env` names an environment variable.

    When it has not answered for `silent_after_s`, `fallback_import_kw` and `fallback_export_kw` hold where its own limits run out.
    `callback_url` is where the VTN reaches this station's /openadr/callback, for VTNs that call when something changes;
    `mqtt_hosts` are the brokers at which its MQTT notifications may be listened to.
    """

    vtn_url: str
    client_id: str | None = None
    client_secret_env: str | None = None
    token_url: str | None = None
    scope: str | None = None
    program: Target | None = None
    ven_name: Target | None = None
    poll_s: Annotated[Number, Field(ge=5, le=DAY_S)] = 60.0
    silent_after_s: Annotated[Number, Field(ge=30, le=DAY_S)] = 600.0
    fallback_import_kw: LimitKw | None = None
    fallback_export_kw: LimitKw | None = None
    callback_url: str | None = None
    mqtt_hosts: tuple[Target, ...] = ()

    @field_validator("vtn_url", "token_url", "callback_url")
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "http://none")
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
            raise ValueError("give an address that begins with https:// or http://; use no name and password in it")
        return value


class OpenAdrVtnFile(ActingFile):
    """The VTN of this station under /openadr3/3.1.0, docs/openadr.md.

    Clients come with the id and token of a machine (`v2g people`), or as `client_id` with the secret in `client_secret_env`.
    Subscribers are called at `callback_hosts` only: "host", or "host:port" where the address names a port.
    """

    client_id: Target | None = None
    client_secret_env: str | None = None
    callback_hosts: tuple[Target, ...] = ()


def openadr_faults(openadr: OpenAdrFile | None, vtn: OpenAdrVtnFile | None, *, machines: bool) -> Iterator[Fault]:
    """Return halves of pairs, and a VTN that nobody could use; `machines` says whether there are machines' tokens."""
    for place, file in (("openadr", openadr), ("openadr_vtn", vtn)):
        if file is not None and (file.client_id is None) != (file.client_secret_env is None):
            missing = "client_id" if file.client_id is None else "client_secret_env"
            yield Fault(
                place=(place,), message=f"there is no {missing}", mend="give both, client_id and client_secret_env, or neither"
            )
        if file is not None and file.strongest > file.priority:
            yield Fault(place=(place, "priority"), message="it is stronger than the strongest", mend="strongest: a lower number")
    if vtn is not None and vtn.client_id is None and not machines:
        mend = "give client_id and client_secret_env, or let people log in (web)"
        yield Fault(place=("openadr_vtn",), message="nobody could publish", mend=mend)
