"""Weight steps: how a weight in spec (Keras) layout becomes a blob of a format, and back.

Each step is data with a ``write`` and an exact inverse ``read``: ``read(write(x)) == x`` bit for bit.
"""
# ruff: noqa: ARG002  (a step takes what every step takes)

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]
else:
    Array = Any  # NumPy takes longer to load than the whole catalogue, and only the steps that run need it
Params = Mapping[str, Any]
NO_PARAMS: Params = MappingProxyType({})


class Step(Protocol):
    """One exact, invertible rearrangement of a tensor; ``p`` are the layer's clean parameters."""

    def write(self, x: Array, p: Params) -> Array:
        """From spec layout towards the format's."""

    def read(self, x: Array, p: Params) -> Array:
        """The inverse of ``write``."""


@dataclass(frozen=True, slots=True)
class Perm:
    """Transposition named by its axes: ``Perm("hwio", "oihw")``."""

    spec: str
    file: str

    def write(self, x: Array, p: Params) -> Array:
        """Axes ordered as ``spec`` to axes ordered as ``file``."""
        return x.transpose([self.spec.index(axis) for axis in self.file])

    def read(self, x: Array, p: Params) -> Array:
        """Axes ordered as ``file`` to axes ordered as ``spec``."""
        return x.transpose([self.file.index(axis) for axis in self.spec])


@dataclass(frozen=True, slots=True)
class Gates:
    """Equal blocks along an axis in another order: LSTM ``Gates("ifco", "iofc")``."""

    spec: str
    file: str
    axis: int = -1

    def write(self, x: Array, p: Params) -> Array:
        """Blocks ordered as ``spec`` to blocks ordered as ``file``."""
        return self._reorder(x, self.spec, self.file)

    def read(self, x: Array, p: Params) -> Array:
        """Blocks ordered as ``file`` to blocks ordered as ``spec``."""
        return self._reorder(x, self.file, self.spec)

    def _reorder(self, x: Array, source: str, target: str) -> Array:
        import numpy as np

        blocks = np.split(x, len(source), axis=self.axis)
        return np.concatenate([blocks[source.index(gate)] for gate in target], axis=self.axis)


@dataclass(frozen=True, slots=True)
class Lead:
    """A leading axis of one in the format: ONNX keeps RNN weights per direction."""

    def write(self, x: Array, p: Params) -> Array:
        """(...) to (1, ...)."""
        return x[None]

    def read(self, x: Array, p: Params) -> Array:
        """(1, ...) to (...)."""
        return x.reshape(x.shape[1:])


@dataclass(frozen=True, slots=True)
class HalfZero:
    """``[b, 0]`` along an axis: the format has two biases that are added, the spec one.

    Exact for ``read(write(x))`` only: a file whose second half is not zero reads as the sum, written as ``[sum, 0]``.
    """

    axis: int = 0

    def write(self, x: Array, p: Params) -> Array:
        """b to [b, 0]."""
        import numpy as np

        return np.concatenate([x, np.zeros_like(x)], axis=self.axis)

    def read(self, x: Array, p: Params) -> Array:
        """[b, c] to b + c."""
        import numpy as np

        first, second = np.split(x, 2, axis=self.axis)
        return first + second if second.any() else first


@dataclass(frozen=True, slots=True)
class GruBias:
    """A GRU's bias as that of the inputs and that of the state in a row: (2, 3 units) with ``reset_after``, else b.

    Without, b is written as ``[b, 0]``, and the sum is read, as by ``HalfZero``.
    """

    def write(self, x: Array, p: Params) -> Array:
        """(2, 3 units) or (3 units,) to (6 units,)."""
        return x.reshape(-1) if x.ndim == 2 else HalfZero().write(x, p)

    def read(self, x: Array, p: Params) -> Array:
        """The inverse."""
        return x.reshape(2, -1) if p["reset_after"] else HalfZero().read(x, p)


@dataclass(frozen=True, slots=True)
class Depthwise:
    """Depthwise kernel (*sizes, in, multiplier) to a grouped convolution's (in * multiplier, 1, *sizes)."""

    def write(self, x: Array, p: Params) -> Array:
        """Output channel ``c * multiplier + m`` reads input channel ``c``, in both forms."""
        *sizes, channels, multiplier = x.shape
        rank = len(sizes)
        return x.transpose(rank, rank + 1, *range(rank)).reshape(channels * multiplier, 1, *sizes)

    def read(self, x: Array, p: Params) -> Array:
        """The inverse."""
        outputs, _, *sizes = x.shape
        multiplier = p["depth_multiplier"]
        axes = range(2, 2 + len(sizes))
        return x.reshape(outputs // multiplier, multiplier, *sizes).transpose(*axes, 0, 1)


@dataclass(frozen=True, slots=True)
class Without:
    """Axes of one cell that the format leaves out: those that a parameter counts from 1, as PReLU's ``shared_axes``."""

    param: str

    def write(self, x: Array, p: Params) -> Array:
        """(1, 1, channels) to (channels,)."""
        return x.reshape([size for axis, size in enumerate(x.shape, 1) if axis not in (p[self.param] or ())])

    def read(self, x: Array, p: Params) -> Array:
        """The inverse."""
        shape = list(x.shape)
        for axis in sorted(p[self.param] or ()):
            shape.insert(axis - 1, 1)
        return x.reshape(shape)


@dataclass(frozen=True, slots=True)
class Absent:
    """First step of a blob that the format wants even where the layer has no such weight: all values are ``value``."""

    value: float

    def write(self, x: Array, p: Params) -> Array:
        """Nothing: the writer asks for ``value`` where there is no tensor."""
        return x

    def read(self, x: Array, p: Params) -> Array:
        """Nothing."""
        return x


_BLOCK = 64
"""Rows that are moved at a time: as many lines as the nearest cache holds."""


def in_order(x: Array) -> Array:
    """The array in C order, copied where it is not; a big transposed one in blocks, two to four times as quick."""
    import numpy as np

    if x.flags.c_contiguous or x.ndim < 2 or x.size < _BLOCK * _BLOCK:
        return np.array(x, order="C", copy=None)
    made = np.empty(x.shape, x.dtype)
    for start in range(0, x.shape[-1], _BLOCK):
        made[..., start : start + _BLOCK] = x[..., start : start + _BLOCK]
    return made


def write_blob(x: Array, steps: Sequence[Step], p: Params = NO_PARAMS) -> Array:
    """Run the steps left to right; the result is contiguous and keeps its rank (also a scalar's)."""
    for step in steps:
        x = step.write(x, p)
    return in_order(x)


def read_blob(x: Array, steps: Sequence[Step], p: Params = NO_PARAMS) -> Array:
    """Run the inverses right to left."""
    for step in reversed(steps):
        x = step.read(x, p)
    return in_order(x)
