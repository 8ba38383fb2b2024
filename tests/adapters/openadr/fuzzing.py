"""The VTN against the text of OpenADR 3.1, for the calls that are served: field by field, and by calls made up from the text.

The text may not be copied here: get openadr3.yaml from the OpenADR Alliance, then

python -m tests.adapters.openadr.fuzzing openadr3.yaml --cases 5000
"""

import argparse
import asyncio
import logging
import random
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import schemathesis
import structlog
import yaml
from schemathesis import Case
from starlette.requests import Request
from starlette.responses import JSONResponse

from adapters.attempts import Attempts
from adapters.clock import VirtualClock
from tests.adapters.openadr.comparing import Comparison, mend, served_part
from tests.adapters.openadr.vtn_place import Place
from tests.support.api_fuzzing import fuzz, report
from tests.support.fake_world import World

NOW = datetime(2026, 3, 4, 5, 42, tzinfo=UTC)


async def opened(place: Place) -> dict[str, str]:
    """Return a bearer token and the ids of objects that calls may be about, by the names that the text gives them."""
    await place.vtn.open()
    known = {"programID": (await place.made("/programs", {"programName": "known"}))["id"]}
    known["eventID"] = (await place.made("/events", {"programID": known["programID"], "intervals": []}))["id"]
    ven = {"objectType": "BL_VEN_REQUEST", "venName": "known", "clientID": "reader"}
    known["venID"] = (await place.made("/vens", ven))["id"]
    resource = {"objectType": "BL_RESOURCE_REQUEST", "resourceName": "known", "venID": known["venID"]}
    known["resourceID"] = (await place.made("/resources", resource))["id"]
    return known | {"token": (await place.token()).json()["access_token"]}


class Aim:
    """Points calls at what is there: without, most would be about nothing."""

    def __init__(self, known: dict[str, str]) -> None:
        self._known = known

    def __call__(self, case: Case, count: int) -> None:
        """Point every other call that changes or reads one object, and every body, at what is there."""
        if count % 2 and case.method != "DELETE":
            case.path_parameters |= {name: self._known[name] for name in case.path_parameters if name in self._known}
        if isinstance(case.body, dict):
            case.body |= {name: self._known[name] for name in ("programID", "eventID", "venID") if name in case.body}


def main() -> None:
    """Compare, fuzz, and say what was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("schema", type=Path)
    parser.add_argument("--cases", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    told = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    text = yaml.safe_load(told.schema.read_text(encoding="utf-8"))
    mend(text)
    place = Place(VirtualClock(NOW), World(NOW), httpx.AsyncClient())
    text, left_out = served_part(text, place.vtn.app.openapi())
    compared = Comparison(text, place.vtn.app.openapi())
    lines = [*(f"not served: {name}" for name in left_out), *(f"narrower: {name}" for name in sorted(compared.narrower))]
    lines += [f"{compared.n_fields} fields compared, {len(compared.wrong)} otherwise", *compared.wrong]
    place.vtn.app.state.grants._tries = Attempts(burst=1_000_000_000, period_s=1e-6)
    known = asyncio.run(opened(place))
    done, wrong = fuzz(_described(place, text), told.cases, told.seed, Aim(known), {"Authorization": f"Bearer {known['token']}"})
    sys.stdout.write("\n".join([*lines, report(done, wrong, told.seed)]))
    raise SystemExit(bool(wrong or compared.wrong))


def _described(place: Place, text: dict[str, Any]) -> Any:
    """Return the schema by which our application is called, the text's in place of our own."""

    async def describe(_request: Request) -> JSONResponse:
        return JSONResponse(text)

    place.vtn.app.add_route("/text.json", describe)
    return schemathesis.openapi.from_asgi("/text.json", place.vtn.app)


if __name__ == "__main__":
    main()
