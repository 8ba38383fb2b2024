"""What is served, against our own OpenAPI (schemathesis) and, field by field, against the official text of 3.1.

No package ships the official file and it may not be copied here: `OFFICIAL` restates what its components require. Who has the file
compares with it and fuzzes by it: ``make openadr-fuzz SCHEMA=openadr3.yaml``.
"""

import asyncio
import re
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import ignored_auth, negative_data_rejection, positive_data_acceptance

from adapters.clock import VirtualClock
from tests.adapters.openadr.vtn_place import Place
from tests.support.fake_world import World

NOW = datetime(2026, 3, 4, 5, 42, tzinfo=UTC)
WORLD = World(NOW)
ID = re.compile(r"[a-zA-Z0-9_-]{1,128}")
CASES, CASES_OF_REPORTS = 5, 1  # a report takes a second to make up
ONE = ("GET", "PUT", "DELETE")


@pytest.fixture(scope="module")
def place() -> Place:
    opened = Place(VirtualClock(NOW), WORLD, httpx.AsyncClient())
    asyncio.run(opened.vtn.open())
    return opened


@pytest.fixture(scope="module")
def known(place: Place) -> dict[str, str]:
    """Return a bearer token, and an object of each kind that calls may be about."""

    async def make() -> dict[str, str]:
        program = (await place.made("/programs", {"programName": "known"}))["id"]
        event = (await place.made("/events", {"programID": program, "intervals": []}))["id"]
        token = (await place.token()).json()["access_token"]
        return {"token": token, "programID": program, "eventID": event, "/programs": program, "/events": event}

    return asyncio.run(make())


@pytest.fixture(scope="module")
def served(place: Place) -> Any:
    return schemathesis.openapi.from_asgi("/openapi.json", place.vtn.app)


LABELS = [
    *(
        f"{method} {path}"
        for path in ("/programs", "/events", "/reports", "/subscriptions", "/vens", "/resources")
        for method in ("GET", "POST")
    ),
    *(
        f"{method} {path}/{{objectID}}"
        for path in ("/programs", "/events", "/reports", "/subscriptions", "/vens", "/resources")
        for method in ONE
    ),
    "GET /auth/server",
    "POST /auth/token",
    "GET /notifiers",
]
NOTHING_TO_SPOIL = ("GET /auth/server", "GET /notifiers")


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("label", LABELS)
def test_no_call_breaks_the_vtn_or_its_schema(served: Any, known: dict[str, str], label: str, mode: GenerationMode) -> None:
    operation = served.find_operation_by_label(label)
    if mode is GenerationMode.NEGATIVE and label in NOTHING_TO_SPOIL:
        return

    @given(operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=CASES_OF_REPORTS if "reports" in label else CASES, deadline=None, suppress_health_check=list(HealthCheck)
    )
    def every(case: Any) -> None:
        aim(case, known)
        # A body that fits the schema may still point nowhere, or ask for what the site file forbids; and a query is text:
        # "false" is as good a target as any.
        excluded = [positive_data_acceptance, ignored_auth, *([negative_data_rejection] if case.method == "GET" else [])]
        case.call_and_validate(headers={"Authorization": f"Bearer {known['token']}"}, excluded_checks=excluded)

    every()


def aim(case: Any, known: dict[str, str]) -> None:
    """Point a call at objects that are there, where it is well-formed."""
    if isinstance(case.body, dict):
        for name in ("programID", "eventID"):
            if isinstance(case.body.get(name), str) and ID.fullmatch(case.body[name]):
                case.body[name] = known[name]
    there = known.get(case.path.rpartition("/")[0])
    if case.method in ("GET", "PUT") and there and ID.fullmatch(str(case.path_parameters.get("objectID", ""))):
        case.path_parameters["objectID"] = there


def test_every_call_is_among_those_tried(told: dict[str, Any]) -> None:
    assert sorted(f"{method.upper()} {path}" for path, calls in told["paths"].items() for method in calls) == sorted(LABELS)


