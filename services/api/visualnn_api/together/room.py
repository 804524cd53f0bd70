"""A room: one model's document, those who edit it at once, and its rows."""

import asyncio
import logging
from contextlib import suppress
from typing import Any

from pycrdt import Doc, TransactionEvent, merge_updates
from visualnn_shared.errors import NotFound, Unavailable
from visualnn_shared.store import rooms
from visualnn_shared.store.database import Database

from visualnn_api.together import protocol
from visualnn_api.together.member import End, Member

_log = logging.getLogger(__name__)
_GATHER_S = 0.05
"""Changes that come within this time are one row."""
_COMPACT_EVERY = 200
"""Rows after which the document is written as a whole."""


class Room:
    """Changes reach members of this gateway at once, those of others through the rows, which every room looks at."""

    def __init__(self, db: Database, model_id: str, *, max_bytes: int, poll_s: float) -> None:
        self.model_id = model_id
        self.members: set[Member] = set()
        self._db, self._max_bytes, self._poll_s = db, max_bytes, poll_s
        self._doc: Doc[Any] = Doc()
        self._watching = self._doc.observe(self._on_change)
        self._fresh: list[bytes] = []
        self._unsaved: list[bytes] = []
        self._dirty, self._poke = asyncio.Event(), asyncio.Event()
        self._applied, self._talk, self._rows, self._size = -1, 0, 0, 0
        self._saving = asyncio.Lock()
        self._presences: dict[int, protocol.Presence] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self.key = ""
        """As ``rooms.key_of``; empty until it was read."""
        self.broken = False
        """Whether the document in memory cannot be trusted: nobody enters, and it is not written."""

    async def open(self) -> None:
        """Read the document. Raises NotFound where the model has no room."""
        await self._look()
        self._tasks = [asyncio.create_task(self._look_often()), asyncio.create_task(self._save_often())]

    async def close(self) -> None:
        """Write what is not written, as one state."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            await self._save()
            if not self.broken:
                await self._compact()
        except NotFound:
            return  # the model was deleted meanwhile
        except Unavailable:
            _log.exception("room of %s could not be written; those who were in it still have it", self.model_id)

    async def serve(self, member: Member) -> None:
        """Until the member leaves."""
        self.members.add(member)
        member.push(protocol.step1(self._doc.get_state()))
        if self._presences:
            member.push(protocol.presences(list(self._presences.values())))
        member.push(protocol.told({"talk": self._talk}))
        try:
            await member.run(self._take)
        finally:
            self.members.discard(member)
            self._forget(member)

    def poke(self) -> None:
        """Look at the rows now."""
        self._poke.set()

    def _take(self, member: Member, data: bytes) -> None:
        if self.broken:
            return
        try:
            message = protocol.read(data)
            if isinstance(message, protocol.Step1):
                member.push(protocol.step2(self._doc.get_update(message.state)))
            elif isinstance(message, protocol.Update):
                self._take_update(member, message)
            elif isinstance(message, protocol.Presences):
                self._take_presences(member, message)
            else:
                member.push(protocol.presences(list(self._presences.values())))
        except (protocol.Garbled, ValueError):
            member.leave(End.GARBLED)

    def _take_update(self, member: Member, update: protocol.Update) -> None:
        if update.data == protocol.EMPTY_UPDATE:
            return
        if not member.access.may("editor"):
            if not update.answer:
                member.leave(End.ROLE)
            return
        if not self._fits(len(update.data)):
            member.leave(End.ROOM_TOO_LARGE)
            return
        try:
            self._doc.apply_update(update.data)
        except RuntimeError:  # readable, and yet no part of it can be trusted any more: from the rows again
            _log.warning("room of %s: an update broke the document; it is read again", self.model_id)
            member.leave(End.GARBLED)
            self.broken = True
            self._fresh.clear()
            self.send_away(End.AGAIN)
            return
        for fresh in self._fresh:
            self._broadcast(protocol.update(fresh), but=member)
            self._unsaved.append(fresh)
            self._dirty.set()
        self._fresh.clear()

    def _fits(self, more: int) -> bool:
        """Counted from what came in, which is more than the document holds; measured when that reaches the limit."""
        if self._size + more > self._max_bytes:
            self._size = len(self._doc.get_update())
        self._size += more
        return self._size <= self._max_bytes

    def _take_presences(self, member: Member, told: protocol.Presences) -> None:
        """Each connection speaks for one client: the first that it names. What it repeats of others is dropped."""
        for one in told.entries:
            if member.client is None:
                for other in self.members:  # the same client again, whose old connection is not known to be dead yet
                    if other.client == one.client:
                        other.client = None
                member.client = one.client
            known = self._presences.get(one.client)
            if one.client != member.client or (known and known.clock > one.clock):
                continue
            if one.state == "null":
                self._presences.pop(one.client, None)
            else:
                self._presences[one.client] = one
            self._broadcast(protocol.presences([one]))

    def _forget(self, member: Member) -> None:
        gone = self._presences.pop(member.client, None) if member.client is not None else None
        if gone:
            self._broadcast(protocol.presences([protocol.Presence(gone.client, gone.clock + 1, "null")]))

    def _broadcast(self, message: bytes, but: Member | None = None) -> None:
        for member in self.members:
            if member is not but:
                member.push(message)

    def send_away(self, why: End) -> None:
        for member in self.members:
            member.leave(why)

    def _on_change(self, event: TransactionEvent) -> None:
        if event.update != protocol.EMPTY_UPDATE:
            self._fresh.append(event.update)

    async def _look_often(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._poke.wait(), self._poll_s)
            self._poke.clear()
            try:
                await self._look()
            except NotFound as error:
                self.send_away(why_gone(error))
            except Unavailable:
                _log.warning("room of %s: its rows cannot be read now", self.model_id)

    async def _look(self) -> None:
        """Take over what other gateways wrote, and tell what changed beside the document."""
        async with self._saving:
            news = await self._db.read(rooms.news, self.model_id, self._applied)
            if news.key != (self.key or news.key):  # closed and opened anew since: this document is another's
                self.broken = True
                raise rooms.RoomClosed(self.model_id)
            self.key = news.key
            for update in () if self.broken else news.updates:
                self._doc.apply_update(update)
                self._size += len(update)
            self._applied = max(self._applied, news.head)
        for fresh in self._fresh:
            self._broadcast(protocol.update(fresh))
        self._fresh.clear()
        if news.talk != self._talk:
            self._talk = news.talk
            self._broadcast(protocol.told({"talk": self._talk}))
        for member in self.members:
            if member.access.share is not None and member.access.share not in news.shares:
                member.leave(End.REVOKED)

    async def _save_often(self) -> None:
        while True:
            await self._dirty.wait()
            await asyncio.sleep(_GATHER_S)
            self._dirty.clear()
            try:
                await self._save()
                if self._rows >= _COMPACT_EVERY:
                    await self._compact()
            except NotFound as error:
                self.send_away(why_gone(error))
            except Unavailable:
                _log.warning("room of %s: its rows cannot be written now", self.model_id)
                self._dirty.set()
                await asyncio.sleep(1)

    async def _save(self) -> None:
        async with self._saving:
            if not self._unsaved:
                return
            count = len(self._unsaved)
            number = await self._db.run(rooms.append, self.model_id, merge_updates(*self._unsaved))
            del self._unsaved[:count]
            self._rows += 1
            if number == self._applied + 1:  # otherwise somebody wrote in between, which is read next
                self._applied = number

    async def _compact(self) -> None:
        async with self._saving:
            await self._db.run(rooms.compact, self.model_id, self._doc.get_update(), self._applied)
            self._rows = 0


def why_gone(error: NotFound) -> End:
    """What the people in a room are told whose rows are gone."""
    return End.CLOSED if isinstance(error, rooms.RoomClosed) else End.GONE
