"""What routes need, as named types; a test overrides a type's function, not a module."""

from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request
from visualnn_shared.errors import Invalid
from visualnn_shared.ids import ID, NAME
from visualnn_shared.jobs.wakeup import Waker
from visualnn_shared.objects import ObjectStore
from visualnn_shared.spec.problem import problem
from visualnn_shared.store.database import LOCAL_OWNER, Database
from visualnn_shared.store.pages import MAX_LIMIT

from visualnn_api.parts import Parts
from visualnn_api.settings import ApiSettings
from visualnn_api.together.lobby import Lobby
from visualnn_api.upstream import Upstream

MAX_NUMBER = 2**31 - 1


def parts(request: Request) -> Parts:
    """The parts of the application that answers."""
    found: Parts = request.app.state.parts
    return found


def owner() -> str:
    """Who asks: the one local user, until there are accounts."""
    return LOCAL_OWNER


def _part(name: str) -> Any:
    def find(all_parts: Annotated[Parts, Depends(parts)]) -> Any:
        return getattr(all_parts, name)

    return Depends(find)


AllParts = Annotated[Parts, Depends(parts)]
Settings = Annotated[ApiSettings, _part("settings")]
Db = Annotated[Database, _part("db")]
Objects = Annotated[ObjectStore, _part("objects")]
Wake = Annotated[Waker, _part("waker")]
Converter = Annotated[Upstream, _part("converter")]
Predictor = Annotated[Upstream, _part("predictor")]
Rooms = Annotated[Lobby, _part("lobby")]
Owner = Annotated[str, Depends(owner)]

ModelId = Annotated[str, Path(description="The model's id.", pattern=ID, examples=["model-01jd2k3m4n5p6q7r8s9t0v1w2x"])]
DatasetId = Annotated[
    str, Path(description="The data set's id.", pattern=ID, examples=["dataset-01jd2k3m4n5p6q7r8s9t0v1w2x"])
]
JobId = Annotated[str, Path(description="The job's id.", pattern=ID, examples=["job-01jd2k3m4n5p6q7r8s9t0v1w2x"])]
OperatorName = Annotated[str, Path(description="The operator's name.", pattern=NAME, examples=["digits"])]
Number = Annotated[int, Path(description="The version's number, from 1.", ge=1, le=MAX_NUMBER)]
Cursor = Annotated[str | None, Query(description="`next_cursor` of the page before.", pattern=ID)]
Limit = Annotated[int, Query(description="How many items a page holds.", ge=1, le=MAX_LIMIT)]


def number_cursor(cursor: Cursor = None) -> int | None:
    """The cursor of a list of versions."""
    if cursor is None:
        return None
    if not cursor.isdigit() or int(cursor) > MAX_NUMBER:
        raise Invalid("the request", [problem("cursor must be a next_cursor of this list", cursor, field="cursor")])
    return int(cursor)


NumberCursor = Annotated[int | None, Depends(number_cursor)]
