"""Calls made up from the API's own description, sent to all of it in this process: no crash, and nothing that it does not declare.

python -m tests.adapters.web.fuzzing --cases 10000
"""

import argparse
import logging
import random
import sys
from collections import Counter
from datetime import UTC, datetime

import schemathesis
import structlog
from fastapi import FastAPI
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

from adapters.clock import VirtualClock
from adapters.web import create_app
from adapters.web.access.attempts import Attempts
from tests.adapters.web.access.test_rights import Known
from tests.support.fake_accounts import FakeAccounts
from tests.support.fake_orders import FakeArchive, FakeOverrides
from tests.support.fake_previews import FakePreviews
from tests.support.fake_records import FakeRecords
from tests.support.fake_station import FakeStation
from v2g.access import Caller, CallerKind, Role
from v2g.outlet_links import OutletLinks

KEY = b"for tests only"
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
KNOWN = {"evse_id": "A01", "name": "viewer", "token": OutletLinks(KEY, ("A01",)).token("A01")}
"""What every other call names, so that more than "there is no such thing" is answered."""
ADMIN = Caller(name="fuzz", role=Role.ADMIN, kind=CallerKind.PERSON)


def whole_app() -> FastAPI:
    """Return an application with all its parts, to which an admin calls; what would refuse many calls, or never end, does not."""
    station = FakeStation(VirtualClock(datetime(2026, 3, 4, 5, 42, tzinfo=UTC)))
    app = create_app(
        station,
        accounts=FakeAccounts(),
        metrics=lambda: b"",
        previews=FakePreviews(),
        records=FakeRecords(station),
        links=OutletLinks(KEY, (evse.evse_id for evse in station.site.evses)),
        overrides=FakeOverrides(station),
        archive=FakeArchive(station),
    )
    app.state.callers = Known(ADMIN)
    for door in (app.state.doors, app.state.drivers_door):
        for name, counted in vars(door).items():
            if isinstance(counted, Attempts):
                setattr(door, name, Attempts(burst=1_000_000_000, period_s=1e-6))
    app.state.live.close()  # streams end after their first words
    return app


def fuzz(app: FastAPI, n_cases: int, number: int) -> tuple[Counter[str], list[str]]:
    """Return how many calls there were by operation and mode, and what was wrong."""
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", app)
    operations = [found.ok() for found in schema.get_all_operations()]
    share = max(n_cases // (2 * len(operations)), 1)
    done, wrong = Counter[str](), list[str]()
    for operation in operations:
        for mode in GenerationMode:
            name = f"{operation.method.upper()} {operation.path} {mode.value}"
            done[name], fault = _asked(operation, mode, share, number)
            wrong += [f"{name}: {fault}"] if fault else []
    return done, wrong


def _asked(operation: APIOperation, mode: GenerationMode, n: int, number: int) -> tuple[int, str]:
    count = 0

    @seed(number)
    @settings(
        max_examples=n,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def call(case: Case) -> None:
        nonlocal count
        count += 1
        if count % 2 and mode is GenerationMode.POSITIVE:
            case.path_parameters |= {name: known for name, known in KNOWN.items() if name in case.path_parameters}
        case.validate_response(case.call(), checks=CHECKS)

    try:
        call()
    except Unsatisfiable:  # nothing about this call can be wrong
        return count, ""
    except (Exception, BaseExceptionGroup) as fault:  # noqa: BLE001  # a crash of the application comes as whatever it was
        told = fault.exceptions if isinstance(fault, BaseExceptionGroup) else (fault,)
        return count, "\n".join(f"{type(error).__name__}: {error}" for error in told)
    else:
        return count, ""


def main() -> None:
    """Fuzz, and say what was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    done, wrong = fuzz(whole_app(), asked.cases, asked.seed)
    told = [f"{n:6} {name}" for name, n in done.items()]
    told += [f"{done.total()} calls, {len(wrong)} operations with faults, seed {asked.seed}", *wrong]
    sys.stdout.write("\n".join(told) + "\n")
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
