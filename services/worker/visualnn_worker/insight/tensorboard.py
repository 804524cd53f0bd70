"""TensorBoard's event file: TFRecord frames around ``Event`` messages with scalar summaries, written by hand.

Formats: tensorflow/core/lib/io/record_writer.cc (length, masked CRC32C of it, data, masked CRC32C of that) and
tensorflow/core/util/event.proto (wall_time = 1, step = 2, file_version = 3, summary = 5; Summary.Value: tag = 1,
simple_value = 2).
"""

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

_POLYNOMIAL = 0x82F63B78


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
    value = 0xFFFFFFFF
    for byte in data:
        value = _TABLE[(value ^ byte) & 0xFF] ^ value >> 8
    return value ^ 0xFFFFFFFF


def _masked(data: bytes) -> bytes:
    value = crc32c(data)
    return struct.pack("<I", ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def _record(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    return length + _masked(length) + data + _masked(data)


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def _bytes(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _event(wall_time: float, step: int, rest: bytes) -> bytes:
    return _varint(1 << 3 | 1) + struct.pack("<d", wall_time) + _varint(2 << 3) + _varint(step) + rest


def write(path: Path, history: Sequence[Mapping[str, float]], wall_time: float) -> bool:
    """One event an epoch: ``train/loss``, ``validation/loss`` and so on, each epoch a step. Returns True."""
    records = [_record(_event(wall_time, 0, _bytes(3, b"brain.Event:2")))]
    for entry in history:
        values = b""
        for name, value in entry.items():
            if name == "epoch":
                continue
            tag = f"validation/{name[4:]}" if name.startswith("val_") else f"train/{name}"
            values += _bytes(1, _bytes(1, tag.encode()) + _varint(2 << 3 | 5) + struct.pack("<f", value))
        records.append(_record(_event(wall_time, int(entry["epoch"]), _bytes(5, values))))
    path.write_bytes(b"".join(records))
    return True
