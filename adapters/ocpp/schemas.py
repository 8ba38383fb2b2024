"""The official JSON schemas, as the `ocpp` package ships them, behind one guarded door."""

from collections.abc import Iterable
from typing import Any

from ocpp.messages import MessageType, get_validator

from adapters.ocpp.frames import BadFrameError, ErrorCode, Payload

MAX_QUOTED_CHARS = 100
SEND = 6  # the package knows only kinds 2 to 4; it looks others up by their bare names, which is right for this one
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
        Every action of that version. Only these are looked up: the package builds a file name from the action.
    sends : iterable of str
        The actions of messages that want no answer, likewise.
    """

    def __init__(self, version: str, actions: Iterable[str], sends: Iterable[str] = ()) -> None:
        self._version, self._actions, self._sends = version, frozenset(map(str, actions)), frozenset(map(str, sends))

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
        violation = next(get_validator(kind, action, self._version).iter_errors(payload), None)
        if violation is not None:
            raise _bad_payload(action, violation)


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
