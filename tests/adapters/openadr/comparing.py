"""Our description of the VTN beside the text of OpenADR 3.1: what is called otherwise, wider or narrower."""

import copy
import re
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
METHODS = ("get", "post", "put", "delete")
BOUNDS = ("minimum", "maximum", "minLength", "maxLength", "pattern")
FORMATS = ("date-time", "uri")


def served_part(text: Json, ours: Json) -> tuple[Json, list[str]]:
    """Return the text without the calls that we do not serve, and which those are."""
    part, left_out = copy.deepcopy(text), []
    part.pop("servers", None)
    served = {_anonymous(path): calls for path, calls in ours["paths"].items()}
    for path in list(part["paths"]):
        for method in METHODS:
            if method in part["paths"][path] and method not in served.get(_anonymous(path), {}):
                del part["paths"][path][method]
                left_out.append(f"{method.upper()} {path}")
        if not any(method in part["paths"][path] for method in METHODS):
            del part["paths"][path]
    return part, left_out


def mend(text: Json) -> None:
    """Take out of the text that a kept VEN or resource is to have the objectType of its request, too: nothing could be both."""
    schemas = text["components"]["schemas"]
    for kept, request in (("ven", "BlVenRequest"), ("resource", "BlResourceRequest")):
        if kept in schemas and request in schemas:
            asked = copy.deepcopy(schemas[request])
            asked["properties"].pop("objectType", None)
            asked["required"] = [name for name in asked["required"] if name != "objectType"]
            schemas[kept] = {"allOf": [{"$ref": "#/components/schemas/objectMetadata"}, asked]}


class Comparison:
    """All fields of all calls; `wrong` is what the text has otherwise, `narrower` where we take less than it allows."""

    def __init__(self, text: Json, ours: Json) -> None:
        self._text, self._ours = text, ours
        self.wrong: list[str] = []
        self.narrower: set[str] = set()
        self.n_fields = 0
        served = {_anonymous(path): calls for path, calls in ours["paths"].items()}
        for path, calls in text["paths"].items():
            for method in (method for method in METHODS if method in calls):
                self._call(f"{method.upper()} {path}", calls[method], served[_anonymous(path)][method])

    def _call(self, name: str, theirs: Json, ours: Json) -> None:
        for scheme in theirs.get("security", []):
            wanted = set(scheme.get("oAuth2ClientCredentials", []))
            given = {scope for said in ours.get("security", []) for scopes in said.values() for scope in scopes}
            if not wanted <= given:
                self.wrong.append(f"{name}: scopes {sorted(wanted - given)}")
        queries = {p["name"]: p["schema"] for p in ours.get("parameters", []) if p["in"] == "query"}
        for parameter in theirs.get("parameters", []):
            self._schema(f"{name} ?{parameter['name']}", parameter["schema"], queries.pop(parameter["name"], None))
        self.wrong += [f"{name}: the text knows no ?{extra}" for extra in queries]
        if "requestBody" in theirs:
            self._content(f"{name} body", theirs["requestBody"], ours["requestBody"], ours_may_be_wider=False)
        for status, answer in theirs["responses"].items():
            if status in ("200", "201"):
                self._content(f"{name} {status}", answer, ours["responses"].get(status, {}), ours_may_be_wider=True)

    def _content(self, where: str, theirs: Json, ours: Json, *, ours_may_be_wider: bool) -> None:
        for kind, said in self._plain(self._text, theirs).get("content", {}).items():
            schema = ours.get("content", {}).get(kind, {}).get("schema")
            self._schema(where, said["schema"], schema, answered=ours_may_be_wider)

    def _schema(self, where: str, theirs: Json, ours: Json | None, *, answered: bool = False) -> None:
        self.n_fields += 1
        if ours is None:
            self.wrong.append(f"{where}: missing")
            return
        theirs, ours = self._plain(self._text, theirs), self._plain(self._ours, ours)
        options = [list(self._options(*side)) for side in ((self._text, theirs), (self._ours, ours))]
        if len(options[0]) > 1:
            known = dict(options[1])
            for kind, option in options[0]:
                self._schema(f"{where}<{kind}>", option, known.get(kind), answered=answered)
            return
        if theirs.get("type", "object") != ours.get("type", "object"):
            self.wrong.append(f"{where}: {ours.get('type')}, not {theirs.get('type')}")
            return
        self._bounds(where, theirs, ours, answered=answered)
        if "items" in theirs:
            self._schema(f"{where}[]", theirs["items"], ours.get("items"), answered=answered)
        self._fields(where, theirs, ours, answered=answered)

    def _fields(self, where: str, theirs: Json, ours: Json, *, answered: bool) -> None:
        has = ours.get("properties", {})
        required, ours_required = set(theirs.get("required", ())), set(ours.get("required", ()))
        if (required - ours_required) if answered else (required ^ ours_required):
            always = (
                {name for name in required if "default" in has.get(name, {}) or "const" in has.get(name, {})} if answered else set()
            )
            if missing := (required - ours_required - always) or (ours_required - required if not answered else set()):
                self.wrong.append(f"{where}: required otherwise {sorted(missing)}")
        for name, field in theirs.get("properties", {}).items():
            if not (answered and name not in required and name not in has):
                self._schema(f"{where}.{name}", field, has.get(name), answered=answered)

    def _bounds(self, where: str, theirs: Json, ours: Json, *, answered: bool) -> None:
        said, told = (_enum(side) for side in (theirs, ours))
        if said != told and not (said > told and told):
            self.wrong.append(f"{where}: one of {sorted(told)}, not {sorted(said)}")
        for bound in BOUNDS:
            if bound in theirs and ours.get(bound) != theirs[bound] and not said:
                self.wrong.append(f"{where}: {bound} {ours.get(bound)}, not {theirs[bound]}")
        for bound in (*BOUNDS, "maxItems"):
            if not answered and bound in ours and bound not in theirs and theirs.get("format") != "int32":
                self.narrower.add(f"{where.rpartition('.')[2]}: {bound} {ours[bound]}")
        if theirs.get("format") in FORMATS and ours.get("format") != theirs["format"]:
            self.wrong.append(f"{where}: format {ours.get('format')}, not {theirs['format']}")

    def _options(self, document: Json, schema: Json) -> Iterator[tuple[str, Json]]:
        for option in schema.get("oneOf") or schema.get("anyOf") or [schema]:
            plain = self._plain(document, option)
            tags = _enum(self._plain(document, plain.get("properties", {}).get("objectType", {})))
            yield (next(iter(tags)) if len(tags) == 1 else str(plain.get("type", "object"))), option

    def _plain(self, document: Json, schema: Json) -> Json:
        """Return a schema that names no other, is no sum of others, and forgets null."""
        while "$ref" in schema:
            found: Any = document
            for step in schema["$ref"].split("/")[1:]:
                found = found[step]
            schema = found
        for some in ("anyOf", "oneOf"):
            options = [option for option in schema.get(some, []) if option.get("type") != "null"]
            if len(options) == 1:
                return self._plain(document, {k: v for k, v in schema.items() if k != some} | options[0])
            schema = schema | {some: options} if options else schema
        if "allOf" in schema:
            parts = [self._plain(document, part) for part in schema["allOf"]]
            fields = {name: field for part in parts for name, field in part.get("properties", {}).items()}
            required = [name for part in parts for name in part.get("required", ())]
            return {"type": "object", "properties": fields, "required": required}
        return schema


def _enum(schema: Json) -> set[str]:
    return set(schema.get("enum", ())) | ({schema["const"]} if "const" in schema else set())


def _anonymous(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path)
