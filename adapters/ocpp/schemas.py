"""The official JSON schemas, as the `ocpp` package ships them, behind one guarded door."""

import json
from collections.abc import Iterable
from importlib import resources
from typing import Any

from jsonschema import Draft4Validator
from ocpp.messages import MessageType

from adapters.ocpp.frames import BadFrameError, ErrorCode, Payload

MAX_QUOTED_CHARS = 100
SEND = 6
_CODES = {
    "type": ErrorCode.TYPE,
    "required": ErrorCode.PROTOCOL,
    "additionalProperties": ErrorCode.FORMATION,
}


class Schemas:
    """The schemas of one version.

    Parameters
    ----------
    version : str
        As the package names it: "1.6", "2.0.1", "2.1".
    actions : iterable of str
        Every action of that version. Only these are looked up: an action is part of a file name.
    sends : iterable of str
        The actions of messages that want no answer, likewise.
    """

    def __init__(self, version: str, actions: Iterable[str], sends: Iterable[str] = ()) -> None:
        self._version, self._actions, self._sends = version, frozenset(map(str, actions)), frozenset(map(str, sends))
        self._suffixes = {MessageType.Call: "" if version == "1.6" else "Request", MessageType.CallResult: "Response"}
        self._validators: dict[tuple[int, str], Draft4Validator] = {}

    def check_request(self, action: str, payload: Payload) -> None:
        """Raise `BadFrameError` unless `payload` is a request of `action`."""
        self._check(MessageType.Call, action, payload)

    def check_response(self, action: str, payload: Payload) -> None:
        """Raise `BadFrameError` unless `payload` answers `action`."""
        self._check(MessageType.CallResult, action, payload)

    def check_send(self, action: str, payload: Payload) -> None:
        """Raise `BadFrameError` unless `payload` is a message of `action` that wants no answer."""
        self._check(SEND, action, payload)

    def _check(self, kind: int, action: str, payload: Payload) -> None:
        if action not in (self._sends if kind == SEND else self._actions):
            raise BadFrameError(f"unknown action {action[:MAX_QUOTED_CHARS]!r}", code=ErrorCode.NOT_IMPLEMENTED)
        violation = next(self._validator(kind, action).iter_errors(payload), None)
        if violation is not None:
            raise _bad_payload(action, violation)

    def _validator(self, kind: int, action: str) -> Draft4Validator:
        """Return what checks a message, read once. The package's own cache mixes schemas with decimals and without."""
        key = (kind, action)
        if key not in self._validators:
            folder = resources.files("ocpp") / f"v{self._version.replace('.', '')}" / "schemas"
            text = (folder / f"{action}{self._suffixes.get(kind, '')}.json").read_text("utf-8-sig")
            self._validators[key] = Draft4Validator(json.loads(text))
        return self._validators[key]


def _bad_payload(action: str, violation: Any) -> BadFrameError:
    """Return an error that quotes the schema, never the value: it may be an id tag."""
    rule = violation.validator
    message = f"{action} breaks the rule {rule}"
    if rule == "additionalProperties" and isinstance(violation.instance, dict):
        extra = min(violation.instance.keys() - violation.schema.get("properties", {}).keys(), default="")
        message += f" with {extra[:MAX_QUOTED_CHARS]!r}"
    return BadFrameError(
        message,
        code=_CODES.get(rule, ErrorCode.PROPERTY),
        place=violation.json_path[:MAX_QUOTED_CHARS],
        mend=f"{rule}: {violation.validator_value}",
    )
