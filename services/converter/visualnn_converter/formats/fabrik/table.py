"""Fabrik's layer types as ours. Names are those of its documents; spatial axes are called w, or h and w, or h, w, d."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from visualnn_shared.catalogue.kinds import Refused
from visualnn_shared.catalogue.maps import Unmappable
from visualnn_shared.catalogue.named import INITIALIZER

from visualnn_converter.formats.fabrik.source import Node

Sizes = Sequence[int | None]
Made = tuple[str, dict[str, Any]]
_AXES = {"1D": "w", "2D": "hw", "3D": "hwd"}
SOURCES = frozenset({"Input", "ImageData", "Data", "HDF5Data", "WindowData", "MemoryData", "DummyData"})
HEADS = {
    "SoftmaxWithLoss": ("Softmax", "categorical_crossentropy"),
    "SigmoidCrossEntropyLoss": ("Sigmoid", "binary_crossentropy"),
}
"""Losses with an activation inside: it stays, and the loss is told."""
ENDS = frozenset({
    "Accuracy", "EuclideanLoss", "HingeLoss", "ContrastiveLoss", "InfogainLoss", "MultinomialLogisticLoss",
    "HDF5Output", "Silence",
})  # fmt: skip
"""They measure or end training, and are no part of the net."""
WRAPPERS = frozenset({"Bidirectional", "TimeDistributed"})
"""They stand before the layer that they hold."""
HARMLESS = frozenset({
    "caffe", "inplace", "engine", "debug_info", "expose_hidden", "input_length", "use_global_stats", "layer_type",
    "trainable", "weight_filler", "bias_filler", "filler", "num_axes", "seed",
})  # fmt: skip
"""Parameters that say nothing of the net's answers; those that the table reads are taken before."""


@dataclass(frozen=True, slots=True)
class Plain:
    """A type whose parameters only have other names: theirs -> ours, and what is always so."""

    type: str
    numbers: Mapping[str, str]
    fixed: Mapping[str, Any]

    def __call__(self, node: Node, _ins: Sequence[Sizes]) -> Made:
        found = {ours: node.number(theirs) for theirs, ours in self.numbers.items() if node.raw(theirs) is not None}
        return self.type, {**self.fixed, **found}


def _plain(type: str, *same: str, **fixed: Any) -> Plain:
    return Plain(type, {name: name for name in same}, fixed)


def _function(name: str) -> Plain:
    return Plain("Activation", {}, {"activation": name})


def _window(node: Node, ins: Sequence[Sizes], *names: str) -> tuple[int, list[list[int]]]:
    """The number of spatial axes, and for each name its values: kernel, stride, ..."""
    rank = len(ins[0]) - 1 if ins and len(ins[0]) > 1 else 2
    axes = _AXES.get(node.word("layer_type", f"{rank}D"))
    if axes is None:
        raise Unmappable("layer_type must be 1D, 2D or 3D", node.params.get("layer_type"), "layer_type")
    least = {"stride": 1, "dilation": 1}
    found = [[node.integer(f"{name}_{axis}", least.get(name)) for axis in axes] for name in names]
    if min(min(values) for values in found) < 1:
        raise Unmappable(f"{', '.join(names)} must be at least 1", found)
    return len(axes), found