TEXT = {"type": "string"}
NAME = {"type": "string", "minLength": 1, "maxLength": 128}
OBJECT_ID = NAME | {"pattern": "^[a-zA-Z0-9_-]*$"}
INSTANT = {"type": "string", "format": "date-time"}
DURATION = {"type": "string"}
URL = {"type": "string", "format": "uri", "minLength": 2, "maxLength": 8000}
OFFICIAL: dict[str, tuple[set[str], dict[str, dict[str, Any]]]] = {
    "ProgramRequest": (
        {"programName"},
        {
            "programName": NAME,
            "intervalPeriod": {"ref": "IntervalPeriod"},
            "programDescriptions": {"type": "array"},
            "payloadDescriptors": {"type": "array"},
            "attributes": {"type": "array"},
            "targets": {"type": "array"},
        },
    ),
    "EventRequest": (
        {"programID"},
        {
            "programID": OBJECT_ID,
            "eventName": TEXT,
            "duration": DURATION,
            "priority": {"type": "integer", "minimum": 0},
            "targets": {"type": "array"},
            "reportDescriptors": {"type": "array"},
            "payloadDescriptors": {"type": "array"},
            "intervalPeriod": {"ref": "IntervalPeriod"},
            "intervals": {"type": "array"},
        },
    ),
    "ReportRequest": (
        {"eventID", "clientName", "resources"},
        {
            "eventID": OBJECT_ID,
            "clientName": NAME,
            "reportName": TEXT,
            "payloadDescriptors": {"type": "array"},
            "resources": {"type": "array"},
        },
    ),
    "ReportResource": (
        {"resourceName", "intervals"},
        {"resourceName": NAME, "intervalPeriod": {"ref": "IntervalPeriod"}, "intervals": {"type": "array"}},
    ),
    "SubscriptionRequest": (
        {"clientName", "objectOperations"},
        {"clientName": NAME, "programID": OBJECT_ID, "objectOperations": {"type": "array"}, "targets": {"type": "array"}},
    ),
    "ObjectOperation": (
        {"objects", "operations", "callbackUrl"},
        {"objects": {"type": "array"}, "operations": {"type": "array"}, "callbackUrl": URL, "bearerToken": TEXT},
    ),
    "BlVenRequest": (
        {"objectType", "clientID", "venName"},
        {
            "objectType": {"const": "BL_VEN_REQUEST"},
            "clientID": NAME,
            "venName": NAME,
            "targets": {"type": "array"},
            "attributes": {},
        },
    ),
    "VenVenRequest": (
        {"objectType", "venName"},
        {"objectType": {"const": "VEN_VEN_REQUEST"}, "venName": NAME, "attributes": {"type": "array"}},
    ),
    "BlResourceRequest": (
        {"objectType", "resourceName", "venID"},
        {
            "objectType": {"const": "BL_RESOURCE_REQUEST"},
            "clientID": NAME,
            "resourceName": NAME,
            "venID": OBJECT_ID,
            "targets": {"type": "array"},
            "attributes": {},
        },
    ),
    "VenResourceRequest": (
        {"objectType", "resourceName"},
        {"objectType": {"const": "VEN_RESOURCE_REQUEST"}, "resourceName": NAME, "venID": OBJECT_ID, "attributes": {}},
    ),
    "Interval": (
        {"id", "payloads"},
        {"id": {"type": "integer"}, "intervalPeriod": {"ref": "IntervalPeriod"}, "payloads": {"type": "array"}},
    ),
    "IntervalPeriod": (set(), {"start": INSTANT, "duration": DURATION, "randomizeStart": DURATION}),
    "ValuesMap": ({"type", "values"}, {"type": NAME, "values": {"type": "array"}}),
    "Point": ({"x", "y"}, {"x": {"type": "number"}, "y": {"type": "number"}}),
    "EventPayloadDescriptor": (
        {"objectType", "payloadType"},
        {"objectType": {"const": "EVENT_PAYLOAD_DESCRIPTOR"}, "payloadType": NAME, "units": NAME, "currency": TEXT},
    ),
    "ReportPayloadDescriptor": (
        {"objectType", "payloadType"},
        {
            "objectType": {"const": "REPORT_PAYLOAD_DESCRIPTOR"},
            "payloadType": NAME,
            "readingType": NAME,
            "units": NAME,
            "accuracy": {"type": "number"},
            "confidence": {"type": "integer", "minimum": 0, "maximum": 100},
        },
    ),
    "ReportDescriptor": (
        {"payloadType"},
        {
            "payloadType": NAME,
            "readingType": NAME,
            "units": NAME,
            "targets": {"type": "array"},
            "aggregate": {"type": "boolean", "default": False},
            "startInterval": {"type": "integer", "default": -1},
            "numIntervals": {"type": "integer", "default": -1},
            "historical": {"type": "boolean", "default": True},
            "frequency": {"type": "integer", "default": -1},
            "repeat": {"type": "integer", "default": 1},
            "reportIntervals": {"enum": ["INTERVALS", "SUB_INTERVALS", "OPEN_INTERVALS"], "default": "INTERVALS"},
        },
    ),
}
"""Component: the fields it requires, and of each field what the text says of its form."""
METADATA = {"id", "createdDateTime", "modificationDateTime", "objectType"}
KEPT = {
    "Program": ("ProgramRequest", METADATA),
    "Event": ("EventRequest", METADATA),
    "Report": ("ReportRequest", METADATA | {"clientID"}),
    "Subscription": ("SubscriptionRequest", METADATA | {"clientID"}),
    "Ven": ("BlVenRequest", METADATA | {"clientID"}),
    "Resource": ("BlResourceRequest", METADATA | {"clientID"}),
}
SCOPES = {
    ("GET", "/programs"): {"read_targets", "read_all"},
    ("POST", "/programs"): {"write_programs"},
    ("POST", "/events"): {"write_events"},
    ("GET", "/reports"): {"read_ven_objects", "read_all"},
    ("POST", "/reports"): {"write_reports"},
    ("GET", "/subscriptions"): {"read_ven_objects", "read_all"},
    ("POST", "/subscriptions"): {"write_subscriptions"},
    ("GET", "/vens"): {"read_ven_objects", "read_all"},
    ("POST", "/vens"): {"write_vens"},
    ("GET", "/resources"): {"read_ven_objects", "read_all"},
    ("POST", "/resources"): {"write_vens"},
}
CALLS = {
    "/programs": {"targets", "skip", "limit"},
    "/events": {"programID", "targets", "skip", "limit", "active"},
    "/reports": {"programID", "eventID", "clientName", "skip", "limit"},
    "/subscriptions": {"programID", "clientName", "objects", "skip", "limit"},
    "/vens": {"venName", "targets", "skip", "limit"},
    "/resources": {"resourceName", "venID", "targets", "skip", "limit"},
}


