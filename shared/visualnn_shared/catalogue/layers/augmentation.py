"""Keras' layers that change pictures at random while training, and those that it makes them of.

They let pictures through unchanged outside training, but for RandomCrop, AutoContrast and
ContrastLimitedAdaptiveHistogramEqualization, which always act. All work on pictures alone: CutMix and MixUp, which mix
labels too, are no layers of a net here.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from visualnn_shared.catalogue.common import SEED
from visualnn_shared.catalogue.entry import REQUIRED, Broken, Example, Param, Params, Shapes
from visualnn_shared.catalogue.free import Shape
from visualnn_shared.catalogue.keras_maps import keras
from visualnn_shared.catalogue.kinds import Bool, Choice, Float, Int, ListOf, Optional, Tuple
from visualnn_shared.catalogue.maps import Map
from visualnn_shared.catalogue.onnx_maps import composed, passed_on
from visualnn_shared.catalogue.ranges import Span, itself, minus, one, zero
from visualnn_shared.catalogue.registry import layer
from visualnn_shared.catalogue.shapes import need_picture

ONNX: dict[str, list[Map]] = {
    "AutoContrast": [composed("Clip", "contrast", "value_range", layout="spatial")],
    "ContrastLimitedAdaptiveHistogramEqualization": [],
}
"""Those that act outside training too."""
UNSAID = {
    "ContrastLimitedAdaptiveHistogramEqualization": {
        "onnx": "it acts outside training too, and ONNX has no histograms; equalise pictures before they enter the net",
    },
}
SHARE = Span(Float(0, 1), zero)
SHARE_BOTH_WAYS = Span(Float(0, 1), minus)
SIGNED = Span(Float(-1, 1), minus)
ABOVE = Span(Float(-1, 1, above=True), minus)  # at -1 nothing would be left of the picture
TWO_WAYS = "one number f draws from -f to f, [low, high] from these"
UP_TO = "one number f draws from 0 to f, [low, high] from these"
EXAMPLE = ((16, 16, 3),)

RANGE = Param("value_range", ListOf(Float(), 2, 2), (0, 255), "The smallest and the largest value of the pictures.")
FILLS = ("reflect", "wrap", "constant", "nearest")
FILL_MODE = Param("fill_mode", Choice(FILLS), "reflect", "What is put where the picture has no cells.")
FILL_VALUE = Param("fill_value", Float(), 0.0, "The value of fill_mode 'constant'.")
INTERPOLATION = Param(
    "interpolation", Choice(("nearest", "bilinear")), "bilinear", "How values between cells are found."
)


def _picture(_p: Params, ins: Shapes) -> list[Shape]:
    need_picture(ins[0])
    return [ins[0]]


def _colours(_p: Params, ins: Shapes) -> list[Shape]:
    need_picture(ins[0])
    if ins[0][2] != 3:
        raise Broken("the picture must have 3 channels: red, green, blue", ins[0])
    return [ins[0]]


def _need_size(shape: Shape) -> None:
    if not all(isinstance(n, int) for n in shape):
        raise Broken("the picture's size must be known", shape, hint="put a Resizing before it")


def _known_colours(p: Params, ins: Shapes) -> list[Shape]:
    _need_size(ins[0])
    return _colours(p, ins)


def _rules(p: Params) -> Iterator[Broken]:
    if "value_range" in p and not p["value_range"][0] < p["value_range"][1]:
        yield Broken("value_range must ascend", p["value_range"], param="value_range")


def _augmentation(
    type: str,
    doc: str,
    params: Sequence[Param],
    example: dict[str, Any],
    shape: Callable[[Params, Shapes], list[Shape]] = _picture,
    rules: Callable[[Params], Iterator[Broken]] = _rules,
) -> None:
    onnx = ONNX[type] if type in ONNX else [passed_on(*(param.name for param in params))]
    layer(type, doc=doc, group="augmentation", params=params, shape=shape, rules=rules,
          maps={"keras": [keras(type)], "onnx": onnx}, unsaid=UNSAID.get(type),
          example=Example(EXAMPLE, example))  # fmt: skip


def _factor(kind: Any, doc: str, default: Any = REQUIRED, name: str = "factor") -> Param:
    return Param(name, kind, default, doc)


_augmentation(
    "RandomBrightness", "Adds a random number to all values of a picture while training.",
    [_factor(SIGNED, f"What is added, as a share of value_range: {TWO_WAYS}."), RANGE, SEED], {"factor": 0.2},
)  # fmt: skip
_augmentation(
    "RandomContrast", "Moves the values of a picture away from their mean, or towards it, at random while training.",
    [_factor(SHARE, f"Contrast is multiplied by a number from 1 - low to 1 + high: {UP_TO}."), RANGE, SEED],
    {"factor": 0.2},
)  # fmt: skip
_augmentation(
    "RandomColorDegeneration", "Mixes a picture with its grey form at random while training.",
    [_factor(SHARE_BOTH_WAYS, f"Share of the grey form, which 1 means alone: {TWO_WAYS}."), RANGE, SEED],
    {"factor": 0.5}, _colours,
)  # fmt: skip
_augmentation(
    "RandomSaturation", "Makes colours weaker or stronger at random while training.",
    [_factor(SHARE_BOTH_WAYS, f"0 is grey, 0.5 the picture, 1 the strongest colours: {TWO_WAYS}."), RANGE, SEED],
    {"factor": 0.5}, _colours,
)  # fmt: skip
_augmentation(
    "RandomHue", "Turns the colours around the colour circle at random while training.",
    [_factor(SHARE, f"How far, as a share of the half circle: {UP_TO}."), RANGE, SEED], {"factor": 0.2}, _colours,
)  # fmt: skip
_augmentation(
    "RandomColorJitter", "Random brightness, contrast, saturation and hue in one, in this order, while training.",
    [
        RANGE,
        _factor(Optional(SIGNED), "Factor of RandomBrightness; null leaves it out.", None, "brightness_factor"),
        _factor(Optional(SHARE), "Factor of RandomContrast; null leaves it out.", None, "contrast_factor"),
        _factor(Optional(SHARE_BOTH_WAYS), "Factor of RandomSaturation; null: none.", None, "saturation_factor"),
        _factor(Optional(SHARE), "Factor of RandomHue; null leaves it out.", None, "hue_factor"),
        SEED,
    ],
    {"brightness_factor": 0.1, "hue_factor": 0.1}, _colours,
)  # fmt: skip
_augmentation(
    "RandomGrayscale", "Makes some of the pictures grey while training; they keep their three channels.",
    [_factor(Float(0, 1), "Share of the pictures.", 0.5), SEED], {}, _colours,
)  # fmt: skip
_augmentation(
    "RandomInvert", "Turns the values of some of the pictures around while training: largest plus smallest, minus x.",
    [_factor(SHARE, f"Chance of a picture: {UP_TO}.", 1.0), RANGE, SEED], {},
)  # fmt: skip
_augmentation(
    "RandomPosterization", "Keeps only the first bits of each value while training.",
    [_factor(Span(Int(1, 8), one), "Number of bits: one number n draws from 1 to n, [low, high] from these."),
     RANGE, SEED],
    {"factor": 4},
)  # fmt: skip
_augmentation(
    "RandomSharpness", "Makes a picture sharper or smoother at random while training.",
    [_factor(SHARE, f"0 is the smoothest, 0.5 the picture, 1 the sharpest: {UP_TO}."), RANGE, SEED], {"factor": 0.5},
)  # fmt: skip
_augmentation(
    "Solarization", "Adds a random number to dark values, then turns values above a random threshold around.",
    [
        _factor(SHARE, f"What is added, as a share of value_range: {UP_TO}.", 0.0, "addition_factor"),
        _factor(SHARE, f"The threshold, as a share of value_range: {UP_TO}.", 0.0, "threshold_factor"),
        RANGE, SEED,
    ],
    {"threshold_factor": 0.5},
)  # fmt: skip
_augmentation("AutoContrast", "Stretches the values of each channel over the whole value_range.", [RANGE], {})
layer(
    "Equalization",
    doc="Changes the values of each channel so that all are about as frequent in the batch, while training.",
    keras_class="visualnn_worker.keras_layers.augmentation:Equalization",
    group="augmentation",
    params=[RANGE, Param("bins", Int(1), 256, "Number of values that are told apart.")],
    shape=_picture,
    rules=_rules,
    maps={
        "keras": [],  # Keras' own finds every functional net with it cyclic
        "onnx": [passed_on("value_range", "bins")],
    },
    example=Example(EXAMPLE),
)


_augmentation(
    "ContrastLimitedAdaptiveHistogramEqualization",
    "Equalises tiles of the picture by themselves, with a limit on how much contrast that may give (CLAHE).",
    [
        RANGE,
        Param("clip_limit", Float(0, above=True), 4.0, "How many times its share a value may count."),
        Param("tile_grid_size", Tuple(2), (8, 8), "Number of tiles down and across."),
    ],
    {"tile_grid_size": [2, 2]},
)  # fmt: skip

_augmentation(
    "RandomFlip", "Mirrors a picture at random while training.",
    [
        Param("mode", Choice(("horizontal", "vertical", "horizontal_and_vertical")), "horizontal_and_vertical",
              "Left and right, top and bottom, or both."),
        SEED,
    ],
    {"mode": "horizontal"},
)  # fmt: skip
_augmentation(
    "RandomRotation", "Turns a picture by a random angle while training.",
    [_factor(SIGNED, f"The angle, as a share of the full circle: {TWO_WAYS}; positive is counterclockwise."),
     FILL_MODE, INTERPOLATION, SEED, FILL_VALUE],
    {"factor": 0.1},
)  # fmt: skip
_augmentation(
    "RandomTranslation", "Moves a picture by a random distance while training.",
    [_factor(SIGNED, f"The way down, as a share of the height: {TWO_WAYS}.", name="height_factor"),
     _factor(SIGNED, f"The way right, as a share of the width: {TWO_WAYS}.", name="width_factor"),
     FILL_MODE, INTERPOLATION, SEED, FILL_VALUE],
    {"height_factor": 0.1, "width_factor": 0.1},
)  # fmt: skip
_augmentation(
    "RandomZoom", "Enlarges or shrinks a picture at random while training.",
    [_factor(ABOVE, f"The change of the height, -0.2 is larger, 0.2 smaller: {TWO_WAYS}.", name="height_factor"),
     _factor(Optional(ABOVE), "That of the width; null keeps the proportions.", None, "width_factor"),
     FILL_MODE, INTERPOLATION, SEED, FILL_VALUE],
    {"height_factor": 0.2},
)  # fmt: skip
_augmentation(
    "RandomShear", "Slants a picture at random while training.",
    [_factor(SHARE_BOTH_WAYS, f"How much along the width: {TWO_WAYS}.", 0.0, "x_factor"),
     _factor(SHARE_BOTH_WAYS, f"How much along the height: {TWO_WAYS}.", 0.0, "y_factor"),
     INTERPOLATION, FILL_MODE, FILL_VALUE, SEED],
    {"x_factor": 0.2},
)  # fmt: skip
_augmentation(
    "RandomPerspective", "Shows a picture as if from another place, at random while training.",
    [_factor(SHARE, f"Chance of a picture: {UP_TO}.", 1.0),
     Param("scale", Float(0, 1), 1.0, "How far the corners may move."), INTERPOLATION, FILL_VALUE, SEED],
    {"scale": 0.3},
)  # fmt: skip
_augmentation(
    "RandomElasticTransform", "Moves the cells of a picture by a smooth random field while training.",
    [_factor(SHARE, f"Chance of a picture: {UP_TO}.", 1.0),
     _factor(SHARE, f"How far cells move: {UP_TO}.", 1.0, "scale"), INTERPOLATION,
     Param("fill_mode", Choice((*FILLS, "mirror")), "reflect", FILL_MODE.doc), FILL_VALUE, RANGE, SEED],
    {},
)  # fmt: skip
_augmentation(
    "RandomErasing", "Paints over a random rectangle of a picture while training.",
    [_factor(SHARE, f"Chance of a picture: {UP_TO}.", 1.0),
     _factor(SHARE, "Share of the picture that is painted over, [low, high].", (0.02, 0.33), "scale"),
     Param("fill_value", Optional(Float()), None, "The value painted; null draws one for each cell."), RANGE, SEED],
    {},
)  # fmt: skip


def _odd(p: Params) -> Iterator[Broken]:
    yield from _rules(p)
    sizes = p["kernel_size"] if isinstance(p["kernel_size"], tuple) else (p["kernel_size"],)
    if any(size % 2 == 0 for size in sizes):
        yield Broken("kernel_size must be odd", p["kernel_size"], param="kernel_size")


_augmentation(
    "RandomGaussianBlur", "Blurs a picture at random while training.",
    [_factor(SHARE, f"Chance of a picture: {UP_TO}.", 1.0),
     Param("kernel_size", Span(Int(1), itself), 3, "Side of the window, odd; two numbers are height and width."),
     _factor(SHARE, f"Standard deviation of the blur: {UP_TO}.", 1.0, "sigma"), RANGE, SEED],
    {}, rules=_odd,
)  # fmt: skip
_augmentation(
    "RandAugment", "A few operations drawn from a list, one after the other, while training (Cubuk 2020).",
    [RANGE, Param("num_ops", Int(1), 2, "Number of operations."),
     _factor(SHARE, f"Strength of all of them: {UP_TO}.", 0.5), INTERPOLATION, SEED],
    {}, _known_colours,
)  # fmt: skip
_augmentation(
    "AugMix", "Several chains of random operations, mixed with the picture itself, while training (Hendrycks 2020).",
    [RANGE, Param("num_chains", Int(1), 3, "Number of chains."),
     Param("chain_depth", Int(1), 3, "Number of operations in a chain."),
     _factor(SHARE, f"Strength of the operations: {UP_TO}.", 0.3),
     Param("alpha", Float(0, above=True), 1.0, "Parameter of the distributions that the weights are drawn from."),
     Param("all_ops", Bool(), True, "Whether brightness, colour, contrast and sharpness are among the operations."),
     INTERPOLATION, SEED],
    {}, _known_colours,
)  # fmt: skip


def _cropped(p: Params, ins: Shapes) -> list[Shape]:
    need_picture(ins[0])
    _need_size(ins[0])
    return [(p["height"], p["width"], ins[0][2])]


layer(
    "RandomCrop",
    doc="A random part of a picture while training, else its middle; smaller pictures are enlarged.",
    keras_class="visualnn_worker.keras_layers.augmentation:RandomCrop",
    group="augmentation",
    params=[
        Param("height", Int(1), doc="Height of the part in cells."),
        Param("width", Int(1), doc="Width of the part in cells."),
        SEED,
    ],
    shape=_cropped,
    maps={
        "keras": [keras("RandomCrop")],
        "onnx": [composed("Slice", "middle", "height", "width", training=("seed",), layout="spatial")],
    },
    example=Example(EXAMPLE, {"height": 12, "width": 12}),
)
