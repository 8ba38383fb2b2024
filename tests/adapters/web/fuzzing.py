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
from schemathesis import Case

from adapters.attempts import Attempts
from adapters.clock import VirtualClock
from adapters.web import create_app
from adapters.web.drivers.phones import PHONE
from tests.adapters.web.access.test_rights import Known
from tests.support.api_fuzzing import fuzz, report
from tests.support.fake_accounts import FakeAccounts
from tests.support.fake_orders import FakeArchive, FakeOverrides
from tests.support.fake_previews import FakePreviews
from tests.support.fake_records import FakeRecords
from tests.support.fake_station import FakeStation
from v2g.access import Caller, CallerKind, Role
from v2g.outlet_links import OutletLinks

KEY = b"for tests only"
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


def fuzz_app(app: FastAPI, n_cases: int, number: int) -> tuple[Counter[str], list[str]]:
    """Return how many calls there were by operation and mode, and what was wrong."""
    return fuzz(schemathesis.openapi.from_asgi("/api/openapi.json", app), n_cases, number, _aim)


def _aim(case: Case, count: int) -> None:
    if count % 2:
        case.path_parameters |= {name: known for name, known in KNOWN.items() if name in case.path_parameters}
        if "token" in case.path_parameters:
            case.cookies[PHONE] = "0" * 32


def main() -> None:
    """Fuzz, and say what was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    done, wrong = fuzz_app(whole_app(), asked.cases, asked.seed)
    sys.stdout.write(report(done, wrong, asked.seed))
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
