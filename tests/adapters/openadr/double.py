"""A VTN after the official text of 3.1.0 alone, with bugs that are met in the field. It shares no code with ours."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

BASE = "/openadr3/3.1.0"
Bug = str
"""spaced_time, dropped_fields, snake_case, error_500, slow, no_json, ignores_paging, short_pages, duplicates, no_auth_server,
token_elsewhere, token_dies, no_vens, no_list, endless_pages."""


def an_event(event_id: str = "e1", **said: Any) -> dict[str, Any]:
    event = {
        "id": event_id,
        "objectType": "EVENT",
        "createdDateTime": "2026-03-04T05:00:00Z",
        "modificationDateTime": "2026-03-04T05:00:00Z",
        "programID": "p1",
        "eventName": "tomorrow",
        "priority": 5,
        "intervalPeriod": {"start": "2026-03-04T06:00:00Z", "duration": "PT1H"},
        "intervals": [{"id": i, "payloads": [{"type": "PRICE", "values": [value]}]} for i, value in enumerate((0.5, 0.9, 0.4))],
    }
    return {name: value for name, value in (event | said).items() if value is not None}


@dataclass
class Double:
    """What the VTN holds, the `bugs` it has, and what it was sent."""

    events: list[dict[str, Any]] = field(default_factory=list)
    bugs: set[Bug] = field(default_factory=set)
    reports: list[dict[str, Any]] = field(default_factory=list)
    vens: list[dict[str, Any]] = field(default_factory=list)
    subscriptions: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, dict[str, list[str]]]] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    n_tokens: int = 0
    programs: list[dict[str, Any]] = field(
        default_factory=lambda: [{"id": "p1", "objectType": "PROGRAM", "programName": "tou"}, {"id": "p2", "programName": "other"}]
    )

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route(f"{BASE}/auth/server", self._auth_server),
                Route(f"{BASE}/auth/token", self._token, methods=["POST"]),
                Route(f"{BASE}/programs", self._listing("programs")),
                Route(f"{BASE}/events", self._listing("events")),
                Route(f"{BASE}/vens", self._listing("vens")),
                Route(f"{BASE}/vens", self._taking("vens"), methods=["POST"]),
                Route(f"{BASE}/reports", self._taking("reports"), methods=["POST"]),
                Route(f"{BASE}/subscriptions", self._listing("subscriptions")),
                Route(f"{BASE}/subscriptions", self._taking("subscriptions"), methods=["POST"]),
                Route(f"{BASE}/subscriptions/{{name}}", self._unsubscribe, methods=["DELETE"]),
            ]
        )

    async def _auth_server(self, _request: Request) -> Response:
        if "no_auth_server" in self.bugs:
            return PlainTextResponse("not found", 404)
        host = "http://thief.example" if "token_elsewhere" in self.bugs else "http://vtn.test"
        return JSONResponse({"tokenURL": f"{host}{BASE}/auth/token"})

    async def _token(self, request: Request) -> Response:
        form = parse_qs((await request.body()).decode())
        self.secrets.append(str(request.url))
        if form.get("grant_type") != ["client_credentials"] or form.get("client_secret") != ["s3cret"]:
            return JSONResponse({"error": "invalid_client"}, 401)
        self.n_tokens += 1
        return JSONResponse({"access_token": f"t{self.n_tokens}", "token_type": "Bearer", "expires_in": 3600})

    def _listing(self, what: str) -> Any:
        async def answer(request: Request) -> Response:
            query = parse_qs(request.url.query)
            self.asked.append((what, query))
            return await self._refusal(request, what) or self._page(what, query)

        return answer

    async def _refusal(self, request: Request, what: str) -> Response | None:
        if request.headers.get("authorization") != f"Bearer t{self.n_tokens}":
            return JSONResponse({"status": 401}, 401)
        if "token_dies" in self.bugs:
            self.bugs.discard("token_dies")
            self.n_tokens += 1
            return JSONResponse({"status": 401}, 401)
        if "slow" in self.bugs:
            await asyncio.sleep(30)
        if "error_500" in self.bugs or ("no_vens" in self.bugs and what == "vens"):
            return PlainTextResponse("Traceback", 500)
        if "no_json" in self.bugs:
            return PlainTextResponse("<html>maintenance</html>")
        return JSONResponse({"events": []}) if "no_list" in self.bugs else None

    def _page(self, what: str, query: dict[str, list[str]]) -> Response:
        found = list(getattr(self, what))
        if "programID" in query and "dropped_fields" not in self.bugs:
            found = [item for item in found if isinstance(item, dict) and item.get("programID") in query["programID"]]
        found = [self._spoilt(item) if isinstance(item, dict) else item for item in found]
        if "duplicates" in self.bugs:
            found = [item for item in found for _ in range(2)]
        skip, limit = int(query.get("skip", ["0"])[0]), int(query.get("limit", ["50"])[0])
        if "endless_pages" in self.bugs:
            return JSONResponse([an_event(f"x{skip + i}") for i in range(limit)])
        if "ignores_paging" not in self.bugs:
            found = found[skip : skip + (min(limit, 2) if "short_pages" in self.bugs else limit)]
        return Response(json.dumps(found), media_type="application/json")

    def _spoilt(self, item: dict[str, Any]) -> dict[str, Any]:
        text = json.dumps(item)
        if "spaced_time" in self.bugs:
            text = text.replace("T06:00:00Z", " 06:00:00").replace("T05:00:00Z", " 05:00:00.123456789")
        if "snake_case" in self.bugs:
            for camel, snake in (("programID", "program_id"), ("intervalPeriod", "interval_period"), ("eventName", "event_name")):
                text = text.replace(camel, snake)
        spoilt: dict[str, Any] = json.loads(text)
        if "dropped_fields" in self.bugs:
            for name in ("createdDateTime", "modificationDateTime", "objectType", "programID", "targets"):
                spoilt.pop(name, None)
            for interval in spoilt.get("intervals", []):
                interval.pop("id", None)
        return spoilt

    def _taking(self, what: str) -> Any:
        async def answer(request: Request) -> Response:
            if refusal := await self._refusal(request, what):
                return refusal
            body = await request.json()
            kept: list[dict[str, Any]] = getattr(self, what)
            kept.append(body | {"id": f"{what}-{len(kept)}"})
            return JSONResponse(kept[-1], 201)

        return answer

    async def _unsubscribe(self, request: Request) -> Response:
        name = request.path_params["name"]
        self.subscriptions = [s for s in self.subscriptions if s["id"] != name]
        return JSONResponse({})
