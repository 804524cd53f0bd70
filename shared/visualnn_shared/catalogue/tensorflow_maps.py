"""What maps to TensorFlow's operators share. Attributes are as the format's reader and writer give and take them:
strides, windows and paddings of the spatial axes alone, as if pictures, sequences and volumes had no other axes.

An operator that begins with ``@`` is a template of several nodes (``formats/tensorflow/templates.py``).
"""
# ruff: noqa: ARG001, ARG002  (a lens takes what every lens takes)

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from visualnn_shared.catalogue.caffe_maps import LINEAR
from visualnn_shared.catalogue.lenses import Around, At, Fn, FromWeight, HasWeight, Is, Lens, Map, Only, Sets, Training
from visualnn_shared.catalogue.maps import Bag, Context, Unmappable
from visualnn_shared.catalogue.window_lenses import Ints, over

HINT = "TensorFlow pads convolutions of pictures and max pools by cells; elsewhere give 'same' or 'valid'"


@dataclass(frozen=True, slots=True)
class TensorFlowPads(Lens):
    """``padding``: SAME and VALID are Keras' own; EXPLICIT with cells where the operator takes it (``cells``)."""

    cells: bool = False

    def owns(self) -> tuple[str, ...]:
        return ("padding",)

    def read(self, bag: Bag, p: dict[str, Any], ctx: Context) -> None:
        word, cells = bag.one("padding"), bag.many("explicit_paddings")
        if word in ("SAME", "VALID"):
            p["padding"] = word.lower()
        elif word == "EXPLICIT" and len(cells) % 2 == 0:
            p["padding"] = [cells[i : i + 2] for i in range(0, len(cells), 2)]
        else:
            raise Unmappable("padding must be SAME, VALID or EXPLICIT", word, "padding")

    def write(self, p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
        padding = p["padding"]
        if padding == "causal":
            padding = [((size - 1) * step, 0) for size, step in zip(p["kernel_size"], p["dilation_rate"], strict=True)]
        if isinstance(padding, str):
            bag.put("padding", padding.upper())
            return
        if not self.cells:
            raise Unmappable("padding must be 'same' or 'valid' in this format", padding, "padding", hint=HINT)
        bag.put("padding", "EXPLICIT")
        bag.put("explicit_paddings", [cell for side in padding for cell in side])


def _read_kernel(bag: Bag, p: dict[str, Any], ctx: Context) -> None:
    """The kernel (*sizes, in / groups, out) over ``in`` channels -> kernel_size, groups."""
    shape = ctx.tensors.get("kernel", ())
    channels = ctx.input_shapes[0][-1] if ctx.input_shapes else None
    p["kernel_size"] = list(shape[:-2])
    if isinstance(channels, int) and len(shape) > 2 and shape[-2] and channels % shape[-2] == 0:
        p["groups"] = channels // shape[-2]


def _say_nothing(p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
    """The kernel's own shape says it."""


def _read_depthwise(bag: Bag, p: dict[str, Any], ctx: Context) -> None:
    """The kernel (*sizes, in, multiplier) -> kernel_size."""
    p["kernel_size"] = list(ctx.tensors.get("kernel", ())[:-2])


BIASED = (HasWeight("use_bias", "bias"), LINEAR, Training())
BLOBS = (("kernel",), ("bias",))


def _window(rank: int, *, cells: bool) -> tuple[Lens, ...]:
    return (
        Ints("strides", "strides", (1,) * rank),
        Ints("dilation_rate", "dilations", (1,) * rank),
        TensorFlowPads(cells=cells),
    )


def tensorflow_convolution(rank: int) -> list[Map]:
    """Conv2D, of sequences too; Conv3D, which has no padding by cells."""
    kernel = Fn(("kernel_size", "groups"), _read_kernel, _say_nothing)
    lenses = [*_window(rank, cells=rank < 3), kernel, FromWeight("filters", "kernel", -1), *BIASED]
    return [Map("Conv3D" if rank == 3 else "Conv2D", lenses, blobs=BLOBS, when=over(rank), around="convolution")]


def tensorflow_depthwise(rank: int) -> list[Map]:
    """DepthwiseConv2dNative, of sequences too."""
    kernel = Fn(("kernel_size",), _read_depthwise, _say_nothing)
    lenses = [*_window(rank, cells=True), kernel, FromWeight("depth_multiplier", "kernel", -1), *BIASED]
    return [Map("DepthwiseConv2dNative", lenses, blobs=BLOBS, when=over(rank), around="convolution")]


def tensorflow_pool(how: str, rank: int) -> list[Map]:
    """MaxPool and AvgPool, of sequences too; averages leave padding out."""
    lenses: list[Lens] = [
        Ints("pool_size", "ksize"), Ints("strides", "strides"), TensorFlowPads(cells=how == "Max" and rank < 3),
        Sets("ceil_mode", value=False),
    ]  # fmt: skip
    if how == "Avg":
        lenses.append(Only("count_include_pad", (False,)))
    return [Map(f"{how}Pool{'3D' * (rank == 3)}", lenses, when=over(rank), around="pool")]


_ACTIVATIONS: Mapping[str, tuple[str, tuple[Lens, ...]]] = {
    "linear": ("Identity", ()),
    "relu": ("Relu", ()),
    "relu6": ("Relu6", ()),
    "leaky_relu": ("LeakyRelu", (Is("alpha", 0.2, 0.2),)),
    "elu": ("Elu", ()),
    "selu": ("Selu", ()),
    "sigmoid": ("Sigmoid", ()),
    "tanh": ("Tanh", ()),
    "softmax": ("Softmax", ()),
    "log_softmax": ("LogSoftmax", ()),
    "softplus": ("Softplus", ()),
    "softsign": ("Softsign", ()),
    "exponential": ("Exp", ()),
    "hard_tanh": ("@Clip", (Is("min", -1.0), Is("max", 1.0))),
    "celu": ("@Celu", ()),
    "gelu": ("@Gelu", ()),
    "silu": ("@Silu", ()),
    "mish": ("@Mish", ()),
    "hard_sigmoid": ("@HardSigmoid", ()),
    "hard_silu": ("@HardSwish", ()),
    "log_sigmoid": ("@LogSigmoid", ()),
    "tanh_shrink": ("@TanhShrink", ()),
    "soft_shrink": ("@SoftShrink", ()),
    "hard_shrink": ("@HardShrink", ()),
    "sparse_sigmoid": ("@SparseSigmoid", ()),
    "squareplus": ("@Squareplus", ()),
    "sparse_plus": ("@SparsePlus", ()),
}


def tensorflow_activations() -> list[Map]:
    """One map for each function; layers of their own are canonical for reading theirs."""
    return [Map(op, (Sets("activation", name), *lenses)) for name, (op, lenses) in _ACTIVATIONS.items()]


def tensorflow_function(name: str) -> list[Map]:
    """The map of a layer type that is one of Activation's functions, which reads it."""
    if name not in _ACTIVATIONS:
        return []
    op, lenses = _ACTIVATIONS[name]
    return [Map(op, lenses, reads=False)]


def tensorflow_passes_on(*training: str) -> list[Map]:
    """Layers that do nothing outside training."""
    return [Map("Identity", [Training(training)], reads=False)]


def tensorflow_composed(around: str, *said: str, training: Sequence[str] = ()) -> list[Map]:
    """A layer of many nodes, which the format's function ``around`` writes, and marks so that it is read back.

    It says the parameters ``said``; ``training`` names further ones that act in training only.
    """
    return [Map("IdentityN", [Around(said), Training(tuple(training))], around=around, reads=False)]


_NO_SLOPE, _NO_THRESHOLD = Only("negative_slope", (0.0,)), Only("threshold", (0.0,))
TENSORFLOW_RELU = (
    Map("Relu", [Only("max_value", (None,)), _NO_SLOPE, _NO_THRESHOLD]),
    Map("Relu6", [Sets("max_value", 6.0), _NO_SLOPE, _NO_THRESHOLD]),
    Map("@Clip", [Is("min", 0.0), At("max_value", "max"), _NO_SLOPE, _NO_THRESHOLD]),
    Map("@ThresholdedRelu", [At("threshold", "theta"), Only("max_value", (None,)), _NO_SLOPE]),
    Map("LeakyRelu", [At("negative_slope", "alpha", 0.2), Only("max_value", (None,)), _NO_THRESHOLD], reads=False),
    Map("@ReluSlope", [At("negative_slope", "slope"), At("threshold", "theta"), Only("max_value", (None,))]),
    Map("@ReluSlopeMax", [At("negative_slope", "slope"), At("threshold", "theta"), At("max_value", "max")]),
)


# TensorFlow LRN: x / (bias + alpha * sum over 2 depth_radius + 1 channels) ** beta; ours divides alpha by that number.
def _read_radius(bag: Bag, p: dict[str, Any], ctx: Context) -> None:
    """depth_radius: 2 alpha: 2e-5 -> local_size 5, alpha 1e-4."""
    size = 2 * int(bag.one("depth_radius", 5)) + 1
    p["local_size"], p["alpha"] = size, float(f"{bag.one('alpha', 1.0) * size:.7g}")


def _write_radius(p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
    """local_size 5, alpha 1e-4 -> depth_radius: 2 alpha: 2e-5."""
    bag.put("depth_radius", (p["local_size"] - 1) // 2)
    bag.put("alpha", p["alpha"] / p["local_size"])


TENSORFLOW_LRN = Map("LRN", [
    Fn(("local_size", "alpha"), _read_radius, _write_radius), At("beta", "beta", 0.5), At("k", "bias", 1.0),
    Only("norm_region", ("ACROSS_CHANNELS",)),
])  # fmt: skip
