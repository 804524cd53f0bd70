"""Protocol buffers, written by hand: a message is the bytes of its fields."""

import struct
from collections.abc import Iterable


def varint(value: int) -> bytes:
    """A whole number that is not negative, seven bits a byte."""
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def whole(field: int, value: int) -> bytes:
    """A field of an int32, int64, bool or enum."""
    return varint(field << 3) + varint(value)


def double(field: int, value: float) -> bytes:
    """A field of a double."""
    return varint(field << 3 | 1) + struct.pack("<d", value)


def single(field: int, value: float) -> bytes:
    """A field of a float."""
    return varint(field << 3 | 5) + struct.pack("<f", value)


def block(field: int, data: bytes | str) -> bytes:
    """A field of bytes, of a text, or of a message."""
    data = data.encode() if isinstance(data, str) else data
    return varint(field << 3 | 2) + varint(len(data)) + data


def doubles(field: int, values: Iterable[float]) -> bytes:
    """A packed field of doubles."""
    listed = list(values)
    return block(field, struct.pack(f"<{len(listed)}d", *listed))