def _padding(node: Node, ins: Sequence[Sizes], kernel: list[int], stride: list[int], dilation: list[int]) -> Any:
    """Cells, or ``same`` where the document says so: by a word, by half cells, or by the shape that it recorded.

    Fabrik wrote half of what Keras' ``same`` adds, rounded down, so that cells alone can be one too few. Where only the
    shape says so, a pool of ``same`` and one that rounds up have the same windows; Caffe's is the latter.
    """
    word = node.word("padding", node.word("pad_type")).lower()
    cells = [node.number(f"pad_{axis}", 0) for axis in _AXES[f"{len(kernel)}D"]]
    if word in ("same", "valid"):
        return word
    if any(cell != int(cell) or cell < 0 for cell in cells):
        return "same"
    sizes = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    along = list(zip(ins[0], sizes, stride, cells, node.output[1:] if node.output else (), strict=False))
    known = [(n, k, s, p, out) for n, k, s, p, out in along if isinstance(n, int)]
    too_few = len(known) == len(kernel) and any((n + 2 * p - k) // s + 1 < out for n, k, s, p, out in known)
    caffes = node.type == "Pooling" and node.flag("caffe", False)
    if too_few and not caffes and all(-(-n // s) == out for n, _, s, _, out in known):
        return "same"
    return [[int(cell)] * 2 for cell in cells] if any(cells) else "valid"


def _filler(node: Node, key: str, default: str) -> Any:
    """An initialiser: Caffe's fillers and Keras' classes by name; their numbers were not kept."""
    name = node.word(key, default)
    known = {"xavier": "lecun_uniform", "msra": "he_normal", "gaussian": "random_normal", "constant": "zeros"}
    known |= {"uniform": "random_uniform", "VarianceScaling": "glorot_uniform", "Constant": "zeros"}
    try:
        return INITIALIZER.clean(known.get(name, name))
    except Refused:
        return default


def _weighty(node: Node) -> dict[str, Any]:
    found = {
        "use_bias": node.flag("use_bias", node.flag("bias_term", True)),
        "kernel_initializer": _filler(node, "weight_filler", "glorot_uniform"),
        "bias_initializer": _filler(node, "bias_filler", "zeros"),
    }
    return found if node.flag("trainable", True) else {**found, "trainable": False}


def _convolution(node: Node, ins: Sequence[Sizes]) -> Made:
    rank, (kernel, stride, dilation) = _window(node, ins, "kernel", "stride", "dilation")
    padding = _padding(node, ins, kernel, stride, dilation)
    params = {"filters": node.integer("num_output"), "kernel_size": kernel, "strides": stride, "padding": padding}
    groups = node.integer("group", 1)
    return f"Conv{rank}D", {**params, "dilation_rate": dilation, "groups": groups, **_weighty(node)}


def _depthwise(node: Node, ins: Sequence[Sizes]) -> Made:
    """What Fabrik calls so is Keras' SeparableConv2D."""
    rank, (kernel, stride, dilation) = _window(node, ins, "kernel", "stride", "dilation")
    node.taken.update(("depthwise_initializer", "pointwise_initializer", "bias_initializer"))
    return f"SeparableConv{rank}D", {
        "filters": node.integer("num_output"), "kernel_size": kernel, "strides": stride, "dilation_rate": dilation,
        "padding": _padding(node, ins, kernel, stride, dilation),
        "depth_multiplier": node.integer("depth_multiplier", 1), "use_bias": node.flag("use_bias", True),
    }  # fmt: skip


def _deconvolution(node: Node, ins: Sequence[Sizes]) -> Made:
    """Caffe's size is (n - 1) stride + reach - 2 pad; Keras has ``valid`` and ``same`` only."""
    rank, (kernel, stride, dilation) = _window(node, ins, "kernel", "stride", "dilation")
    word = node.word("padding").lower()
    cells = [node.number(f"pad_{axis}", 0) for axis in _AXES[f"{rank}D"]]
    if word not in ("same", "valid"):
        halves = [((k - 1) * d + 1 - s) / 2 for k, d, s in zip(kernel, dilation, stride, strict=True)]
        word = "same" if any(cells) and cells == halves else "valid"
        if any(cells) and word == "valid":
            raise Unmappable("pads must leave what padding 'valid' or 'same' leaves", cells, "pad_h")
    params = {"filters": node.integer("num_output"), "kernel_size": kernel, "strides": stride, "padding": word}
    return f"Conv{rank}DTranspose", {**params, "dilation_rate": dilation, **_weighty(node)}


def _pooling(node: Node, ins: Sequence[Sizes]) -> Made:
    """Caffe rounds up, Keras down: by the recorded shape, else by the mark that the layer is Caffe's."""
    rank, (kernel, stride) = _window(node, ins, "kernel", "stride")
    how = {"MAX": "Max", "0": "Max", "AVE": "Average", "1": "Average"}.get(node.word("pool", "MAX").upper())
    if how is None:
        raise Unmappable("pool must be MAX or AVE", node.params.get("pool"), "pool")
    padding = _padding(node, ins, kernel, stride, [1] * rank)
    caffe = node.flag("caffe", False)
    params: dict[str, Any] = {"pool_size": kernel, "strides": stride, "padding": padding}
    if padding != "same" and _rounds_up(node, ins, kernel, stride, padding, caffe):
        params["ceil_mode"] = True
    if how == "Average" and caffe and not isinstance(padding, str):
        params["count_include_pad"] = True
    return f"{how}Pooling{rank}D", params


def _rounds_up(
    node: Node, ins: Sequence[Sizes], kernel: list[int], stride: list[int], padding: Any, caffe: bool
) -> bool:
    outs = node.output[1:] if node.output else ()
    sizes = [n for n in ins[0][:-1] if isinstance(n, int)]
    if len(outs) != len(kernel) or len(sizes) != len(kernel):
        return caffe
    sides = [(0, 0)] * len(kernel) if padding == "valid" else padding
    down = [(n + sum(side) - k) // s + 1 for n, k, s, side in zip(sizes, kernel, stride, sides, strict=True)]
    return any(out > one for out, one in zip(outs, down, strict=True)) or (caffe and list(outs) != down)


def _locally(node: Node, ins: Sequence[Sizes]) -> Made:
    rank, (kernel, stride) = _window(node, ins, "kernel", "stride")
    filters = node.integer("filters", node.integer("num_output", 1))
    node.taken.update(("kernel_initializer", "bias_initializer"))
    use_bias = node.flag("use_bias", True)
    params = {"filters": filters, "kernel_size": kernel, "strides": stride, "use_bias": use_bias}
    return f"LocallyConnected{rank}D", params


def _upsample(node: Node, ins: Sequence[Sizes]) -> Made:
    rank, (size,) = _window(node, ins, "size")
    return f"UpSampling{rank}D", {"size": size[0] if rank == 1 else size}


def _pad(node: Node, ins: Sequence[Sizes]) -> Made:
    rank = len(ins[0]) - 1
    if "pad" in node.params:
        cells = node.integers("pad")
    else:
        cells = [node.integer(f"pad_{axis}", 0) for axis in _AXES.get(f"{rank}D", "hw")]
    sides = [[cell, cell] for cell in cells]
    return f"ZeroPadding{len(sides)}D", {"padding": sides[0] if len(sides) == 1 else sides}


def _dense(node: Node, _ins: Sequence[Sizes]) -> Made:
    return "Dense", {"units": node.integer("num_output"), **_weighty(node)}


def _embedding(node: Node, _ins: Sequence[Sizes]) -> Made:
    if node.flag("bias_term", False):
        raise Unmappable("bias_term must be false: an Embedding has no bias", True, "bias_term")
    params = {"input_dim": node.integer("input_dim"), "output_dim": node.integer("num_output")}
    return "Embedding", {**params, "mask_zero": node.flag("mask_zero", False)}


def _recurrent(type: str) -> Callable[[Node, Sequence[Sizes]], Made]:
    def made(node: Node, _ins: Sequence[Sizes]) -> Made:
        params: dict[str, Any] = {"units": node.integer("num_output"), "use_bias": node.flag("use_bias", True)}
        params |= {name: node.number(name, 0) for name in ("dropout", "recurrent_dropout")}
        params |= {name: node.flag(name, False) for name in ("return_sequences", "go_backwards")}
        if type != "SimpleRNN":
            params["recurrent_activation"] = node.word("recurrent_activation", "sigmoid")
        if type == "GRU":
            params["reset_after"] = False  # the only form of the Keras that Fabrik spoke to
        node.taken.update(("unit_forget_bias", "recurrent_initializer"))
        return type, params

    return made


def _relu(node: Node, _ins: Sequence[Sizes]) -> Made:
    slope = node.number("negative_slope", 0)
    return ("LeakyReLU", {"negative_slope": slope}) if slope else ("ReLU", {})


def _prelu(node: Node, ins: Sequence[Sizes]) -> Made:
    """Fabrik's exports to Keras had a slope for each value, its Caffe files one for each channel."""
    rank = len(ins[0])
    if node.flag("channel_shared", False):
        return "PReLU", {"shared_axes": list(range(1, rank + 1))}
    shares = "channel_shared" in node.params and rank > 1
    return "PReLU", {"shared_axes": list(range(1, rank))} if shares else {}


def _norm(node: Node, _ins: Sequence[Sizes]) -> Made:
    """Gamma and beta are those of a Scale behind it."""
    node.taken.update(("moving_mean_initializer", "moving_variance_initializer"))
    momentum = node.number("moving_average_fraction", 0.999)
    params = {"epsilon": node.number("eps", 1e-5), "momentum": momentum, "scale": False, "center": False}
    return "BatchNormalization", params


def _scale(node: Node, _ins: Sequence[Sizes]) -> Made:
    node.taken.add("axis")
    bias = node.flag("bias_term", False)
    if not node.flag("scale", True):
        return ("BiasAdd", {}) if bias else ("Activation", {"activation": "linear"})
    return "Scale", {"use_bias": bias}


def _lrn(node: Node, _ins: Sequence[Sizes]) -> Made:
    region = {"1": "WITHIN_CHANNEL", "WITHIN_CHANNEL": "WITHIN_CHANNEL"}.get(node.word("norm_region"))
    params = {name: node.number(name) for name in ("alpha", "beta", "k") if name in node.params}
    return "LRN", {
        **params,
        "local_size": node.integer("local_size", 5),
        "norm_region": region or "ACROSS_CHANNELS",
    }


def _dropout(node: Node, _ins: Sequence[Sizes]) -> Made:
    """Without a rate it is one half, as in Caffe and in Fabrik's exports."""
    return "Dropout", {"rate": node.number("rate", node.number("dropout_ratio", 0.5))}


def _eltwise(node: Node, _ins: Sequence[Sizes]) -> Made:
    word = node.word("layer_type", node.word("operation", "Sum")).lower()
    types = {"sum": "Add", "add": "Add", "1": "Add", "product": "Multiply", "prod": "Multiply", "multiply": "Multiply",
             "0": "Multiply", "max": "Maximum", "maximum": "Maximum", "2": "Maximum", "average": "Average"}  # fmt: skip
    if word not in types:
        raise Unmappable("layer_type must be Sum, Product, Maximum or Average", word, "layer_type")
    return types[word], {}


def _concat(node: Node, ins: Sequence[Sizes]) -> Made:
    """1 is Caffe's axis of the channels, and the default."""
    axis = node.integer("axis", node.integer("concat_dim", 1))
    return "Concatenate", {"axis": -1 if axis in (1, -1, len(ins[0])) else axis}


def _reshape(node: Node, _ins: Sequence[Sizes]) -> Made:
    """The batch first, then axes as in Keras."""
    return "Reshape", {"target_shape": node.integers("dim")[1:]}


def _permute(node: Node, _ins: Sequence[Sizes]) -> Made:
    return "Permute", {"dims": node.integers("dim")}


def _flatten(node: Node, _ins: Sequence[Sizes]) -> Made:
    if node.integer("axis", 1) != 1 or node.integer("end_axis", -1) != -1:
        raise Unmappable("axis must be 1 and end_axis -1", [node.raw("axis"), node.raw("end_axis")], "axis")
    return "Flatten", {}


def _softmax(node: Node, _ins: Sequence[Sizes]) -> Made:
    if node.integer("axis", 1) not in (1, -1):
        raise Unmappable("axis must be that of the channels, 1", node.params.get("axis"), "axis")
    return "Softmax", {}


def _mvn(node: Node, _ins: Sequence[Sizes]) -> Made:
    flags = {"normalize_variance": True, "across_channels": False}
    return "MVN", {"eps": node.number("eps", 1e-9), **{key: node.flag(key, usual) for key, usual in flags.items()}}


def _repeat(node: Node, _ins: Sequence[Sizes]) -> Made:
    return "RepeatVector", {"n": node.integer("n")}


TYPES: Mapping[str, Callable[[Node, Sequence[Sizes]], Made]] = {
    "Convolution": _convolution, "DepthwiseConv": _depthwise, "Deconvolution": _deconvolution, "Pooling": _pooling,
    "LocallyConnected": _locally, "Upsample": _upsample, "Pad": _pad, "InnerProduct": _dense, "Embed": _embedding,
    "RNN": _recurrent("SimpleRNN"), "LSTM": _recurrent("LSTM"), "GRU": _recurrent("GRU"),
    "BatchNorm": _norm, "Scale": _scale, "LRN": _lrn, "MVN": _mvn, "Dropout": _dropout,
    "GaussianNoise": _plain("GaussianNoise", "stddev"), "GaussianDropout": _plain("GaussianDropout", "rate"),
    "AlphaDropout": _plain("AlphaDropout", "rate"), "ReLU": _relu, "PReLU": _prelu, "ELU": _plain("ELU", "alpha"),
    "ThresholdedReLU": _plain("ThresholdedReLU", "theta"), "SELU": _function("selu"), "Softmax": _softmax,
    "Sigmoid": _function("sigmoid"), "TanH": _function("tanh"), "Softplus": _function("softplus"),
    "Softsign": _function("softsign"), "HardSigmoid": _function("hard_sigmoid"), "BNLL": _function("softplus"),
    "Linear": _function("linear"), "AbsVal": _plain("AbsVal"), "Power": _plain("Power", "power", "scale", "shift"),
    "Exp": _plain("Exp", "base", "scale", "shift"), "Log": _plain("Log", "base", "scale", "shift"),
    "Threshold": _plain("Threshold", "threshold"), "Eltwise": _eltwise, "Concat": _concat, "Flatten": _flatten,
    "Reshape": _reshape, "Permute": _permute, "RepeatVector": _repeat, "Masking": _plain("Masking", "mask_value"),
    "Regularization": _plain("ActivityRegularization", "l1", "l2"),
}  # fmt: skip
"""Fabrik's type -> our type and parameters, from the node and the shapes of its inputs."""
