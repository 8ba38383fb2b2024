"""The official JSON schemas, by which a charge point judges what it is told before it acts."""

from functools import cache
from typing import Any

import jsonschema_rs
from ocpp.messages import MessageType, get_validator

from adapters.farm.ocpp.link import Payload, RefusedError
from v2g.errors import FrameError


@cache
def _validator(kind: int, action: str, version: str) -> Any:
    return get_validator(kind, action, version)


@cache
def _quick(kind: int, action: str, version: str) -> jsonschema_rs.Draft4Validator:
    """Return what says only whether a message fits, a hundred times as fast."""
    return jsonschema_rs.Draft4Validator(_validator(kind, action, version).schema, validate_formats=False)


def _fits(kind: int, action: str, version: str, payload: Payload) -> bool:
    try:
        return _quick(kind, action, version).is_valid(payload)
    except ValueError:  # half a character, which Rust cannot hold
        return False


class Schemas:
    """The schemas of one version, named as the `ocpp` package names it: "1.6", "2.0.1", "2.1"."""

    def __init__(self, version: str) -> None:
        self._version = version

    def check_request(self, action: str, payload: Payload) -> None:
        """Raise `FrameError` if `payload` is no request of `action`, an action that is known."""
        self._check(MessageType.Call, action, payload)

    def check_answer(self, action: str, payload: Payload) -> None:
        """Raise `RefusedError` if `payload` is no answer to `action`: then it was not answered."""
        try:
            self._check(MessageType.CallResult, action, payload)
        except FrameError as error:
            raise RefusedError("FormationViolation", str(error)) from error

    def _check(self, kind: int, action: str, payload: Payload) -> None:
        if _fits(kind, action, self._version, payload):
            return
        violation = next(_validator(kind, action, self._version).iter_errors(payload), None)
        if violation is not None:
            raise FrameError(f"{action}: {violation.message[:200]}", place=violation.json_path)
