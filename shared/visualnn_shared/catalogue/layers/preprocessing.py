"""Keras' layers that prepare samples: scaling, sizes of pictures, spectrograms of sound."""
# ruff: noqa: ARG001  (a lens takes what every lens takes)

from collections.abc import Iterator, Mapping
from math import ceil, log2
from typing import Any

from visualnn_shared.catalogue.entry import Broken, Example, Param, Params, Same, Shapes, Weight
from visualnn_shared.catalogue.free import FREE, Dim, Shape
from visualnn_shared.catalogue.keras_maps import keras
from visualnn_shared.catalogue.kinds import Axis, Bool, Choice, Float, Int, Optional
from visualnn_shared.catalogue.lenses import Around, At, Fn, Map, Sets, Training
from visualnn_shared.catalogue.maps import Bag, Context
from visualnn_shared.catalogue.onnx_maps import composed
from visualnn_shared.catalogue.ranges import NumberOrNumbers
from visualnn_shared.catalogue.registry import layer
from visualnn_shared.catalogue.shapes import axes_of, need_picture, need_rank
from visualnn_shared.catalogue.windows import window

ANY = NumberOrNumbers(Float())


def _rescaled(p: Params, ins: Shapes) -> list[Shape]:
    for name in ("scale", "offset"):
        if isinstance(p[name], tuple):
            _need_fit(p[name], ins[0][-1] if ins[0] else 1, name)
    return [ins[0]]


def _need_fit(values: tuple[float, ...], size: Dim, param: str) -> None:
    """Raises ``Broken`` where a list neither has a value for each cell of the axis, nor one for all."""
    if len(values) not in (1, size) and size is not FREE:
        hint = f"the axis has {size} cells"
        raise Broken(f"{param} must be one number, or one for each cell of the axis", values, param=param, hint=hint)


layer(
    "Rescaling",
    doc="Each value times a scale, plus an offset.",
    group="preprocessing",
    params=[
        Param("scale", ANY, doc="The factor: one number, or one for each cell of the last axis."),
        Param("offset", ANY, 0.0, "What is added: one number, or one for each cell of the last axis."),
    ],
    shape=_rescaled,
    maps={
        "keras": [keras("Rescaling")],
        "onnx": [composed("Mul", "rescaled", "scale", "offset")],
        "torch": [Map("torch.mul", [Around(("scale", "offset"))], around="affine")],
        "tensorflow": [Map("Mul", [Around(("scale", "offset"))], around="rescale", reads=False)],
    },
    example=Example(((8, 8, 3),), {"scale": 1 / 255}),
)


class _KerasAxes:
    """Keras writes the axes as a list: an empty one where there is none."""

    def read(self, value: Any) -> Any:
        """One axis alone is a number here."""
        if not isinstance(value, list):
            return value
        return value[0] if len(value) == 1 else value or None

    def write(self, value: Any) -> Any:
        """Keras takes all forms."""
        return list(value) if isinstance(value, tuple) else value


def _kept(p: Params, shape: Shape) -> Shape:
    """Sizes of the axes that keep statistics of their own, in the input's order."""
    return () if p["axis"] is None else tuple(shape[i] for i in sorted(axes_of(p["axis"], shape)))


def _normalized(p: Params, ins: Shapes) -> list[Shape]:
    kept = _kept(p, ins[0])
    if FREE in kept:
        raise Broken("axis must name axes of a known size", p["axis"], param="axis")
    for name in ("mean", "variance"):
        if isinstance(p[name], tuple):
            if not kept:
                raise Broken(f"{name} must be one number where axis is null", p[name], param=name)
            _need_fit(p[name], kept[-1], name)
    return [ins[0]]


def _both(p: Params) -> Iterator[Broken]:
    mean, variance = p["mean"], p["variance"]
    if (mean is None) != (variance is None):
        yield Broken("mean and variance must be given together", [mean, variance], param="variance")
    elif isinstance(mean, tuple) != isinstance(variance, tuple) or (
        isinstance(mean, tuple) and len(mean) != len(variance)
    ):
        yield Broken("mean and variance must have the same length", [mean, variance], param="variance")


