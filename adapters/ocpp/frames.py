"""OCPP-J frames: text to values and back, without I/O. The same for every version of OCPP.

A frame is a JSON list: ``[2, id, action, payload]`` asks, ``[3, id, payload]`` answers, ``[4, id, code, description, details]``
refuses. OCPP 2.1 adds ``[5, id, code, description, details]``, which refuses an answer, and ``[6, id, action, payload]``, which
tells and wants no answer. Source: OCPP-J 1.6, section 4; for unreadable ids OCPP 2.0.1 Part 4, section 4.2.3; OCPP 2.1 Part 4.
"""

import json
import math
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any

from v2g.errors import FrameError

Payload = dict[str, Any]

UNREADABLE_ID = "-1"
MAX_ID_CHARS = 255  # the standard says 36; longer ones are seen and harm nobody
MAX_DEPTH = 20  # the deepest schema, OCPP 2.1's charging profiles, nests about a dozen levels
HALF_CHARACTER = "\\ud"  # how an escaped surrogate begins
MAX_INT_DIGITS = 18  # what fits 64 bits, and a float without overflow


class Kind(IntEnum):
    """The first element of a frame."""

    CALL = 2
    RESULT = 3
    ERROR = 4
    RESULT_ERROR = 5
    SEND = 6


class ErrorCode(StrEnum):
    """What a CALLERROR may complain of, spelt as OCPP 1.6 does."""

    NOT_IMPLEMENTED = "NotImplemented"
    NOT_SUPPORTED = "NotSupported"
    INTERNAL = "InternalError"
    PROTOCOL = "ProtocolError"
    FORMATION = "FormationViolation"
    PROPERTY = "PropertyConstraintViolation"
    TYPE = "TypeConstraintViolation"
    GENERIC = "GenericError"


class BadFrameError(FrameError):
    """A frame that cannot be used.

    `code` and `message_id` are what a CALLERROR says of it; `answerable` is False where OCPP-J forbids to answer: an
    answer to an answer, or a message of unknown type.
    """

    def __init__(
        self,
        message: str,
        *,
        code: ErrorCode,
        message_id: str = UNREADABLE_ID,
        answerable: bool = True,
        place: str = "",
        mend: str = "",
    ) -> None:
        super().__init__(message, place=place, mend=mend)
        self.code, self.message_id, self.answerable = code, message_id, answerable


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request."""

    message_id: str
    action: str
    payload: Payload


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResult:
    """The answer to a request."""

    message_id: str
    payload: Payload


@dataclass(frozen=True, slots=True, kw_only=True)
class CallError:
    """The refusal of a request."""

    message_id: str
    code: str
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResultError:
    """The refusal of an answer."""

    message_id: str
    code: str
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Something told that wants no answer."""

    message_id: str
    action: str
    payload: Payload


Frame = Call | CallResult | CallError | CallResultError | Send


def decode(text: str | bytes) -> Frame:
    """Return the frame that `text` spells. Raises `BadFrameError`, and nothing else, whatever it is given."""
    items = _parse(text)
    match items:
        case [Kind.CALL, str(message_id), str(action), dict(payload)] if _is_id(message_id):
            return Call(message_id=message_id, action=action, payload=payload)
        case [Kind.RESULT, str(message_id), dict(payload)] if _is_id(message_id):
            return CallResult(message_id=message_id, payload=payload)
        case [Kind.ERROR, str(message_id), str(code), *rest] if _is_id(message_id):
            description = rest[0] if rest and isinstance(rest[0], str) else ""
            return CallError(message_id=message_id, code=code, description=description)
        case [Kind.RESULT_ERROR, str(message_id), str(code), *rest] if _is_id(message_id):
            description = rest[0] if rest and isinstance(rest[0], str) else ""
            return CallResultError(message_id=message_id, code=code, description=description)
        case [Kind.SEND, str(message_id), str(action), dict(payload)] if _is_id(message_id):
            return Send(message_id=message_id, action=action, payload=payload)
    raise _misfit(items)


