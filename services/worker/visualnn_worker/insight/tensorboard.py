"""TensorBoard's event file: TFRecord frames around ``Event`` messages with summaries, written by hand.

Formats: tensorflow/core/lib/io/record_writer.cc (length, masked CRC32C of it, data, masked CRC32C of that),
tensorflow/core/util/event.proto (wall_time = 1, step = 2, file_version = 3, summary = 5), summary.proto (Summary: value
= 1; Value: tag = 1, simple_value = 2, image = 4, histo = 5, tensor = 8, metadata = 9) and the hparams plugin's
plugin_data.proto.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence

from visualnn_worker.insight.protobuf import block, double, doubles, single, varint, whole

_POLYNOMIAL = 0x82F63B78
_STRING = 7  # tensorflow.DataType.DT_STRING
_SUCCESS = 1  # hparams' Status.STATUS_SUCCESS
Told = tuple[float, int, bytes]
"""Wall time in seconds since 1970, step, values of a summary."""


def _table() -> list[int]:
    table = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
        table.append(value)
    return table


_TABLE = _table()


def crc32c(data: bytes) -> int:
    """Castagnoli's checksum."""
    value, table = 0xFFFFFFFF, _TABLE
    for byte in data:
        value = table[(value ^ byte) & 0xFF] ^ value >> 8
    return value ^ 0xFFFFFFFF


def _masked(data: bytes) -> bytes:
    value = crc32c(data)
    return struct.pack("<I", ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def _record(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    return length + _masked(length) + data + _masked(data)


def file(told: Iterable[Told]) -> bytes:
    """The bytes of an event file, its events in the order of their times."""
    events = sorted(told, key=lambda one: one[0])
    began = events[0][0] if events else 0.0
    records = [double(1, began) + block(3, "brain.Event:2")]
    records += [double(1, at) + varint(2 << 3) + varint(step) + block(5, values) for at, step, values in events]
    return b"".join(map(_record, records))


def scalar(tag: str, value: float) -> bytes:
    """One number."""
    return block(1, block(1, tag) + single(2, value))


def histogram(tag: str, low: float, high: float, counts: Sequence[int]) -> bytes:
    """Counts in even bins from ``low`` to ``high``; the sum of the values is that of the bins' middles."""
    width = (high - low) / len(counts)
    middles = [low + width * (n + 0.5) for n in range(len(counts))]
    total = sum(middle * count for middle, count in zip(middles, counts, strict=True))
    squares = sum(middle * middle * count for middle, count in zip(middles, counts, strict=True))
    limits = [*(low + width * (n + 1) for n in range(len(counts) - 1)), high]
    made = double(1, low) + double(2, high) + double(3, sum(counts)) + double(4, total) + double(5, squares)
    # TensorBoard takes a bin's left end from the bin before: an empty one says where the first begins
    made += doubles(6, [low, *limits]) + doubles(7, [0, *counts])
    return block(1, block(1, tag) + block(5, made))


def image(tag: str, png: bytes, width: int, height: int) -> bytes:
    """A PNG of red, green and blue."""
    return block(1, block(1, tag) + block(4, whole(1, height) + whole(2, width) + whole(3, 3) + block(4, png)))


def text(tag: str, markdown: str) -> bytes:
    """A text."""
    tensor = whole(1, _STRING) + block(2, b"") + block(8, markdown)
    return block(1, block(1, tag) + block(8, tensor) + _metadata("text", b""))


def hparams(values: Mapping[str, float | str | bool], group: str, began: float, ended: float) -> bytes:
    """What TensorBoard's HPARAMS page compares runs by, a row for each ``group``."""
    entries = b"".join(block(1, block(1, name) + block(2, _value(value))) for name, value in sorted(values.items()))
    start = block(3, entries + block(4, group) + double(5, began))
    end = block(4, whole(1, _SUCCESS) + double(2, ended))
    return _session("session_start_info", start) + _session("session_end_info", end)


def _session(name: str, content: bytes) -> bytes:
    return block(1, block(1, f"_hparams_/{name}") + _metadata("hparams", content))


def _metadata(plugin: str, content: bytes) -> bytes:
    return block(9, block(1, block(1, plugin) + block(2, content)))


def _value(value: float | str | bool) -> bytes:
    """google.protobuf.Value."""
    if isinstance(value, bool):
        return whole(4, value)
    return block(3, value) if isinstance(value, str) else double(2, value)
