"""The dashboard's pages and files. Plotly comes from its Python package: nothing is vendored, nothing fetched from elsewhere.

A page is a folder of the static files: what is in its `<main>` (page.html), its script (main.js) and its style (page.css). All
have a frame around them: that of the dashboard, or a bare one for drivers.
"""

from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Literal

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse, HTMLResponse
from starlette.staticfiles import StaticFiles

from adapters.web.access.needs import OPEN_TO_ALL

STATIC = Path(__file__).parent / "static"
PLOTLY_URL = f"/vendor/plotly-{version('plotly')}.min.js"
A_YEAR = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of the dashboard: its folder's name, its address, whether it stands in the navigation, and its frame."""

    name: str
    path: str
    listed: bool = True
    frame: Literal["frame", "bare"] = "frame"

    @property
    def link(self) -> str:
        """Its link in the navigation."""
        return f'<a href="{self.path}" data-nav="{self.name}" data-t="page_{self.name}"></a>'


PAGES = (
    Page(name="station", path="/"),
    Page(name="timeline", path="/timeline"),
    Page(name="chargers", path="/chargers"),
    Page(name="prices", path="/prices"),
    Page(name="forecasts", path="/forecasts"),
    Page(name="results", path="/results"),
    Page(name="audit", path="/audit"),
    Page(name="settings", path="/settings"),
    Page(name="people", path="/people"),
    Page(name="login", path="/login", listed=False),
    Page(name="car", path="/car/{token}", listed=False, frame="bare"),
)


def html_of(page: Page) -> str:
    """Return a page in its frame."""
    frame = (STATIC / f"{page.frame}.html").read_text(encoding="utf-8")
    body = (STATIC / page.name / "page.html").read_text(encoding="utf-8")
    links = "\n      ".join(listed.link for listed in PAGES if listed.listed)
    # The address of Plotly holds its version, so that browsers may keep the file for ever.
    filled = {"PAGE_BODY": body.rstrip(), "PAGE_LINKS": links, "PAGE_NAME": page.name, "PLOTLY_URL": PLOTLY_URL}
    for name, text in filled.items():
        frame = frame.replace(name, text)
    return frame


def install_pages(app: FastAPI) -> None:
    """Add the dashboard to `app`."""
    router = APIRouter(include_in_schema=False, dependencies=[OPEN_TO_ALL])
    for page in PAGES:
        _install(router, page)

    @router.get(PLOTLY_URL)
    async def plotly() -> FileResponse:
        script = Path(str(files("plotly") / "package_data" / "plotly.min.js"))
        return FileResponse(script, media_type="text/javascript", headers={"Cache-Control": A_YEAR})

    app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC))


def _install(router: APIRouter, page: Page) -> None:
    text = html_of(page)

    @router.get(page.path)
    async def show() -> HTMLResponse:
        return HTMLResponse(text, headers={"Cache-Control": "no-cache"})
