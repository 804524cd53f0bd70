"""What maps to Caffe share: fillers, and the lenses of its odd layers. Field names are those of Caffe's schema."""
# ruff: noqa: ARG001, ARG002  (a lens takes what every lens takes)

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from visualnn_shared.catalogue.lenses import Drop, Harmless, Only, Training
from visualnn_shared.catalogue.maps import Bag, Context, Lens, Unmappable, Word, same

LINEAR = Only("activation", ("linear",))
ENGINE = Drop(("engine",))


def _scaling(scale: float, mode: str, distribution: str) -> dict[str, Any]:
    return {"name": "variance_scaling", "scale": scale, "mode": mode, "distribution": distribution}


_NORMS = {"FAN_IN": "fan_in", "FAN_OUT": "fan_out", "AVERAGE": "fan_avg"}
# filler type, its variance_norm -> our initialiser. Caffe's xavier is uniform with variance 1/n, msra normal with 2/n.
_SCALED: dict[tuple[str, str], Any] = {
    ("xavier", "FAN_IN"): "lecun_uniform",
    ("xavier", "AVERAGE"): "glorot_uniform",
    ("xavier", "FAN_OUT"): _scaling(1.0, "fan_out", "uniform"),
    **{("msra", norm): _scaling(2.0, mode, "untruncated_normal") for norm, mode in _NORMS.items()},
}


