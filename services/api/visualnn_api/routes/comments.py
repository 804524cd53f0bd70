"""/models/{id}/comments: threads on layers."""

from typing import Annotated

from fastapi import APIRouter, Path
from sqlalchemy.orm import Session
from visualnn_shared.ids import ID
from visualnn_shared.store import comments

from visualnn_api.bodies import StrictRoute
from visualnn_api.deps import Db, ModelId, Owner, Rooms
from visualnn_api.documented import errors
from visualnn_api.views.together import (
    CommentList,
    CommentView,
    NewComment,
    NewReply,
    Resolution,
    comment_view,
)

router = APIRouter(prefix="/models/{model_id}/comments", tags=["together"], route_class=StrictRoute)
CommentId = Annotated[
    str, Path(description="The comment's id.", pattern=ID, examples=["comment-01jd2k3m4n5p6q7r8s9t0v1w2x"])
]


@router.get("", summary="List comments", responses=errors(404, 422))
async def list_comments(model_id: ModelId, db: Db, owner: Owner) -> CommentList:
    """All of the model's, answers included."""
    return CommentList(items=await db.read(_listed, owner, model_id))


@router.post("", status_code=201, summary="Begin a thread", responses=errors(400, 404, 409, 415, 422))
async def create_comment(model_id: ModelId, body: NewComment, db: Db, owner: Owner, lobby: Rooms) -> CommentView:
    """On a layer, by its key in the room's document. Everybody in the room is told."""
    made = await db.run(comments.begin, owner, model_id, body.layer, body.layer_name, body.author, body.text)
    lobby.poke(model_id)
    return comment_view(made)


@router.post("/{comment_id}/replies", status_code=201, summary="Answer", responses=errors(400, 404, 409, 415, 422))
async def reply(
    model_id: ModelId, comment_id: CommentId, body: NewReply, db: Db, owner: Owner, lobby: Rooms
) -> CommentView:
    """In the thread that the comment began; a resolved one is open again."""
    made = await db.run(comments.reply, owner, model_id, comment_id, body.author, body.text)
    lobby.poke(model_id)
    return comment_view(made)


@router.patch("/{comment_id}", summary="Resolve a thread", responses=errors(400, 404, 415, 422))
async def resolve(
    model_id: ModelId, comment_id: CommentId, body: Resolution, db: Db, owner: Owner, lobby: Rooms
) -> CommentView:
    """Or open it again."""
    found = await db.run(comments.resolve, owner, model_id, comment_id, body.resolved)
    lobby.poke(model_id)
    return comment_view(found)


@router.delete("/{comment_id}", status_code=204, summary="Delete a comment", responses=errors(404, 422))
async def delete(model_id: ModelId, comment_id: CommentId, db: Db, owner: Owner, lobby: Rooms) -> None:
    """One that began a thread goes with its answers."""
    await db.run(comments.delete, owner, model_id, comment_id)
    lobby.poke(model_id)


def _listed(s: Session, owner: str, model_id: str) -> list[CommentView]:
    return [comment_view(one) for one in comments.every(s, owner, model_id)]
