"""Protobuf's binary encoding, as much of it as files of weights need: big arrays are never copied.

Encoding: https://protobuf.dev/programming-guides/encoding/
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from visualnn_shared.catalogue.maps import Unmappable

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
MOST_FIELDS = 500_000
"""Fields of one file; the largest published networks have some ten thousand."""
Chunk = bytes | memoryview
_WIDTH = {FIXED64: 8, FIXED32: 4}


@dataclass(frozen=True, slots=True)
class Field:
    """One field: a varint's value, or where its bytes lie in the file."""

    number: int
    wire: int
    value: int = 0
    start: int = 0
    end: int = 0


class Reader:
    """Walks the messages of a file; counts the fields of all of them."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._count = 0

    def fields(self, start: int, end: int) -> Iterator[Field]:
        """The fields of the message between two offsets, in file order. Raises ``Unmappable`` where it is damaged."""
        position = start
        while position < end:
            self._count += 1
            if self._count > MOST_FIELDS:
                raise broken(f"have at most {MOST_FIELDS:,} fields", position)
            key, behind = self.varint(position, end)
            number, wire = key >> 3, key & 7
            if number == 0 or wire not in (VARINT, FIXED64, BYTES, FIXED32):
                raise broken("be a protobuf message, in binary", position, f"a field of number {number}, type {wire}")
            if wire == VARINT:
                value, position = self.varint(behind, end)
                yield Field(number, wire, value)
                continue
            size = _WIDTH.get(wire)
            if size is None:
                size, behind = self.varint(behind, end)
            if size > end - behind:
                raise broken("be whole", behind, f"{end - behind:,} of {size:,} bytes")
            position = behind + size
            yield Field(number, wire, start=behind, end=position)

    def varint(self, position: int, end: int) -> tuple[int, int]:
        """The number at an offset, and the offset behind it."""
        value = shift = 0
        for at in range(position, min(end, position + 10)):
            byte = self.data[at]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value & (2**64 - 1), at + 1
            shift += 7
        raise broken("be whole", position, "a number without its end")

    def varints(self, field: Field) -> list[int]:
        """A repeated number, packed or not."""
        if field.wire == VARINT:
            return [field.value]
        found, position = list[int](), field.start
        while position < field.end:
            self._count += 1
            if self._count > MOST_FIELDS:
                raise broken(f"have at most {MOST_FIELDS:,} fields", position)
            value, position = self.varint(position, field.end)
            found.append(value)
        return found


def broken(rule: str, position: int, received: str = "more") -> Unmappable:
    """What is wrong at an offset of the file."""
    hint = "give the .caffemodel that Caffe wrote, whole and in binary"
    return Unmappable(f"the weights file must {rule}", f"{received} at byte {position:,}", hint=hint)


def varint(value: int) -> bytes:
    """A number of at least 0, in the fewest bytes."""
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def message(number: int, chunks: Iterable[Chunk]) -> list[Chunk]:
    """A field of bytes: a text, a packed array, or a message of the chunks of its fields."""
    inner = list(chunks)
    return [varint(number << 3 | BYTES), varint(sum(map(len, inner))), *inner]


def text(number: int, value: str) -> list[Chunk]:
    """A field of text."""
    return message(number, [value.encode("utf-8", "replace")])