@dataclass(frozen=True, slots=True)
class Filler(Lens):
    """An initialiser as a filler message.

    ``default`` is what no filler means. Without it, no filler leaves the spec's own default: a file without fillers is
    most often one whose weights come from elsewhere, and Caffe's zeros would not train; so a filler is always written.
    """

    param: str
    key: str
    default: Any = None

    def owns(self) -> tuple[str, ...]:
        return (self.param,)

    def loses(self, p: Mapping[str, Any]) -> list[str]:
        return [] if _filler(p[self.param]) is not None else [self.param]

    def instead(self) -> dict[str, Any]:
        return {} if self.default is None else {self.param: self.default}

    def read(self, bag: Bag, p: dict[str, Any], ctx: Context) -> None:
        filler = bag.peek(self.key)
        if filler is None and self.default is not None:
            p[self.param] = self.default
        if not isinstance(filler, Bag):
            return
        found = _initializer(filler)
        if found is not None:  # an unknown filler stays in the bag, and is reported as not understood
            bag.one(self.key)
            p[self.param] = found

    def write(self, p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
        filler = _filler(p[self.param])
        if filler is not None and not (self.default is not None and same(p[self.param], self.default)):
            bag.put(self.key, filler)


def _initializer(filler: Bag) -> Any:
    """Filler message -> initialiser; None for types that have no counterpart."""
    kind = filler.one("type", "constant")
    if kind == "constant":
        value = filler.one("value", 0)
        return {0: "zeros", 1: "ones"}.get(value, {"name": "constant", "value": value})
    if kind == "gaussian":
        return {"name": "random_normal", "mean": filler.one("mean", 0), "stddev": filler.one("std", 1)}
    if kind == "uniform":
        return {"name": "random_uniform", "minval": filler.one("min", 0), "maxval": filler.one("max", 1)}
    return _SCALED.get((str(kind), str(filler.one("variance_norm", "FAN_IN"))))


def _filler(value: Any) -> dict[str, Any] | None:
    """Initialiser -> filler message; None for those that have no counterpart."""
    name, params = (value, {}) if isinstance(value, str) else (value["name"], value)
    if "seed" in params:
        return None
    if name in ("zeros", "ones", "constant"):
        number = {"zeros": 0, "ones": 1}.get(name, params.get("value", 0.0))
        return {"type": "constant", "value": number}
    if name == "random_normal":
        return {"type": "gaussian", "mean": params.get("mean", 0.0), "std": params.get("stddev", 0.05)}
    if name == "random_uniform":
        return {"type": "uniform", "min": params.get("minval", -0.05), "max": params.get("maxval", 0.05)}
    for (kind, norm), known in _SCALED.items():
        if _equal(known, value):
            return {"type": kind} if norm == "FAN_IN" else {"type": kind, "variance_norm": Word(norm)}
    return None


_SCALING_DEFAULTS = {"scale": 1.0, "mode": "fan_in", "distribution": "truncated_normal"}


def _equal(known: Any, value: Any) -> bool:
    """Whether two initialisers are the same, defaults filled in."""
    if isinstance(known, str) or isinstance(value, str):
        return bool(known == value)
    return {**_SCALING_DEFAULTS, **known} == {**_SCALING_DEFAULTS, **value}


FILLERS: tuple[Lens, ...] = (
    Filler("kernel_initializer", "weight_filler"),
    Filler("bias_initializer", "bias_filler", "zeros"),
    Training(),
)
CONVOLUTION: tuple[Lens, ...] = (ENGINE, Harmless("axis", (1,)), Harmless("force_nd_im2col", (False,)))


def read_depthwise(bag: Bag, p: dict[str, Any], ctx: Context) -> None:
    """num_output: 2C group: C -> depth_multiplier 2."""
    outputs, groups = bag.one("num_output"), bag.one("group", 1)
    if not isinstance(outputs, int) or not isinstance(groups, int) or groups < 1 or outputs % groups:
        raise Unmappable("num_output must be a multiple of group", outputs, line=bag.line("num_output"))
    p["depth_multiplier"] = outputs // groups


def write_depthwise(p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
    """depth_multiplier 2 over C channels -> num_output: 2C group: C."""
    channels = ctx.input_shapes[0][-1] if ctx.input_shapes else None
    if not isinstance(channels, int):
        raise Unmappable("the number of input channels must be known", None, "depth_multiplier")
    bag.put("num_output", channels * p["depth_multiplier"])
    bag.put("group", channels)


def is_depthwise(bag: Bag, ctx: Context) -> bool:
    """A convolution with as many groups as input channels, and more than one."""
    channels = ctx.input_shapes[0][-1] if ctx.input_shapes and ctx.input_shapes[0] else None
    return isinstance(channels, int) and channels > 1 and bag.peek("group") == channels


# Caffe: the mean of a window counts its own pad, but no cells beyond it. Spec: count_include_pad.
def read_count(bag: Bag, p: dict[str, Any], ctx: Context) -> None:
    """A pad -> it counts; none -> the default, because it makes no difference."""
    if p.get("padding", "valid") != "valid":
        p["count_include_pad"] = True


def write_count(p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
    """Padding that does not count cannot be said."""
    padded = p["padding"] == "same" or (p["padding"] != "valid" and any(cell for side in p["padding"] for cell in side))
    if padded and not p["count_include_pad"]:
        raise Unmappable(
            "count_include_pad must be true where there is padding: Caffe counts it", False, "count_include_pad"
        )


# Caffe: prelu_param { channel_shared: bool }, one slope a channel by default. Spec: shared_axes, counted from 1.
def read_shared(bag: Bag, p: dict[str, Any], ctx: Context) -> None:
    """channel_shared -> every axis shared; else all but the channels."""
    shared, rank = bag.one("channel_shared", False), ctx.rank
    if rank is not None:
        axes = list(range(1, rank if shared else rank - 1))
        p["shared_axes"] = axes or None


def write_shared(p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
    """shared_axes must be all axes, or all but the channels."""
    rank = ctx.rank or 2
    axes = sorted(p["shared_axes"] or ())
    if axes == list(range(1, rank)):
        bag.put("channel_shared", True)
    elif axes != list(range(1, rank - 1)):
        allowed = f"{list(range(1, rank - 1))} (one slope a channel) or {list(range(1, rank))}"
        rule = f"shared_axes must be {allowed} in this format"
        raise Unmappable(rule, p["shared_axes"], "shared_axes")


# Caffe: reshape_param { shape { dim: 0 dim: 4 dim: -1 } }, batch first, 0 copies. Spec: target_shape without the batch.
def read_target(bag: Bag, p: dict[str, Any], ctx: Context) -> None:
    """Dimensions behind the batch; 0 copies the input's."""
    shape = bag.one("shape")
    dims = shape.many("dim") if isinstance(shape, Bag) else []
    line = bag.line("shape")
    if len(dims) < 2 or dims[0] != 0 or not all(isinstance(dim, int) for dim in dims):
        raise Unmappable("shape must keep the batch axis: its first dim must be 0", dims, "target_shape", line)
    sizes = list(ctx.input_shapes[0]) if ctx.input_shapes and ctx.input_shapes[0] is not None else []
    target = []
    for position, dim in enumerate(dims[1:]):
        known = sizes[position] if position < len(sizes) else None
        if dim == 0 and not isinstance(known, int):
            raise Unmappable("a dim of 0 must copy a known size", dims, "target_shape", line)
        target.append(known if dim == 0 else dim)
    p["target_shape"] = target


def write_target(p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
    """The batch is copied."""
    bag.put("shape", {"dim": [0, *p["target_shape"]]})


def equal_shares(bag: Bag, ctx: Context) -> bool:
    """Coefficients that make a sum the mean."""
    factors, count = bag.many_peek("coeff"), len(ctx.input_shapes)
    return count > 1 and factors == [1 / count] * count


def is_difference(bag: Bag, ctx: Context) -> bool:
    """Coefficients 1 and -1."""
    return bag.many_peek("coeff") == [1, -1]


def read_coefficients(bag: Bag, p: dict[str, Any], ctx: Context) -> None:
    """Absent, or all one, is none."""
    factors = bag.many("coeff")
    if any(factor != 1 for factor in factors):
        p["coefficients"] = factors


def write_coefficients(p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
    """None is left out."""
    if p["coefficients"] is not None:
        bag.put("coeff", list(p["coefficients"]))


def write_shares(p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
    """The mean as a sum of equal shares."""
    count = len(ctx.input_shapes) or 2
    bag.put("coeff", [1 / count] * count)


def write_difference(p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
    """The difference as a sum."""
    bag.put("coeff", [1.0, -1.0])


def take_coefficients(bag: Bag, p: dict[str, Any], ctx: Context) -> None:
    """They chose the map."""
    bag.many("coeff")


def has_concat_dim(bag: Bag, ctx: Context) -> bool:
    """The older name of the axis."""
    return "concat_dim" in bag
