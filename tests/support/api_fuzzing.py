"""Calls made up from a description of an API, in and out of its bounds, and what the answers should not be."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
    allow_header_conformance,
]
Aim = Callable[[Case, int], None]
"""Points a well-formed call, the nth of its kind, at what is there."""


def fuzz(schema: Any, n_cases: int, number: int, aim: Aim, headers: dict[str, str] | None = None) -> tuple[Counter[str], list[str]]:
    """Return how many calls there were by operation and mode, and what was wrong; the same for the same `number`."""
    operations = [found.ok() for found in schema.get_all_operations()]
    share = max(n_cases // (2 * len(operations)), 1)
    done, wrong = Counter[str](), list[str]()
    for operation in operations:
        for mode in GenerationMode:
            name = f"{operation.method.upper()} {operation.path} {mode.value}"
            done[name], fault = _asked(operation, mode, (share, number), aim, headers or {})
            wrong += [f"{name}: {fault}"] if fault else []
    return done, wrong


def _asked(
    operation: APIOperation, mode: GenerationMode, amount: tuple[int, int], aim: Aim, headers: dict[str, str]
) -> tuple[int, str]:
    count = 0

    @seed(amount[1])
    @settings(
        max_examples=amount[0],
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def call(case: Case) -> None:
        nonlocal count
        count += 1
        if mode is GenerationMode.POSITIVE:
            aim(case, count)
        # A query is text: of "0" nobody can tell whether it was meant as a list of one.
        excluded = [negative_data_rejection] if case.method == "GET" else []
        case.validate_response(case.call(headers=headers), checks=CHECKS, excluded_checks=excluded)

    try:
        call()
    except Unsatisfiable:  # nothing about this call can be wrong
        return count, ""
    except (Exception, BaseExceptionGroup) as fault:  # noqa: BLE001  # a crash of the application comes as whatever it was
        told = fault.exceptions if isinstance(fault, BaseExceptionGroup) else (fault,)
        return count, "\n".join(f"{type(error).__name__}: {error}" for error in told)
    else:
        return count, ""


def report(done: Counter[str], wrong: list[str], number: int) -> str:
    """Return what there is to say."""
    told = [f"{n:6} {name}" for name, n in done.items()]
    return "\n".join([*told, f"{done.total()} calls, {len(wrong)} operations with faults, seed {number}", *wrong]) + "\n"
