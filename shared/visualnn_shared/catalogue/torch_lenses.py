"""Lenses of maps to PyTorch, which is only written: keyword arguments of its modules and functions.

A key that begins with ``@`` is no argument: the writer pads or crops before or after the module.
"""
# ruff: noqa: ARG002  (a lens takes what every lens takes)

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from visualnn_shared.catalogue.maps import Bag, Context, Lens, Unmappable
from visualnn_shared.catalogue.steps import Array
from visualnn_shared.catalogue.window_lenses import same_pads

PAD, PAD_SAME, CROP, AVERAGE = "@pad", "@pad_same", "@crop", "@average"
"""Cells around the input; sides that follow its size; cells around the output; a mean that counts real cells."""


@dataclass(frozen=True, slots=True)
class InSize(Lens):
    """Size of the first input along a spec axis, times a parameter where ``times`` names one."""

    key: str
    axis: int = -1
    times: str = ""

    def owns(self) -> tuple[str, ...]:
        return (self.times,) if self.times else ()

    def write(self, p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
        size = ctx.input_shapes[0][self.axis] if ctx.input_shapes and ctx.input_shapes[0] else None
        if not isinstance(size, int):
            raise Unmappable("the size of the input's last axis must be known", size)
        bag.put(self.key, size * p[self.times] if self.times else size)


@dataclass(frozen=True, slots=True)
class Sizes(Lens):
    """A size for each axis: one number where all are alike; omitted where that is the ``default``."""

    param: str
    key: str
    default: int | None = None

    def owns(self) -> tuple[str, ...]:
        return (self.param,)

    def write(self, p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
        value = spread(p[self.param])
        if self.default is None or value != self.default:
            bag.put(self.key, value)


def spread(sizes: Sequence[int]) -> Any:
    """One number for axes that are alike."""
    return sizes[0] if len(set(sizes)) == 1 else tuple(sizes)


@dataclass(frozen=True, slots=True)
class Borders(Lens):
    """Cells around the spatial axes as ``F.pad`` takes them: the last axis first. ``sign`` -1 cuts them off."""

    param: str
    sign: int = 1

    def owns(self) -> tuple[str, ...]:
        return (self.param,)

    def write(self, p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
        sides = p[self.param]
        bag.put("pad", last_first([sides] if isinstance(sides[0], int) else sides, self.sign))


def last_first(sides: Sequence[Sequence[int]], sign: int = 1) -> tuple[int, ...]:
    """((top, bottom), (left, right)) -> (left, right, top, bottom)."""
    return tuple(sign * cells for side in reversed(sides) for cells in side)


@dataclass(frozen=True, slots=True)
class ConvPads(Lens):
    """``padding`` of a convolution where it is alike on both sides, else zeros put around its input before."""

    def owns(self) -> tuple[str, ...]:
        return ("padding",)

    def write(self, p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
        sides = p["padding"]
        kernel, dilation = p["kernel_size"], p["dilation_rate"]
        if sides == "valid":
            return
        if sides == "causal":
            sides = [((size - 1) * step, 0) for size, step in zip(kernel, dilation, strict=True)]
        if sides == "same":
            sides = same_pads(kernel, p["strides"], dilation, ctx)
        if sides is None:
            bag.put(PAD_SAME, (tuple(kernel), tuple(p["strides"]), tuple(dilation)))
        elif any(before != after for before, after in sides):
            bag.put(PAD, last_first(sides))
        elif any(before for before, _ in sides):
            bag.put("padding", spread([before for before, _ in sides]))


@dataclass(frozen=True, slots=True)
class PoolPads(Lens):
    """``padding`` and ``ceil_mode`` of a pool.

    PyTorch pads both sides alike and by half of the window at most. Other paddings are put around the input before;
    where they must not count in a mean, the mean is worked out by a function that counts real cells.
    """

    counts: bool = False

    def owns(self) -> tuple[str, ...]:
        return ("padding", "ceil_mode", *(("count_include_pad",) if self.counts else ()))

    def write(self, p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
        sides, window = p["padding"], p["pool_size"]
        if sides == "same":
            sides = same_pads(window, p["strides"], (1,) * len(window), ctx)
            if sides is None:
                bag.put(PAD_SAME, (tuple(window), tuple(p["strides"]), (1,) * len(window)))
                if self.counts:
                    bag.put(AVERAGE, False)
                return
        if sides == "valid":
            sides = ((0, 0),) * len(window)
        plain = all(a == b and 2 * a <= size for (a, b), size in zip(sides, window, strict=True))
        if plain:
            self._plain(p, bag, [before for before, _ in sides])
            return
        ends = self._ends(p, sides, ctx)
        bag.put(PAD, last_first([(before, end) for (before, _), end in zip(sides, ends, strict=True)]))
        if self.counts:
            bag.put(AVERAGE, last_first(sides) if p["count_include_pad"] else False)

    def _plain(self, p: Mapping[str, Any], bag: Bag, cells: Sequence[int]) -> None:
        if any(cells):
            bag.put("padding", spread(cells))
        if p["ceil_mode"]:
            bag.put("ceil_mode", True)
        if self.counts and (any(cells) or p["ceil_mode"]) and not p["count_include_pad"]:
            bag.put("count_include_pad", False)

    def _ends(self, p: Mapping[str, Any], sides: Any, ctx: Context) -> list[int]:
        """Cells at the end with which as many windows fit without rounding."""
        if not p["ceil_mode"]:
            return [after for _, after in sides]
        found = []
        for axis, (before, _) in enumerate(sides):
            size, count = ctx.input_shapes[0][axis], ctx.output_shapes[0][axis]
            if not isinstance(size, int) or not isinstance(count, int):
                raise Unmappable("unlike padding with ceil_mode needs a known input size", None, "padding")
            found.append(max((count - 1) * p["strides"][axis] + p["pool_size"][axis] - size - before, 0))
        return found


@dataclass(frozen=True, slots=True)
class SpatialDims(Lens):
    """All axes but batch and channels, where these are the first two."""

    rank: int

    def write(self, p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
        bag.put("dim", spread([*range(2, 2 + self.rank)]))


@dataclass(frozen=True, slots=True)
class Dims(Lens):
    """One or more axes through the layout label; in the order of the parameter's sorted spec axes."""

    param: str
    key: str

    def owns(self) -> tuple[str, ...]:
        return (self.param,)

    def write(self, p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
        label, axes = ctx.label, p[self.param]
        if label is None:
            raise Unmappable("the rank of the input must be known", None, self.param)
        each = axes if isinstance(axes, list | tuple) else (axes,)
        found = [label.index(axis % len(label)) for axis in sorted(axis % len(label) for axis in each)]
        bag.put(self.key, found[0] if len(found) == 1 else tuple(found))


@dataclass(frozen=True, slots=True)
class Put(Lens):
    """An argument that follows from the parameters, by a function; ``params`` are those that it speaks for."""

    key: str
    value: Callable[[Mapping[str, Any], Context], Any]
    params: tuple[str, ...] = ()

    def owns(self) -> tuple[str, ...]:
        return self.params

    def write(self, p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
        bag.put(self.key, self.value(p, ctx))


class Complement:
    """1 - x: PyTorch's momentum is the share of the new value."""

    def read(self, value: float) -> float:
        """The inverse is the same."""
        return self.write(value)

    def write(self, value: float) -> float:
        """0.99 -> 0.01, without what floating point adds."""
        return round(1 - value, 12)


@dataclass(frozen=True, slots=True)
class OneAxis(Lens):
    """A shape that must have one axis, or be left to the input."""

    param: str

    def owns(self) -> tuple[str, ...]:
        return (self.param,)

    def refuses(self, p: Mapping[str, Any]) -> Unmappable | None:
        if p[self.param] is None or len(p[self.param]) == 1:
            return None
        return Unmappable(f"{self.param} must have one axis in this format", p[self.param], self.param)


@dataclass(frozen=True, slots=True)
class WholeSamples(Lens):
    """A ``noise_shape`` that drops whole samples: null, then ones."""

    def owns(self) -> tuple[str, ...]:
        return ("noise_shape",)

    def refuses(self, p: Mapping[str, Any]) -> Unmappable | None:
        shape = p["noise_shape"]
        if shape is not None and len(shape) > 1 and shape[0] is None and all(size == 1 for size in shape[1:]):
            return None
        return Unmappable("noise_shape must be null, or null and ones, in this format", shape, "noise_shape")


@dataclass(frozen=True, slots=True)
class HeadsAsRows:
    """A kernel (features, heads, size), or (heads, size, features) where heads are joined, as (out, in) of a Linear.

    A bias (heads, size) is one row.
    """

    heads: str
    """The parameter with their number."""
    is_bias: bool
    joined: bool = False

    def write(self, x: Array, p: Mapping[str, Any]) -> Array:
        """Towards PyTorch."""
        if self.is_bias:
            return x.reshape(-1)  # that of joined heads has one axis already
        matrix = x.reshape(-1, x.shape[-1]) if self.joined else x.reshape(x.shape[0], -1)
        return matrix.T

    def read(self, x: Array, p: Mapping[str, Any]) -> Array:
        """The inverse."""
        heads = p[self.heads]
        if self.is_bias:
            return x if self.joined else x.reshape(heads, -1)
        if self.joined:
            return x.T.reshape(heads, -1, x.shape[0])
        return x.T.reshape(x.shape[1], heads, -1)
