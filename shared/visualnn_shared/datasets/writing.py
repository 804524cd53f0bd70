"""npz files of ours: stored as they are, with no time in them, so that equal arrays are equal bytes."""

import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_THEN = (1980, 1, 1, 0, 0, 0)


class NpzWriter:
    """Arrays one after the other, whole or in pieces; each is on the disk before the next one begins."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def add(self, name: str, array: NDArray[Any]) -> None:
        """A whole array."""
        self.add_pieces(name, array.shape, array.dtype, iter((array,)))

    def add_pieces(
        self, name: str, shape: tuple[int, ...], dtype: "np.dtype[Any]", pieces: Iterator[NDArray[Any]]
    ) -> None:
        """An array of this shape that comes in ``pieces`` along its first axis."""
        header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
        info = zipfile.ZipInfo(f"{name}.npy", _THEN)
        with self._archive.open(info, "w", force_zip64=True) as file:
            np.lib.format.write_array_header_2_0(file, header)
            for piece in pieces:
                file.write(np.ascontiguousarray(piece, dtype).data)


@contextmanager
def npz_writer(path: Path) -> Iterator[NpzWriter]:
    """A new npz file at ``path``."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        yield NpzWriter(archive)


def write_npz(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """``arrays`` by name, in their order."""
    with npz_writer(path) as writer:
        for name, array in arrays.items():
            writer.add(name, array)


def write_zip(path: Path, files: Mapping[str, Path]) -> None:
    """Files as they are under the given names, in the order of these: equal files are equal bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, _THEN)
            with files[name].open("rb") as source, archive.open(info, "w", force_zip64=True) as to:
                while piece := source.read(1 << 20):
                    to.write(piece)