def _statistics(p: Params, _ins: Shapes) -> list[Weight]:
    if p["mean"] is not None:
        return []
    return [
        Weight("mean", lambda p, ins: _kept(p, ins[0]), trainable=False),
        Weight("variance", lambda p, ins: _kept(p, ins[0]), trainable=False),
        Weight("count", lambda _p, _ins: (), trainable=False),
    ]


layer(
    "Normalization",
    doc="Minus a mean and divided by a deviation, which are given, or are variables that weights bring; never trained.",
    group="preprocessing",
    params=[
        Param(
            "axis", Optional(Axis(several=True)), -1, "The axis or axes with statistics of their own; null has none."
        ),
        Param(
            "mean", Optional(ANY), None, "One number, or one for each cell of the last axis named; null: a variable."
        ),
        Param("variance", Optional(ANY), None, "The variance, in the form of mean; null where mean is null."),
        Param("invert", Bool(), False, "Whether to undo it: times the deviation, plus the mean."),
    ],
    shape=_normalized,
    rules=_both,
    weights_rule=_statistics,
    maps={
        "keras": [keras("Normalization", At("axis", "axis", codec=_KerasAxes()))],
        "onnx": [composed("Sub", "standardized", "axis", "mean", "variance", "invert")],
        "torch": [
            Map(
                "Standardize",
                [Around(("axis", "mean", "variance", "invert")), Training()],
                blobs=[("mean",), ("variance",)],
                layout="plain",
                around="standardized",
            )
        ],
        "tensorflow": [
            Map(
                "@Normalization",
                [
                    Around(("axis", "mean", "variance")),
                    Sets("invert", value=False),
                ],
                blobs=[("mean",), ("variance",)],
                around="normalize",
            )
        ],
    },
    example=Example(((8, 8, 3),)),
)


def _sized(p: Params, ins: Shapes) -> list[Shape]:
    need_picture(ins[0])
    return [(p["height"], p["width"], ins[0][2])]


def _one_ratio(p: Params) -> Iterator[Broken]:
    if p["crop_to_aspect_ratio"] and p["pad_to_aspect_ratio"]:
        yield Broken("only one of crop_to_aspect_ratio and pad_to_aspect_ratio may be true", True,
                     param="pad_to_aspect_ratio")  # fmt: skip


HEIGHT = Param("height", Int(1), doc="Height of the output in cells.")
WIDTH = Param("width", Int(1), doc="Width of the output in cells.")
INTERPOLATIONS = ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5", "area")

layer(
    "Resizing",
    doc="Pictures in another size; area is known to the TensorFlow backend only.",
    group="preprocessing",
    params=[
        HEIGHT, WIDTH,
        Param("interpolation", Choice(INTERPOLATIONS), "bilinear", "How values between cells are found."),
        Param("crop_to_aspect_ratio", Bool(), False, "Whether to cut the picture first, so that nothing is distorted."),
        Param("pad_to_aspect_ratio", Bool(), False, "Whether to pad the picture first, so that nothing is distorted."),
        Param("fill_mode", Choice(("constant",)), "constant", "What the padding is; Keras knows only constant."),
        Param("fill_value", Float(), 0.0, "The value of the padding."),
        Param("antialias", Bool(), False, "Whether to smooth the picture before it is made smaller."),
    ],
    shape=_sized,
    rules=_one_ratio,
    maps={
        "keras": [keras("Resizing")],
        "onnx": [
            composed(
                "Resize", "resized", "height", "width", "interpolation", "crop_to_aspect_ratio",
                "pad_to_aspect_ratio", "fill_mode", "fill_value", "antialias", layout="spatial",
            )
        ],
    },
    example=Example(((16, 12, 3),), {"height": 8, "width": 8}),
)  # fmt: skip

