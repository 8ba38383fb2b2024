"""Read a YAML file into a schema; every error names the file, the line, the path in it and the mend."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from config.reading.fault import Fault
from v2g.errors import SiteError

Model = TypeVar("Model", bound=BaseModel)

MENDS = {
    "extra_forbidden": "remove it, or correct its spelling",
    "missing": "add it",
    "greater_than": "give a larger number",
    "greater_than_equal": "give a larger number",
    "less_than_equal": "give a smaller number, in the unit of the name",
    "finite_number": "give a finite number",
    "float_type": "give a number",
    "float_parsing": "give a number",
    "int_type": "give a whole number",
    "int_parsing": "give a whole number",
    "int_from_float": "give a whole number",
    "bool_type": "write true or false",
    "bool_parsing": "write true or false",
    "string_type": "give a text, in quotes if it looks like a number",
    "string_pattern_mismatch": "letters, digits, '.', '_' and '-', at most 48",
    "literal_error": "choose one of those",
    "model_type": "give fields: {name: value, …}",
    "dict_type": "give fields: {name: value, …}",
    "tuple_type": "give a list: [ … ]",
    "too_short": "give at least one",
    "value_error": "give a number, without quotes",
}
EXPONENT = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+")


class _Unaliased(yaml.SafeLoader):
    """Refuses aliases before it follows any: nested ones make of a few lines more values than any memory holds."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            alias: Any = self.peek_event()  # type: ignore[no-untyped-call]  # the stubs say nothing
            message = f"the alias *{alias.anchor} cannot stand here"
            raise yaml.MarkedYAMLError(problem=message, problem_mark=alias.start_mark, note="write the value out")
        return super().compose_node(parent, index)


def read_yaml(
    path: Path, schema: type[Model], *, kind: str, begins: str, faults: Callable[[Model], Iterable[Fault]]
) -> tuple[Model | None, list[SiteError]]:
    """Return the file's content, None if it does not fit `schema`, and all errors found; `faults` tells what no schema can.

    `kind` is what the file holds, for errors, and `begins` with what it should start.
    """
    content, node, errors = _read(path, kind)
    if errors:
        return None, errors
    if not isinstance(content, dict):
        return None, [SiteError(f"the file holds no {kind}", place=str(path), mend=f"start with {begins}")]
    try:
        file = schema.model_validate(content)
    except ValidationError as error:
        return None, [_error(path, fault, node) for fault in _schema_faults(error)]
    return file, [_error(path, fault, node) for fault in faults(file)]


def _read(path: Path, kind: str) -> tuple[Any, yaml.Node | None, list[SiteError]]:
    """Return what is in the file, with the lines it stands on, or the errors for which it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=_Unaliased)
        errors = _repeated(path, node)
        return None if errors else yaml.safe_load(text), node, errors
    except (OSError, UnicodeDecodeError) as error:
        fault = SiteError(f"cannot be read: {error}", place=str(path), mend=f"give the path of a {kind} file")
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}" if mark else str(path)
        said = getattr(error, "problem", error)
        mend = getattr(error, "note", None) or "check indents and quotes"
        fault = SiteError(f"this cannot be read as YAML: {said}", place=place, mend=mend)
    except (ValueError, RecursionError) as error:
        mend = "check dates, numbers and brackets; put odd texts in quotes"
        fault = SiteError(f"a value cannot be read: {str(error)[:100]}", place=str(path), mend=mend)
    return None, None, [fault]


def _repeated(path: Path, node: yaml.Node | None) -> list[SiteError]:
    """Return an error for each field that stands twice in one place: YAML would silently take the last."""
    if isinstance(node, yaml.SequenceNode):
        return [error for item in node.value for error in _repeated(path, item)]
    if not isinstance(node, yaml.MappingNode):
        return []
    seen: set[str] = set()
    errors = []
    for key, value in node.value:
        if str(key.value) in seen:
            place = f"{path}:{key.start_mark.line + 1} {key.value}"
            errors.append(SiteError("the field stands twice", place=place, mend="keep one"))
        seen.add(str(key.value))
        errors += _repeated(path, value)
    return errors


def _schema_faults(error: ValidationError) -> list[Fault]:
    details = error.errors()
    places = [e["loc"] for e in details]
    # A list whose only item is broken is also reported as too short: the item's own error says it better.
    echoes = {p for p in places if any(q != p and q[: len(p)] == p for q in places)}
    kept = [e for e in details if e["loc"] not in echoes]
    return [
        Fault(place=e["loc"], message=_message(e["msg"]), mend="" if "; use" in e["msg"] else _mend(e["type"], e["input"]))
        for e in kept
    ]


def _mend(kind: str, said: object) -> str:
    if kind == "value_error" and isinstance(said, str) and EXPONENT.fullmatch(said):
        return f"YAML reads {said} as a text; numbers have a point and a sign in them, as in 1.0e+30"
    return MENDS.get(kind, "")


def _message(text: str) -> str:
    """Return pydantic's words in ours."""
    shown = {"valid tuple": "list", "valid dictionary": "object"}
    for theirs, ours in shown.items():
        text = text.replace(theirs, ours)
    return text.removeprefix("Value error, ").split(" or instance of")[0]


def _error(path: Path, fault: Fault, node: yaml.Node | None) -> SiteError:
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in fault.place).lstrip(".")
    return SiteError(fault.message, place=f"{path}:{_line(node, fault.place)} {where}", mend=fault.mend)


def _line(node: yaml.Node | None, place: tuple[str | int, ...]) -> int:
    """Return the line of the deepest part of `place` that the file has."""
    line = 1
    for part in place:
        children: dict[str | int, yaml.Node] = {}
        if isinstance(node, yaml.MappingNode):
            children = {key.value: value for key, value in node.value}
            lines = {key.value: key.start_mark.line + 1 for key, _ in node.value}
            line = lines.get(str(part), line)
        elif isinstance(node, yaml.SequenceNode):
            children = dict(enumerate(node.value))
            line = children[part].start_mark.line + 1 if part in children else line
        if part not in children:
            return line
        node = children[part]
    return line
