"""/docs, and what / shows without the editor: pages for people. Everything on them comes from this server."""

from importlib.resources import files
from typing import Annotated

from fastapi import APIRouter, Path, Response
from fastapi.responses import FileResponse, HTMLResponse
from visualnn_shared.errors import NotFound

router = APIRouter(include_in_schema=False)

_PAGES = files("visualnn_api") / "pages"
_ASSETS = {
    "swagger-ui-bundle.js": ("fastapi_offline", "static/swagger-ui-bundle.js", "text/javascript"),
    "swagger-ui.css": ("fastapi_offline", "static/swagger-ui.css", "text/css"),
    "start.js": ("visualnn_api", "pages/start.js", "text/javascript"),
}
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def page(name: str) -> HTMLResponse:
    """One of our pages."""
    return HTMLResponse((_PAGES / name).read_text("utf-8"), headers=_HEADERS)


@router.get("/docs")
async def docs() -> HTMLResponse:
    """Swagger UI on /openapi.json."""
    return page("docs.html")


@router.get("/docs/{name}")
async def asset(name: Annotated[str, Path(max_length=100)]) -> Response:
    """The files of /docs."""
    if name not in _ASSETS:
        raise NotFound("file of the documentation", name)
    package, path, media_type = _ASSETS[name]
    return FileResponse(str(files(package) / path), media_type=media_type, headers=_HEADERS)
