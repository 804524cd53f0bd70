"""People in a room, as programs: a Yjs document on a real websocket."""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self

from pycrdt import Array, Decoder, Doc, Map
from visualnn_api.together import protocol
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.gateway.running import Gateway


class Person:
    """One connection; ``doc`` is what this person sees."""

    def __init__(
        self,
        gateway: Gateway,
        model: str,
        token: str | None = None,
        doc: Doc[Any] | None = None,
        room: str | None = None,
    ) -> None:
        self.doc: Doc[Any] = Doc() if doc is None else doc
        self.layers = self.doc.get("layers", type=Map)
        self.outputs = self.doc.get("outputs", type=Array)
        self.about = self.doc.get("about", type=Map)
        self.presences: dict[int, Any] = {}
        self.told: dict[str, int] = {}
        self.closed: tuple[int, str] | None = None
        protocols: list[Any] = ["visualnn.together", *([f"share.{token}"] if token else [])]
        url = (
            gateway.url.replace("http", "ws", 1)
            + f"/api/v1/models/{model}/together"
            + (f"?room={room}" if room else "")
        )
        self._coming = connect(url, subprotocols=protocols, max_size=2**26)
        self.socket: ClientConnection

    def __enter__(self) -> Self:
        self.socket = self._coming.__enter__()
        self.send(protocol.step1(self.doc.get_state()))
        return self

    def __exit__(self, *error: Any) -> None:
        with suppress(ConnectionClosed):
            self._coming.__exit__(*error)

    def send(self, data: bytes) -> None:
        with suppress(ConnectionClosed):  # the next read tells why
            self.socket.send(data)

    def change(self, edit: Callable[[Self], None]) -> None:
        """Edit the document and tell the others."""
        before = self.doc.get_state()
        with self.doc.transaction():
            edit(self)
        self.send(protocol.update(self.doc.get_update(before)))

    def point(self, state: dict[str, Any] | None, clock: int = 1) -> None:
        self.send(protocol.presences([protocol.Presence(self.doc.client_id, clock, json.dumps(state))]))

    def until(self, seen: Callable[[Self], Any], seconds: float = 10) -> None:
        """Read what comes until it is so."""
        end = time.monotonic() + seconds
        while not self._sees(seen):
            assert time.monotonic() < end, f"not seen; closed: {self.closed}; document: {self.layers.to_py()}"
            self.read(0.05)

    def _sees(self, seen: Callable[[Self], Any]) -> bool:
        try:
            return bool(seen(self))
        except KeyError:
            return False

    def read(self, seconds: float) -> None:
        try:
            self._take(self.socket.recv(timeout=seconds))
        except TimeoutError:
            pass
        except ConnectionClosed:
            self.closed = (self.socket.close_code or 0, self.socket.close_reason or "")

    def synced(self) -> Self:
        self.until(lambda me: me.layers.to_py())
        return self

    def _take(self, data: str | bytes) -> None:
        assert isinstance(data, bytes)
        if data[0] == protocol.TOLD:
            decoder = Decoder(data[1:])
            self.told |= json.loads(decoder.read_var_string())
            return
        message = protocol.read(data)
        if isinstance(message, protocol.Step1):
            self.send(protocol.step2(self.doc.get_update(message.state)))
        elif isinstance(message, protocol.Update):
            self.doc.apply_update(message.data)
        elif isinstance(message, protocol.Presences):
            for one in message.entries:
                self.presences[one.client] = json.loads(one.state)
