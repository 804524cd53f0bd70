"""/models/{id}: the room where several people edit it, and links to it."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Path, WebSocket
from sqlalchemy.orm import Session
from visualnn_shared.errors import NotFound, Overloaded, Unavailable
from visualnn_shared.ids import ID
from visualnn_shared.store import models, rooms, shares

from visualnn_api import modelling
from visualnn_api.bodies import StrictRoute
from visualnn_api.deps import Db, ModelId, Owner, Rooms
from visualnn_api.documented import errors
from visualnn_api.parts import Parts
from visualnn_api.together import document
from visualnn_api.together.access import OWNER, Access, Asking, with_token
from visualnn_api.together.member import End, Member
from visualnn_api.together.room import why_gone
from visualnn_api.views.together import (
    NewShare,
    NewShareView,
    RoomView,
    ShareList,
    ShareView,
    new_share_view,
    share_view,
)

router = APIRouter(prefix="/models/{model_id}", tags=["together"], route_class=StrictRoute)
ShareId = Annotated[str, Path(description="The link's id.", pattern=ID, examples=["share-01jd2k3m4n5p6q7r8s9t0v1w2x"])]

PROTOCOL = "visualnn.together"
_TOKEN = "share."  # noqa: S105 - what stands before a token


@router.get("/room", summary="Whether a model is edited together", responses=errors(404, 422))
async def read_room(model_id: ModelId, db: Db, owner: Owner, lobby: Rooms, asking: Asking) -> RoomView:
    """And what the caller may do there: the role of the link that came with the request, or `owner`."""
    key = await db.read(_room_key, owner, model_id)
    return RoomView(model=model_id, open=key is not None, role=asking.role, people=lobby.people(model_id), key=key)


@router.put("/room", summary="Edit a model together", responses=errors(404, 422))
async def open_room(model_id: ModelId, db: Db, owner: Owner, lobby: Rooms, asking: Asking) -> RoomView:
    """From now on the model is edited in a room, which begins with its current version; a room that is there stays."""
    key = await db.run(_open, owner, model_id)
    return RoomView(model=model_id, open=True, role=asking.role, people=lobby.people(model_id), key=key)


@router.delete("/room", status_code=204, summary="Close a room", responses=errors(404, 422))
async def close_room(model_id: ModelId, db: Db, owner: Owner, lobby: Rooms) -> None:
    """Its links are revoked and everybody is sent away; what nobody saved as a version is in their own windows only."""
    await db.run(rooms.close_room, owner, model_id)
    lobby.poke(model_id)


@router.get("/shares", summary="List links", responses=errors(404, 422))
async def list_shares(model_id: ModelId, db: Db, owner: Owner) -> ShareList:
    """The newest first. Their tokens are kept as sha256 only."""
    return ShareList(items=await db.read(_listed, owner, model_id))


@router.post("/shares", status_code=201, summary="Make a link", responses=errors(400, 404, 409, 415, 422))
async def create_share(model_id: ModelId, body: NewShare, db: Db, owner: Owner) -> NewShareView:
    """For a viewer, a commenter or an editor; opens the model's room where it has none. The token is told only here."""
    return await db.run(_shared, owner, model_id, body)


@router.delete("/shares/{share_id}", status_code=204, summary="Revoke a link", responses=errors(404, 422))
async def delete_share(model_id: ModelId, share_id: ShareId, db: Db, owner: Owner, lobby: Rooms) -> None:
    """Whoever came by it is sent away at once."""
    await db.run(shares.revoke, owner, model_id, share_id)
    lobby.poke(model_id)


@router.websocket("/together")
async def together(socket: WebSocket, model_id: str) -> None:
    """The room: y-protocols' sync and awareness. Close codes are in ``member.End``.

    ``?room=KEY`` joins that room only, and not one that was opened after it was closed.
    """
    parts: Parts = socket.app.state.parts
    if not _own_origin(socket, parts.settings.allowed_hosts):
        await socket.close(1008, "Origin must be this server's own")
        return
    offered = socket.scope.get("subprotocols", [])
    await socket.accept(PROTOCOL if PROTOCOL in offered else None)
    try:
        why = await _served(socket, parts, model_id, offered)
    except (Unavailable, Overloaded):
        why = End.AGAIN
    if why is not None:
        await socket.close(*why.value)


async def _served(socket: WebSocket, parts: Parts, model_id: str, offered: list[str]) -> End | None:
    """Why the caller cannot come in; None after they were."""
    access = await _access(parts, model_id, offered)
    if access is None:
        return End.REVOKED
    try:
        async with parts.lobby.entered(model_id) as room:
            if socket.query_params.get("room", room.key) != room.key:
                return End.CLOSED  # of an earlier room: its document must not be mixed with this one
            if room.broken:
                return End.AGAIN
            if len(room.members) >= parts.settings.max_room_people:
                return End.FULL
            await room.serve(Member(socket, access, parts.settings.max_room_message_bytes))
            return None
    except NotFound as error:
        return why_gone(error)


async def _access(parts: Parts, model_id: str, offered: list[str]) -> Access | None:
    token = next((one.removeprefix(_TOKEN) for one in offered if one.startswith(_TOKEN)), None)
    if token is None:
        return OWNER
    found = await with_token(parts.db, token)
    return found[0] if found is not None and found[1] == model_id else None


def _own_origin(socket: WebSocket, allowed: str) -> bool:
    """Browsers tell the page's origin: it must be this server or an allowed host. Other programs tell none."""
    origin = socket.headers.get("origin")
    if origin is None:
        return True
    parts = urlsplit(origin)
    hosts = {host.strip().lower() for host in allowed.split(",")}
    return parts.netloc.lower() == socket.headers.get("host", "").lower() or parts.hostname in hosts


def _room_key(s: Session, owner: str, model_id: str) -> str | None:
    models.get(s, owner, model_id)
    room = rooms.find(s, model_id)
    return None if room is None else rooms.key_of(room)


def _open(s: Session, owner: str, model_id: str) -> str:
    version = models.version(s, owner, model_id)
    spec = modelling.spec_of(s, owner, model_id)
    room = rooms.open_room(s, owner, model_id, lambda: document.seed(spec, version.number, version.etag))
    s.refresh(room)
    return rooms.key_of(room)


def _listed(s: Session, owner: str, model_id: str) -> list[ShareView]:
    return [share_view(share) for share in shares.every(s, owner, model_id)]


def _shared(s: Session, owner: str, model_id: str, new: NewShare) -> NewShareView:
    _open(s, owner, model_id)
    return new_share_view(*shares.create(s, owner, model_id, new.role, new.label))
