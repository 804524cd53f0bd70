"""The messages of a room: y-protocols' sync and awareness, and one of our own that tells what changed beside it.

A message is a kind (variable-length integer), then its content. Whatever cannot be read is ``Garbled``.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from pycrdt import Decoder, Encoder, YMessageType, YSyncMessageType, write_message, write_var_uint

QUERY_AWARENESS = 3
TOLD = 9
"""Our own: a JSON text such as ``{"talk": 3}``."""
EMPTY_UPDATE = b"\x00\x00"
MAX_STATE = 8192
"""Bytes of what one client tells of itself: name, colour, cursor, selection."""
_MAX_CLIENT = 2**53


class Garbled(Exception):  # noqa: N818 - closes a connection; nobody reads it as an error
    """Bytes that are no message of this protocol."""


@dataclass(frozen=True)
class Step1:
    """The sender has this; it asks for the rest."""

    state: bytes


@dataclass(frozen=True)
class Update:
    """Changes of the document."""

    data: bytes
    answer: bool = False
    """Whether our own ``Step1`` asked for it. Such answers always hold all deletions, also those everybody knows."""


@dataclass(frozen=True)
class Presence:
    """One client's state, a JSON text; ``null`` once it is gone."""

    client: int
    clock: int
    state: str


@dataclass(frozen=True)
class Presences:
    entries: tuple[Presence, ...]


@dataclass(frozen=True)
class WhoIsThere:
    """Asks for every client's state."""


Message = Step1 | Update | Presences | WhoIsThere


def read(data: bytes) -> Message:
    """Raises Garbled."""
    try:
        return _read(data)
    except (IndexError, RuntimeError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise Garbled(str(error)[:100]) from error


def _read(data: bytes) -> Message:
    decoder = Decoder(data)
    kind = decoder.read_var_uint()
    if kind == YMessageType.SYNC:
        step, content = decoder.read_var_uint(), _content(decoder)
        if step == YSyncMessageType.SYNC_STEP1:
            return Step1(content)
        if step in (YSyncMessageType.SYNC_STEP2, YSyncMessageType.SYNC_UPDATE):
            return Update(content, answer=step == YSyncMessageType.SYNC_STEP2)
        raise Garbled(f"sync step {step}")
    if kind == YMessageType.AWARENESS:
        return Presences(tuple(_presences(Decoder(_content(decoder)))))
    if kind == QUERY_AWARENESS:
        return WhoIsThere()
    raise Garbled(f"message of kind {kind}")


def _content(decoder: Decoder) -> bytes:
    content = decoder.read_message()
    if content is None or decoder.length != 0:  # a length beyond the end makes it negative
        raise Garbled("the length does not fit")
    return content


def _presences(decoder: Decoder) -> Iterator[Presence]:
    for _ in range(decoder.read_var_uint()):
        client, clock, state = decoder.read_var_uint(), decoder.read_var_uint(), decoder.read_var_string()
        if client >= _MAX_CLIENT or clock >= _MAX_CLIENT or len(state) > MAX_STATE or decoder.length < 0:
            raise Garbled("a presence is out of bounds")
        told = json.loads(state)
        if told is not None and not isinstance(told, dict):
            raise Garbled("a presence must be an object")
        yield Presence(client, clock, state)


def step1(state: bytes) -> bytes:
    return bytes([YMessageType.SYNC, YSyncMessageType.SYNC_STEP1]) + write_message(state)


def step2(update: bytes) -> bytes:
    return bytes([YMessageType.SYNC, YSyncMessageType.SYNC_STEP2]) + write_message(update)


def update(data: bytes) -> bytes:
    return bytes([YMessageType.SYNC, YSyncMessageType.SYNC_UPDATE]) + write_message(data)


def presences(entries: list[Presence]) -> bytes:
    encoder = Encoder()
    encoder.write_var_uint(len(entries))
    for entry in entries:
        encoder.write_var_uint(entry.client)
        encoder.write_var_uint(entry.clock)
        encoder.write_var_string(entry.state)
    return write_var_uint(YMessageType.AWARENESS) + write_message(encoder.to_bytes())


def told(what: dict[str, int]) -> bytes:
    encoder = Encoder()
    encoder.write_var_uint(TOLD)
    encoder.write_var_string(json.dumps(what))
    return encoder.to_bytes()
