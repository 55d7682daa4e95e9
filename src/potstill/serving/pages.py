"""The pages for people: plain files, nothing from elsewhere."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse
from starlette.staticfiles import StaticFiles

FOLDER = Path(__file__).parent / "static"

router = APIRouter(include_in_schema=False)
static = StaticFiles(directory=FOLDER)


@router.get("/")
async def try_page() -> FileResponse:
    """Where comments are tried."""
    return FileResponse(FOLDER / "try.html")


@router.get("/model")
async def model_page() -> FileResponse:
    """What the model is, and what it is not."""
    return FileResponse(FOLDER / "model.html")


@router.get("/api")
async def api_page() -> FileResponse:
    """How programs ask."""
    return FileResponse(FOLDER / "api.html")
