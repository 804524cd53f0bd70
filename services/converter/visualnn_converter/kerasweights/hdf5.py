"""HDF5 from outside: objects of the file itself, tensors of numbers, bounded sizes; nothing is followed elsewhere.

The file is opened by a process of its own (``hdf5_child``): each way it can fail is an ``Unmappable``.
"""

import json
import subprocess
import sys
from typing import Any

from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load
from visualnn_shared.catalogue.maps import Unmappable
from visualnn_shared.errors import TooLarge

MAGIC = b"\x89HDF\r\n\x1a\n"
LARGEST_TENSORS = 2 * 2**30
"""Bytes of all tensors that are read from one file."""
SECONDS = 20
"""For a small file; longer for a large one."""
_PACE = 20 * 2**20
"""Bytes a second, at least."""


class Tree:
    """The groups of a file with their texts, and its tensors, by path."""

    def __init__(self, told: dict[str, Any], tensors: dict[str, NDArray[Any]]) -> None:
        self.groups: dict[str, dict[str, list[str]]] = told["groups"]
        self._refused: dict[str, list[str]] = told["refused"]
        self._tensors = tensors
        self.datasets = {*tensors, *self._refused}

    def texts(self, group: str, name: str) -> list[str] | None:
        """A list of texts among the attributes, also where Keras split it: name0, name1, ... None if there is none."""
        attributes = self.groups[group]
        if name in attributes:
            return attributes[name]
        found: list[str] = []
        for number in range(len(attributes)):
            if f"{name}{number}" not in attributes:
                break
            found += attributes[f"{name}{number}"]
        return found or None

    def text(self, group: str, name: str) -> str | None:
        """One text among the attributes, or None."""
        found = self.texts(group, name)
        return found[0] if found else None

    def tensor(self, path: str) -> NDArray[Any]:
        """Numbers; floating ones as float32. Raises ``Unmappable`` where they could not be read."""
        if path in self._refused:
            rule, received = self._refused[path]
            raise Unmappable(rule, received)
        return self._tensors[path]


def opened(data: bytes) -> Tree:
    """What the file holds. Raises ``Unmappable`` for a damaged file or one that leads outside, ``TooLarge``."""
    if not data.startswith(MAGIC):
        raise Unmappable("the file must be HDF5", data[:16].hex())
    seconds = SECONDS + len(data) // _PACE
    command = [sys.executable, "-P", "-m", f"{__package__}.hdf5_child", str(LARGEST_TENSORS), str(seconds)]
    try:
        made = subprocess.run(command, input=data, capture_output=True, timeout=seconds, check=True).stdout
    except subprocess.TimeoutExpired:
        raise Unmappable(f"the HDF5 file must be readable within {seconds} seconds", "not read") from None
    except subprocess.CalledProcessError as error:
        raise Unmappable("the HDF5 file must be whole", f"the reader ended with {error.returncode}") from None
    head, _, tensors = made.partition(b"\n")
    told = json.loads(head)
    if "too_large" in told:
        raise TooLarge("the tensors of the file (bytes)", LARGEST_TENSORS, "more")
    if "wrong" in told:
        rule, received = told["wrong"]
        raise Unmappable(rule, received)
    try:
        return Tree(told, load(tensors))
    except SafetensorError:
        raise Unmappable("the HDF5 file must hold tensors of numbers", "others") from None