def encode(frame: Frame) -> str:
    """Return the text of `frame`; ``decode(encode(frame)) == frame``."""
    match frame:
        case Call():
            items = [Kind.CALL, frame.message_id, frame.action, frame.payload]
        case CallResult():
            items = [Kind.RESULT, frame.message_id, frame.payload]
        case CallError():
            items = [Kind.ERROR, frame.message_id, frame.code, frame.description, {}]
        case CallResultError():
            items = [Kind.RESULT_ERROR, frame.message_id, frame.code, frame.description, {}]
        case Send():
            items = [Kind.SEND, frame.message_id, frame.action, frame.payload]
    return ENCODER.encode(items)


def _parse(text: str | bytes) -> list[Any]:
    if isinstance(text, bytes):
        raise BadFrameError("a binary message", code=ErrorCode.FORMATION, mend="send JSON as text")
    try:
        items = DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise BadFrameError("not JSON", code=ErrorCode.FORMATION, place=f"character {error.pos}") from error
    except ValueError as error:
        raise BadFrameError(str(error), code=ErrorCode.FORMATION, mend="send finite numbers of at most 18 digits") from error
    except RecursionError as error:
        raise _too_deep() from error
    if not isinstance(items, list):
        raise BadFrameError("not a list", code=ErrorCode.PROTOCOL, place="$", mend="[2, id, action, payload]")
    if _nests_deeper(items, MAX_DEPTH):
        raise _too_deep()
    if HALF_CHARACTER in text.lower() and not _is_writable(items):
        raise BadFrameError("half a character", code=ErrorCode.FORMATION, mend="pair the surrogates")
    return items


def _too_deep() -> BadFrameError:
    return BadFrameError("nested too deeply", code=ErrorCode.FORMATION, mend=f"fewer than {MAX_DEPTH} levels")


def _is_writable(items: list[Any]) -> bool:
    """Return whether every string can be written as UTF-8: half a surrogate pair passes JSON and breaks logs and databases."""
    try:
        json.dumps(items, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _bounded_int(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_INT_DIGITS:
        raise ValueError("an integer of too many digits")
    return int(digits)


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError("a number that is not finite")
    return value


def _nests_deeper(value: list[Any], limit: int) -> bool:
    """Return whether there are `limit` levels of lists and objects or more."""
    level: list[Any] = [value]
    for _ in range(limit - 1):
        level = [
            child
            for item in level
            for child in (item.values() if type(item) is dict else item)
            if type(child) is dict or type(child) is list
        ]
        if not level:
            return False
    return True


DECODER = json.JSONDecoder(parse_int=_bounded_int, parse_float=_finite, parse_constant=_finite)
ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False)
"""Made once: made anew for each frame, they took a quarter of the time."""


def _is_id(message_id: str) -> bool:
    return 0 < len(message_id) <= MAX_ID_CHARS


def _misfit(items: list[Any]) -> BadFrameError:
    """Return what is wrong with a list that is no frame."""
    match items:
        case [Kind.RESULT | Kind.ERROR | Kind.RESULT_ERROR | Kind.SEND, *_]:
            return BadFrameError("a malformed message", code=ErrorCode.PROTOCOL, answerable=False, place="$")
        case [Kind.CALL, str(message_id), *_] if _is_id(message_id):
            return BadFrameError(
                "a malformed request", code=ErrorCode.PROTOCOL, message_id=message_id, place="$", mend="[2, id, action, payload]"
            )
        case [Kind.CALL, *_]:
            mend = f"a string of 1 to {MAX_ID_CHARS} characters"
            return BadFrameError("a message id that is no id", code=ErrorCode.PROTOCOL, place="$[1]", mend=mend)
    return BadFrameError("an unknown message type", code=ErrorCode.PROTOCOL, answerable=False, place="$[0]", mend="2 to 6")