@pytest.fixture(scope="module")
def told(place: Place) -> dict[str, Any]:
    return place.vtn.app.openapi()


def component(told: dict[str, Any], name: str) -> dict[str, Any]:
    components: dict[str, dict[str, Any]] = told["components"]["schemas"]
    return components[name] if name in components else components[f"{name}-Input"]


def plain(field: dict[str, Any]) -> dict[str, Any]:
    """Return what a field says when it is not null."""
    options = [o for o in field.get("anyOf", [field]) if o.get("type") != "null"]
    said = dict(field) | options[0] if len(options) == 1 else dict(field)
    if "$ref" in said:
        said["ref"] = said["$ref"].rpartition("/")[2].removesuffix("-Input")
    return said


@pytest.mark.parametrize("name", sorted(OFFICIAL))
def test_a_component_has_the_texts_fields_forms_and_requirements(told: dict[str, Any], name: str) -> None:
    required, fields = OFFICIAL[name]
    ours = component(told, name)
    assert set(ours.get("required", ())) == required
    assert set(ours["properties"]) == set(fields)
    for field, official in fields.items():
        said = plain(ours["properties"][field])
        assert {key: said.get(key) for key in official} == official, field


@pytest.mark.parametrize("name", sorted(KEPT))
def test_what_is_answered_has_the_texts_fields(told: dict[str, Any], name: str) -> None:
    request, known = KEPT[name]
    ours = told["components"]["schemas"].get(name) or told["components"]["schemas"][f"{name}-Output"]
    assert set(ours["properties"]) == set(OFFICIAL[request][1]) | known


@pytest.mark.parametrize("path", sorted(CALLS))
def test_calls_and_their_parameters_are_the_texts(told: dict[str, Any], path: str) -> None:
    assert set(told["paths"][path]) == {"get", "post"}
    assert set(told["paths"][f"{path}/{{objectID}}"]) == {"get", "put", "delete"}
    parameters = {p["name"]: p["schema"] for p in told["paths"][path]["get"]["parameters"]}
    assert set(parameters) == CALLS[path]
    assert (parameters["limit"]["maximum"], parameters["limit"]["minimum"], parameters["skip"]["minimum"]) == (50, 0, 0)


@pytest.mark.parametrize(("method", "path"), sorted(SCOPES))
def test_scopes_are_the_texts(told: dict[str, Any], method: str, path: str) -> None:
    (security,) = told["paths"][path][method.lower()]["security"]
    assert set(security["oAuth2ClientCredentials"]) == SCOPES[method, path]


def test_every_call_but_those_for_tokens_needs_a_scope(told: dict[str, Any]) -> None:
    for path, calls in told["paths"].items():
        assert all(bool(call.get("security")) is not path.startswith("/auth/") for call in calls.values()), path
