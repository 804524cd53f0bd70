"""Rooms: the document that several people edit at once, as a state and the updates that came after it."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from visualnn_shared.errors import NotFound
from visualnn_shared.store import models
from visualnn_shared.store.clock import clock
from visualnn_shared.store.tables import Model, Room, RoomUpdate, Share


@dataclass(frozen=True)
class News:
    """What a room's rows tell somebody who has read them up to some number."""

    head: int
    talk: int
    updates: tuple[bytes, ...]
    """Yjs updates; in any number and order they give the same document."""
    shares: frozenset[str]
    """The links that are valid."""
    key: str
    """Which room it is: one that is opened after another was closed has another key."""


class RoomClosed(NotFound):
    """The model is there, and has no room."""

    def __init__(self, model_id: str) -> None:
        super().__init__("room of model", model_id)


def find(s: Session, model_id: str) -> Room | None:
    return s.get(Room, model_id)


def open_room(s: Session, owner: str, model_id: str, seed: Callable[[], bytes]) -> Room:
    """The model's room; where there is none, a new one with the document ``seed`` gives. Raises NotFound."""
    models.lock(s, owner, model_id)
    room = s.get(Room, model_id)
    if room is None:
        room = Room(model_id=model_id, state=seed())
        s.add(room)
        s.flush()
    return room


def close_room(s: Session, owner: str, model_id: str) -> None:
    """Forget the model's room, its document and its links. Raises NotFound where there is no such model."""
    models.lock(s, owner, model_id)
    for table in (RoomUpdate, Room, Share):
        s.execute(delete(table).where(table.model_id == model_id))


def key_of(room: Room) -> str:
    """What tells a room from one that the model had before."""
    return f"{room.created_at:.6f}"


def news(s: Session, model_id: str, after: int) -> News:
    """What was written after number ``after``; -1 for everything. Raises RoomClosed, or NotFound with the model.

    Each statement may see a later moment than the one before. So updates are read up to the head that was read first,
    and those that are missing then are part of the state that is read last.
    """
    found = s.execute(select(Room.head, Room.talk, Room.created_at).where(Room.model_id == model_id)).one_or_none()
    if found is None:
        raise _gone(s, model_id)
    updates: list[bytes] = []
    if after < found.head:
        numbers = (RoomUpdate.number > after) & (RoomUpdate.number <= found.head)
        query = select(RoomUpdate.data).where(RoomUpdate.model_id == model_id, numbers)
        updates += s.scalars(query.order_by(RoomUpdate.number))
    if len(updates) < found.head - after:
        updates[:0] = s.scalars(select(Room.state).where(Room.model_id == model_id))
    shares = frozenset(s.scalars(select(Share.id).where(Share.model_id == model_id)))
    return News(found.head, found.talk, tuple(updates), shares, f"{found.created_at:.6f}")


def _gone(s: Session, model_id: str) -> NotFound:
    return NotFound("model", model_id) if s.get(Model, model_id) is None else RoomClosed(model_id)


def append(s: Session, model_id: str, data: bytes) -> int:
    """The number that the update got. Raises NotFound where the room is gone."""
    raised = update(Room).where(Room.model_id == model_id).values(head=Room.head + 1, updated_at=clock())
    number = s.scalar(raised.returning(Room.head).execution_options(synchronize_session=False))
    if number is None:
        raise _gone(s, model_id)
    s.add(RoomUpdate(model_id=model_id, number=number, data=data))
    s.flush()
    return number


def compact(s: Session, model_id: str, state: bytes, through: int) -> None:
    """Replace everything up to number ``through`` by ``state``, which holds it; never goes back."""
    kept = s.execute(
        update(Room)
        .where(Room.model_id == model_id, Room.through < through)
        .values(state=state, through=through)
        .execution_options(synchronize_session=False)
    )
    if getattr(kept, "rowcount", 0):
        s.execute(delete(RoomUpdate).where(RoomUpdate.model_id == model_id, RoomUpdate.number <= through))


def waiting(s: Session, model_id: str) -> int:
    """Updates that are not part of the state yet."""
    return s.scalar(select(func.count()).where(RoomUpdate.model_id == model_id)) or 0


def talked(s: Session, model_id: str) -> None:
    """The comments changed: rooms look at it."""
    s.execute(update(Room).where(Room.model_id == model_id).values(talk=Room.talk + 1))