layer(
    "CenterCrop",
    doc="The middle of a picture; one that is too small is enlarged and then cut.",
    group="preprocessing",
    params=[HEIGHT, WIDTH],
    shape=_sized,
    maps={
        "keras": [keras("CenterCrop")],
        "onnx": [composed("Slice", "middle", "height", "width", layout="spatial")],
    },
    example=Example(((16, 12, 3),), {"height": 8, "width": 8}),
)

WINDOWS = ("hann", "hamming", "blackman", "bartlett", "boxcar", "cosine", "nuttall", "parzen", "triang", "flattop")
MODES = ("log", "magnitude", "psd", "real", "imag", "angle", "stft")


def _bins(p: Params) -> int:
    """Frequencies of the transform."""
    length: int = p["fft_length"] or 2 ** ceil(log2(p["frame_length"]))
    return length // 2 + 1


def _stft(p: Params, ins: Shapes) -> list[Shape]:
    need_rank(ins[0], 2, "time, channels")
    step = p["frame_step"] or p["frame_length"] // 2
    time = window(ins[0][0], p["frame_length"], step, p["padding"])
    if time < 1:
        hint = f"there are {ins[0][0]} samples"
        raise Broken("frame_length must fit into the input", p["frame_length"], param="frame_length", hint=hint)
    bins = _bins(p) * (2 if p["mode"] == "stft" else 1)
    return [(time, bins, ins[0][1])] if p["expand_dims"] else [(time, bins * ins[0][1])]


def _stft_rules(p: Params) -> Iterator[Broken]:
    step, length, transform = p["frame_step"], p["frame_length"], p["fft_length"]
    if step is not None and step > length:
        yield Broken("frame_step must not exceed frame_length", step, param="frame_step", hint=f"that is {length}")
    if transform is not None and (transform < length or transform & (transform - 1)):
        rule = "fft_length must be a power of two and at least frame_length"
        yield Broken(rule, transform, param="fft_length", hint=f"frame_length is {length}")


def _kernels(p: Params, _ins: Shapes) -> list[Weight]:
    names = {"real": ("real_kernel",), "imag": ("imag_kernel",)}.get(p["mode"], ("real_kernel", "imag_kernel"))
    return [Weight(name, lambda p, _ins: (p["frame_length"], 1, _bins(p))) for name in names]


layer(
    "STFTSpectrogram",
    doc="How strong each frequency is in each stretch of time, by convolutions whose kernels can be trained further.",
    group="preprocessing",
    params=[
        Param(
            "mode", Choice(MODES), "log", "What is given: the log of the magnitude, the magnitude, power density, ..."
        ),
        Param("frame_length", Int(2), 256, "Number of samples in a stretch."),
        Param("frame_step", Optional(Int(1)), None, "Samples from one stretch to the next; null: half a stretch."),
        Param("fft_length", Optional(Int(2)), None, "Length of the transform; null: the next power of two."),
        Param("window", Optional(Choice(WINDOWS)), "hann", "What each stretch is multiplied by; null: nothing."),
        Param("periodic", Bool(), False, "Whether the window is periodic instead of symmetric."),
        Param("scaling", Optional(Choice(("density", "spectrum"))), "density", "What the window's sum is scaled to."),
        Param("padding", Choice(("valid", "same")), "valid", "Whether zeros are put around the samples."),
        Param("expand_dims", Bool(), False, "Whether frequencies and channels are axes of their own, as of a picture."),
    ],
    shape=_stft,
    rules=_stft_rules,
    weights_rule=_kernels,
    maps={
        "keras": [keras("STFTSpectrogram")],
        "onnx": [
            composed(
                "Conv",
                "stft",
                "mode",
                "frame_length",
                "frame_step",
                "padding",
                "expand_dims",
                "fft_length",
                training=("window", "periodic", "scaling"),
                layout="plain",
            )
        ],
    },
    example=Example(((64, 1),), {"frame_length": 16}),
)


