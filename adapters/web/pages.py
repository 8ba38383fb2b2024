"""The dashboard's files. Plotly comes from its Python package: nothing is vendored, nothing fetched from elsewhere."""

from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse, HTMLResponse
from starlette.staticfiles import StaticFiles

from adapters.web.access import OPEN_TO_ALL

STATIC = Path(__file__).parent / "static"
PLOTLY_URL = f"/vendor/plotly-{version('plotly')}.min.js"
A_YEAR = "public, max-age=31536000, immutable"


def install_pages(app: FastAPI) -> None:
    """Add the dashboard to `app`."""
    router = APIRouter(include_in_schema=False, dependencies=[OPEN_TO_ALL])
    # The address holds the version, so that browsers may keep the file for ever.
    page = (STATIC / "index.html").read_text(encoding="utf-8").replace("PLOTLY_URL", PLOTLY_URL)

    @router.get("/")
    async def index() -> HTMLResponse:
        return HTMLResponse(page, headers={"Cache-Control": "no-cache"})

    @router.get(PLOTLY_URL)
    async def plotly() -> FileResponse:
        script = Path(str(files("plotly") / "package_data" / "plotly.min.js"))
        return FileResponse(script, media_type="text/javascript", headers={"Cache-Control": A_YEAR})

    app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC))
