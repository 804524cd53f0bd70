"""/ and /app/...: the editor. Its pages are addresses below /app, so that they can shadow nothing else."""

from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from visualnn_shared.errors import NotFound

from visualnn_api.deps import Settings
from visualnn_api.editor import Editor, answer, default_folder
from visualnn_api.routes.pages import page
from visualnn_api.settings import ApiSettings

router = APIRouter(include_in_schema=False)


def _editor(request: Request, settings: ApiSettings) -> Editor:
    """This application's; it remembers what it has read."""
    state = request.app.state
    if not hasattr(state, "editor"):
        state.editor = Editor(FilePath(settings.web_dir) if settings.web_dir else default_folder())
    editor: Editor = state.editor
    return editor


@router.get("/")
@router.get("/app/{path:path}")
def index(request: Request, settings: Settings) -> Response:
    """The editor finds the page from the address; without a build there is a page that says how to make one."""
    file = _editor(request, settings).file("index.html")
    return answer(request, file, hashed=False) if file else page("home.html")


@router.get("/assets/{name:path}")
def asset(name: Annotated[str, Path(max_length=200)], request: Request, settings: Settings) -> Response:
    """Scripts, styles and workers; their names hold a hash of their content."""
    file = _editor(request, settings).file(f"assets/{name}")
    if file is None:
        raise NotFound("file of the editor", name)
    return answer(request, file, hashed=True)


@router.get("/favicon.svg")
def icon(request: Request, settings: Settings) -> Response:
    """The icon of the browser's tab."""
    file = _editor(request, settings).file("favicon.svg")
    if file is None:
        raise NotFound("file of the editor", "favicon.svg")
    return answer(request, file, hashed=False)
