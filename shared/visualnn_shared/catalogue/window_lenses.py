"""Lenses for what slides over spatial axes: kernels, strides, paddings."""
# ruff: noqa: ARG002  (a lens takes what every lens takes)

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from visualnn_shared.catalogue.maps import Bag, Context, Lens, Unmappable, same


@dataclass(frozen=True, slots=True)
class Pair(Lens):
    """Caffe's ``[h, w]``: a repeated field (one value for both, or two), or ``<short>_h`` and ``<short>_w``."""

    param: str
    key: str
    default: int | None = None
    short: str = ""

    def owns(self) -> tuple[str, ...]:
        return (self.param,)

    def read(self, bag: Bag, p: dict[str, Any], ctx: Context) -> None:
        values = read_pair(bag, self.key, self.short or self.key, self.param)
        if values is None and self.default is not None:
            values = [self.default, self.default]
        if values is not None:
            p[self.param] = values

    def write(self, p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
        write_pair(bag, self.key, self.short or self.key, p[self.param], self.default)


def read_pair(bag: Bag, key: str, short: str, param: str) -> list[int] | None:
    """The two values, or None where the file says nothing."""
    height, width = f"{short}_h", f"{short}_w"
    if height in bag or width in bag:
        values = [bag.one(height), bag.one(width)]
        line = bag.line(height) or bag.line(width)
        if None in values:
            raise Unmappable(f"{height} and {width} must be given together", values, param, line)
    else:
        values, line = bag.many(key), bag.line(key)
        if not values:
            return None
        if len(values) == 1:
            values *= 2
    if len(values) != 2 or not all(isinstance(value, int) and not isinstance(value, bool) for value in values):
        raise Unmappable(f"{key} must be one or two integers", values, param, line)
    return values


def write_pair(bag: Bag, key: str, short: str, pair: Any, default: int | None) -> None:
    """One field where both are equal, ``_h`` and ``_w`` else; nothing where it is the format's default."""
    height, width = pair
    if height != width:
        bag.put(f"{short}_h", height)
        bag.put(f"{short}_w", width)
    elif height != default:
        bag.put(key, height)


@dataclass(frozen=True, slots=True)
class Ints(Lens):
    """A list of integers (ONNX): ``default`` is the format's."""

    param: str
    key: str
    default: tuple[int, ...] | None = None

    def owns(self) -> tuple[str, ...]:
        return (self.param,)

    def read(self, bag: Bag, p: dict[str, Any], ctx: Context) -> None:
        if self.key in bag:
            p[self.param] = bag.many(self.key)
        elif self.default is not None:
            p[self.param] = list(self.default)

    def write(self, p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
        if self.default is None or not same(p[self.param], self.default):
            bag.put(self.key, [int(value) for value in p[self.param]])


@dataclass(frozen=True, slots=True)
class CaffePads(Lens):
    """``pad`` or ``pad_h`` and ``pad_w``: the same on both sides of an axis. ``same`` has been made explicit before."""

    def owns(self) -> tuple[str, ...]:
        return ("padding",)

    def read(self, bag: Bag, p: dict[str, Any], ctx: Context) -> None:
        pair = read_pair(bag, "pad", "pad", "padding") or [0, 0]
        p["padding"] = "valid" if pair == [0, 0] else [[pair[0]] * 2, [pair[1]] * 2]

    def write(self, p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
        padding = p["padding"]
        if padding == "valid":
            return
        if padding == "same":
            raise Unmappable("padding must be computable: it needs a known input size", padding, "padding")
        (top, bottom), (left, right) = padding
        if top != bottom or left != right:
            hint = "Caffe pads both sides alike; pad 'same' with stride 2 is unlike on even sizes"
            raise Unmappable(
                "padding must be the same on both sides of an axis in this format", padding, "padding", hint=hint
            )
        write_pair(bag, "pad", "pad", (top, left), 0)


@dataclass(frozen=True, slots=True)
class OnnxPads(Lens):
    """``pads``, all begins before all ends; ``auto_pad`` where the size that ``same`` depends on is unknown.

    ONNX Runtime refuses ``SAME_UPPER`` with a dilation, so explicit pads are written whenever they can be computed.
    ``kernel`` and ``dilation`` name the layer's parameters; ``rank`` is the number of spatial axes.
    """

    kernel: str = "kernel_size"
    dilation: str = ""
    rank: int = 2

    def owns(self) -> tuple[str, ...]:
        return ("padding",)

    def read(self, bag: Bag, p: dict[str, Any], ctx: Context) -> None:
        auto = bag.one("auto_pad", "NOTSET")
        if auto in ("SAME_UPPER", "VALID"):
            p["padding"] = "same" if auto == "SAME_UPPER" else "valid"
            return
        if auto != "NOTSET":
            raise Unmappable("auto_pad must be NOTSET, VALID or SAME_UPPER", auto, "padding", bag.line("auto_pad"))
        pads = bag.many("pads") or [0] * 2 * self.rank
        if len(pads) != 2 * self.rank:
            raise Unmappable(f"pads must be {2 * self.rank} integers", pads, "padding", bag.line("pads"))
        begins, ends = pads[: self.rank], pads[self.rank :]
        p["padding"] = [list(side) for side in zip(begins, ends, strict=True)] if any(pads) else "valid"

    def write(self, p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
        padding = p["padding"]
        dilation = p[self.dilation] if self.dilation else (1,) * self.rank
        if padding == "causal":
            padding = [((size - 1) * step, 0) for size, step in zip(p[self.kernel], dilation, strict=True)]
        if padding == "same":
            padding = same_pads(p[self.kernel], p["strides"], dilation, ctx)
            if padding is None:
                if any(step != 1 for step in dilation):
                    rule = "padding must be computable: 'same' with strides and a dilation needs a known input size"
                    raise Unmappable(rule, "same", "padding")
                bag.put("auto_pad", "SAME_UPPER")
                return
        if padding == "valid":
            return
        pads = [before for before, _ in padding] + [after for _, after in padding]
        if any(pads):
            bag.put("pads", pads)


@dataclass(frozen=True, slots=True)
class OnnxPool(OnnxPads):
    """``pads`` and ``ceil_mode`` of a pool.

    Rounding up is written as padding at the end where sizes are known: tools disagree on whether a last window counts
    that would start in the padding. Padding is never compared, and averaged only where it counts: then the flag is
    written, because what lies beyond the layer's own padding must not count.
    """

    def owns(self) -> tuple[str, ...]:
        return ("padding", "ceil_mode")

    def read(self, bag: Bag, p: dict[str, Any], ctx: Context) -> None:
        OnnxPads.read(self, bag, p, ctx)
        p["ceil_mode"] = bool(bag.one("ceil_mode", 0))

    def write(self, p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
        ends = _ends(p, ctx) if p["ceil_mode"] else None
        if ends is not None:
            p = {**p, "padding": ends}
        elif p["ceil_mode"]:
            bag.put("ceil_mode", 1)
        OnnxPads.write(self, p, bag, ctx)


def _ends(p: Mapping[str, Any], ctx: Context) -> list[list[int]] | None:
    """The padding with which as many windows fit without rounding; None where it is not known, or would count."""
    if not ctx.input_shapes or not ctx.output_shapes:
        return None
    rank = len(p["pool_size"])
    sides = ((0, 0),) * rank if isinstance(p["padding"], str) else p["padding"]
    if p.get("count_include_pad") and any(cell for side in sides for cell in side):
        return None
    found = []
    for axis in range(rank):
        size, count, before = ctx.input_shapes[0][axis], ctx.output_shapes[0][axis], sides[axis][0]
        if not isinstance(size, int) or not isinstance(count, int):
            return None
        found.append([before, max((count - 1) * p["strides"][axis] + p["pool_size"][axis] - size - before, 0)])
    return found


def same_pads(kernel: Any, strides: Any, dilation: Any, ctx: Context) -> list[list[int]] | None:
    """The cells that ``same`` adds, [before, after] for each axis; None where a size it depends on is unknown.

    TensorFlow's rule: out = ceil(n / s), total = max((out - 1) s + (k - 1) d + 1 - n, 0), the odd cell at the end.
    """
    sizes = ctx.input_shapes[0] if ctx.input_shapes else None
    pads = []
    for axis in range(len(kernel)):
        span, stride = (kernel[axis] - 1) * dilation[axis] + 1, strides[axis]
        size = sizes[axis] if sizes is not None else None
        if stride == 1:
            total = span - 1
        elif isinstance(size, int):
            total = max((-(-size // stride) - 1) * stride + span - size, 0)
        else:
            return None
        pads.append([total // 2, total - total // 2])
    return pads


Condition = Callable[[Bag, Context], bool]


def over(rank: int, also: Condition | None = None) -> Condition | None:
    """The condition that the first input is known to have ``rank`` spatial axes, and ``also`` holds.

    None for pictures without ``also``: what is not known to be a sequence or a volume is read as a picture.
    """
    if rank == 2 and also is None:
        return None

    def fits(bag: Bag, ctx: Context) -> bool:
        return ctx.rank == rank + 2 and (also is None or also(bag, ctx))

    return fits
