"""idx, the files MNIST comes in: two zero bytes, a type, the number of axes, their sizes, then the values.

Format: Y. LeCun's page of the MNIST database. Numbers are big-endian; gzip is taken off where it is on.
"""

import gzip
import math
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from visualnn_shared.datasets.formats.npy import NpyError
from visualnn_shared.datasets.limits import LIMITS, Limits

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_GZIP = b"\x1f\x8b"
DAMAGED = (OSError, EOFError, zlib.error)


def is_idx(start: bytes) -> bool:
    """Whether a file that starts so is idx, packed with gzip or not."""
    if start.startswith(_GZIP):
        try:
            start = zlib.decompressobj(wbits=31).decompress(start, 64)
        except zlib.error:
            return False
    return len(start) >= 8 and start[:2] == b"\0\0" and start[2] in _TYPES and 1 <= start[3] <= 8


def read_idx(path: Path, limits: Limits = LIMITS) -> NDArray[Any]:
    """The array of a file. Raises NpyError for a rule it breaks, one of DAMAGED for broken gzip."""
    with path.open("rb") as file:
        return read_stream(file, limits)


def read_stream(file: IO[bytes], limits: Limits) -> NDArray[Any]:
    """As ``read_idx``, from a file that can seek."""
    packed = file.read(2) == _GZIP
    file.seek(0)
    plain: IO[bytes] = gzip.GzipFile(fileobj=file) if packed else file  # type: ignore[assignment]
    head = plain.read(4)
    if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in _TYPES or not 1 <= head[3] <= limits.rank:
        raise NpyError("an idx file must begin with two zero bytes, a type and 1 to 8 axes", head.hex(" "))
    sizes = np.frombuffer(plain.read(4 * head[3]), ">u4")
    if len(sizes) < head[3]:
        raise NpyError("an idx file must give the size of each axis", f"{len(sizes)} of {head[3]}")
    dtype, shape = np.dtype(_TYPES[head[2]]), tuple(int(size) for size in sizes)
    wanted = math.prod(shape) * dtype.itemsize
    if wanted > limits.expanded_bytes:
        raise NpyError(f"the unpacked arrays must be at most {limits.expanded_bytes:,} bytes", f"{wanted:,}")
    values = plain.read(wanted + 1)
    if len(values) != wanted:
        received = f"{len(values):,} bytes" if len(values) < wanted else "more"
        raise NpyError(f"an idx file of shape {shape} must hold {wanted:,} bytes of values", received)
    return np.frombuffer(values, dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)