# Keras writes max_freq as int(sampling_rate / 2) where it was not given. Spec: null.
def _read_highest(bag: Bag, p: dict[str, Any], ctx: Context) -> None:
    """Half of the rate, which Keras takes to be 16000, says nothing."""
    highest, rate = bag.one("max_freq"), bag.peek("sampling_rate", 16000)
    if not isinstance(rate, int) or highest != rate // 2:
        p["max_freq"] = highest


def _write_highest(p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
    """Null is Keras' default too."""
    bag.put("max_freq", p["max_freq"])


def _mel(p: Params, ins: Shapes) -> list[Shape]:
    need_rank(ins[0], 1, "samples")
    n, length, stride = ins[0][0], p["fft_length"], p["sequence_stride"]
    if n <= length // 2:
        hint = f"fft_length is {length}: half of it is put before and behind, mirrored"
        raise Broken("the input must be longer than half of fft_length", n, hint=hint)
    frames = (n + 2 * (length // 2) - length) // stride + 1
    if frames != (n + 1) // stride + 1:
        rule = "the number of samples plus one must be no multiple of sequence_stride"
        hint = f"there are {n} samples; Keras then announces a frame more than it gives"
        raise Broken(rule, stride, param="sequence_stride", hint=hint)
    return [(p["num_mel_bins"], frames)]


def _mel_rules(p: Params) -> Iterator[Broken]:
    if p["sequence_length"] > p["fft_length"]:
        hint = f"fft_length is {p['fft_length']}"
        yield Broken(
            "sequence_length must not exceed fft_length", p["sequence_length"], param="sequence_length", hint=hint
        )
    highest = p["max_freq"] or p["sampling_rate"] / 2
    if not p["min_freq"] < highest <= p["sampling_rate"] / 2:
        rule = "min_freq must be below max_freq, and that at most half of sampling_rate"
        yield Broken(rule, [p["min_freq"], highest, p["sampling_rate"]], param="min_freq")


layer(
    "MelSpectrogram",
    doc="How strong each band of the mel scale is in each stretch of time: one row a band, one column a stretch.",
    group="preprocessing",
    params=[
        Param("fft_length", Int(2), 2048, "Length of the transform in samples."),
        Param("sequence_stride", Int(1), 512, "Samples from one stretch to the next."),
        Param("sequence_length", Int(1), Same("fft_length"), "Samples that the window spans; default: fft_length."),
        Param(
            "window",
            Optional(Choice(("hann", "hamming"))),
            "hann",
            "What each stretch is multiplied by; null: nothing.",
        ),
        Param("sampling_rate", Int(1), 16000, "Samples a second."),
        Param("num_mel_bins", Int(1), 128, "Number of bands."),
        Param("min_freq", Float(0), 20.0, "Lowest frequency in Hz."),
        Param(
            "max_freq", Optional(Float(0, above=True)), None, "Highest frequency in Hz; null: half of sampling_rate."
        ),
        Param("power_to_db", Bool(), True, "Whether the strength is given in decibels."),
        Param("top_db", Float(0), 80.0, "How far below the strongest decibels are cut."),
        Param("mag_exp", Float(0, above=True), 2.0, "Exponent of the magnitude: 1 is energy, 2 is power."),
        Param("min_power", Float(0, above=True), 1e-10, "Smallest strength that is told apart."),
        Param("ref_power", Float(0, above=True), 1.0, "The strength that is 0 decibels."),
    ],
    shape=_mel,
    rules=_mel_rules,
    maps={
        "keras": [keras("MelSpectrogram", Fn(("max_freq",), _read_highest, _write_highest))],
        "onnx": [
            composed(
                "Conv",
                "mel",
                "fft_length",
                "sequence_stride",
                "sequence_length",
                "window",
                "sampling_rate",
                "num_mel_bins",
                "min_freq",
                "max_freq",
                "power_to_db",
                "top_db",
                "mag_exp",
                "min_power",
                "ref_power",
                layout="plain",
            )
        ],
    },
    example=Example(((64,),), {"fft_length": 16, "sequence_stride": 8, "num_mel_bins": 4}),
)
