"""One connection to a room: what goes out to it, and how it ends."""

import asyncio
from contextlib import suppress
from enum import Enum
from typing import Any, Protocol

from starlette.websockets import WebSocket, WebSocketDisconnect

from visualnn_api.together.access import Access

_WAITING = 1000
"""Messages that may wait for a slow reader."""
_PER_SECOND = 200
"""Messages that one connection may send before it is made to wait."""


class End(Enum):
    """Why the gateway closes a connection. Clients of y-websocket do not come back after 4400 to 4499."""

    TOO_LARGE = 1009, "the message is too large"
    GARBLED = 4400, "the message cannot be read"
    ROLE = 4403, "the role does not allow changes"
    REVOKED = 4401, "the link is not valid"
    GONE = 4404, "there is no such room"
    CLOSED = 4410, "the room was closed"
    FULL = 4409, "too many people are here"
    ROOM_TOO_LARGE = 4413, "the document would be too large"
    AGAIN = 4500, "the room must be opened again"
    SLOW = 4508, "messages were not read in time"


class Member:
    def __init__(self, socket: WebSocket, access: Access, max_bytes: int) -> None:
        self.access = access
        self.client: int | None = None
        """Its Yjs client, once it told."""
        self._socket = socket
        self._max_bytes = max_bytes
        self._outbox: asyncio.Queue[bytes] = asyncio.Queue(_WAITING)
        self._end: asyncio.Future[End] = asyncio.get_running_loop().create_future()

    def push(self, message: bytes) -> None:
        """Send it in its turn; who does not read is let go."""
        try:
            self._outbox.put_nowait(message)
        except asyncio.QueueFull:
            self.leave(End.SLOW)

    def leave(self, why: End) -> None:
        if not self._end.done():
            self._end.set_result(why)

    @property
    def leaving(self) -> bool:
        return self._end.done()

    async def run(self, take: "Take") -> None:
        """Until either side ends it; ``take`` gets each message."""
        tasks = [asyncio.ensure_future(self._read(take)), asyncio.ensure_future(self._write())]
        waiting: list[asyncio.Future[Any]] = [*tasks, self._end]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if self._end.done():
            code, reason = self._end.result().value
            with suppress(RuntimeError, WebSocketDisconnect):  # the other side may have gone at the same time
                await self._socket.close(code, reason)

    async def _read(self, take: "Take") -> None:
        loop = asyncio.get_running_loop()
        second, count = 0, 0
        while not self.leaving:
            message = await self._socket.receive()
            if message["type"] != "websocket.receive":
                return
            data = message.get("bytes")
            if data is None:
                self.leave(End.GARBLED)
            elif len(data) > self._max_bytes:
                self.leave(End.TOO_LARGE)
            else:
                take(self, data)
            now = int(loop.time())
            second, count = now, count + 1 if now == second else 0
            if count > _PER_SECOND:
                await asyncio.sleep(1)

    async def _write(self) -> None:
        while True:
            await self._socket.send_bytes(await self._outbox.get())


class Take(Protocol):
    """What a member does with a message that came."""

    def __call__(self, member: Member, data: bytes) -> None: ...
