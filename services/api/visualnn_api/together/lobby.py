"""The rooms that somebody is in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from visualnn_shared.errors import Overloaded
from visualnn_shared.store.database import Database

from visualnn_api.settings import ApiSettings
from visualnn_api.together.room import Room


class Lobby:
    """Opens a room for the first who comes, and closes it behind the last."""

    def __init__(self, db: Database, settings: ApiSettings) -> None:
        self._db, self._settings = db, settings
        self._rooms: dict[str, Room] = {}
        self._inside: dict[str, int] = {}
        self._doors: dict[str, asyncio.Lock] = {}

    @asynccontextmanager
    async def entered(self, model_id: str) -> AsyncIterator[Room]:
        """Raises NotFound where the model has no room, Overloaded where too many rooms are open."""
        if model_id not in self._inside and len(self._inside) >= self._settings.max_rooms:
            raise Overloaded("open rooms", self._settings.max_rooms)
        self._inside[model_id] = self._inside.get(model_id, 0) + 1
        door = self._doors.setdefault(model_id, asyncio.Lock())
        try:
            async with door:
                room = self._rooms.get(model_id) or await self._opened(model_id)
            yield room
        finally:
            await asyncio.shield(asyncio.ensure_future(self._left(model_id, door)))

    def poke(self, model_id: str) -> None:
        """Something beside the document changed: the room tells those who are in it."""
        room = self._rooms.get(model_id)
        if room is not None:
            room.poke()

    def people(self, model_id: str) -> int:
        """Connections to the model's room in this gateway."""
        room = self._rooms.get(model_id)
        return 0 if room is None else len(room.members)

    async def _opened(self, model_id: str) -> Room:
        room = Room(self._db, model_id, max_bytes=self._settings.max_room_bytes, poll_s=self._settings.rooms_poll_s)
        await room.open()
        self._rooms[model_id] = room
        return room

    async def _left(self, model_id: str, door: asyncio.Lock) -> None:
        async with door:
            self._inside[model_id] -= 1
            if self._inside[model_id]:
                return
            room = self._rooms.pop(model_id, None)
            if room is not None:
                await room.close()
            if not self._inside[model_id]:
                del self._inside[model_id]
                self._doors.pop(model_id, None)
