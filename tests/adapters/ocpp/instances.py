"""Values that fit the official schemas: the least of each message, and all of it."""

import json
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any

from jsonschema import Draft4Validator
from ocpp.messages import MessageType

from adapters.ocpp.frames import Payload

STAMP = "2026-01-05T08:00:00Z"


@cache
def official(kind: int, action: str, version: str) -> Draft4Validator:
    """Return what checks a message by its official schema, apart from the package's cache, which mixes decimals with floats."""
    return Draft4Validator(json.loads(_schema(kind, action, version)))


@cache
def exact(action: str, version: str) -> Draft4Validator:
    """Return what checks a request whose numbers are decimals: as floats, 10.1 is no multiple of 0.1."""
    return Draft4Validator(json.loads(_schema(MessageType.Call, action, version), parse_float=Decimal))


def _schema(kind: int, action: str, version: str) -> str:
    request = "" if version == "1.6" else "Request"
    name = action + {MessageType.Call: request, MessageType.CallResult: "Response"}[kind]
    file = resources.files("ocpp") / f"v{version.replace('.', '')}" / "schemas" / f"{name}.json"
    return file.read_text("utf-8-sig")


def instance(kind: int, action: str, version: str, *, whole: bool = False) -> Payload:
    """Return the least payload of a message that its schema allows, or one with every field."""
    schema = official(kind, action, version).schema
    made = _made(schema, schema.get("definitions", {}), whole=whole, depth=0)
    assert isinstance(made, dict)
    official(kind, action, version).validate(made)
    return made


def _made(schema: dict[str, Any], known: dict[str, Any], *, whole: bool, depth: int) -> Any:
    if "$ref" in schema:
        return _made(known[schema["$ref"].rsplit("/", 1)[-1]], known, whole=whole, depth=depth)
    made: Any = "1"
    match schema:
        case {"enum": [first, *_]}:
            made = first
        case {"type": "object"}:
            names = schema.get("properties", {}) if whole and depth < 4 else schema.get("required", ())
            wanted = [name for name in names if name != "customData"]
            made = {name: _made(schema["properties"][name], known, whole=whole, depth=depth + 1) for name in wanted}
        case {"type": "array"}:
            made = [_made(schema["items"], known, whole=whole, depth=depth + 1)] * max(schema.get("minItems", 1), 1)
        case {"type": "string", "format": "date-time"}:
            made = STAMP
        case {"type": "boolean"}:
            made = True
        case {"type": "integer" | "number"}:
            made = int(min(max(1, schema.get("minimum", 1)), schema.get("maximum", 1)))
    return made
