"""Comments on layers: threads that are kept with the model."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from visualnn_shared.errors import Conflict, NotFound
from visualnn_shared.ids import new_id
from visualnn_shared.store import models, rooms
from visualnn_shared.store.tables import Comment

MOST = 1000
"""Comments of one model, answers included."""


def every(s: Session, owner: str, model_id: str) -> list[Comment]:
    """All comments of a model, the oldest first; answers after what they answer. Raises NotFound."""
    models.get(s, owner, model_id)
    return list(s.scalars(select(Comment).where(Comment.model_id == model_id).order_by(Comment.id)))


def begin(s: Session, owner: str, model_id: str, layer: str, layer_name: str, author: str, text: str) -> Comment:
    """A new thread on a layer. Raises NotFound, Conflict."""
    models.lock(s, owner, model_id)
    return _add(s, Comment(model_id=model_id, layer=layer, layer_name=layer_name, author=author, text=text))


def reply(s: Session, owner: str, model_id: str, thread: str, author: str, text: str) -> Comment:
    """An answer, which opens a resolved thread again. Raises NotFound, Conflict."""
    models.lock(s, owner, model_id)
    first = _first(s, model_id, thread)
    first.resolved = False
    fields = {"layer": first.layer, "layer_name": first.layer_name, "author": author, "text": text}
    return _add(s, Comment(model_id=model_id, thread=thread, **fields))


def resolve(s: Session, owner: str, model_id: str, thread: str, resolved: bool) -> Comment:
    """Raises NotFound."""
    models.get(s, owner, model_id)
    first = _first(s, model_id, thread)
    first.resolved = resolved
    s.flush()
    rooms.talked(s, model_id)
    return first


def delete(s: Session, owner: str, model_id: str, comment: str) -> None:
    """A comment; with the one that began a thread its answers go too. Raises NotFound."""
    models.get(s, owner, model_id)
    found = s.get(Comment, comment)
    if found is None or found.model_id != model_id:
        raise NotFound("comment", comment)
    s.delete(found)
    s.flush()
    rooms.talked(s, model_id)


def _first(s: Session, model_id: str, thread: str) -> Comment:
    found = s.get(Comment, thread)
    if found is None or found.model_id != model_id or found.thread is not None:
        raise NotFound("comment that begins a thread", thread)
    return found


def _add(s: Session, comment: Comment) -> Comment:
    count = s.scalar(select(func.count()).where(Comment.model_id == comment.model_id)) or 0
    if count >= MOST:
        raise Conflict(f"a model must have at most {MOST:,} comments", count)
    comment.id = new_id("comment")
    s.add(comment)
    s.flush()
    s.refresh(comment)
    rooms.talked(s, comment.model_id)
    return comment
