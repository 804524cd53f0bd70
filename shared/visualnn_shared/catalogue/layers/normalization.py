"""Normalisation layers."""

from collections.abc import Iterator

from visualnn_shared.catalogue.axis_lenses import ChannelAxis, LastAxis
from visualnn_shared.catalogue.caffe_maps import ENGINE
from visualnn_shared.catalogue.common import EPSILON, variable
from visualnn_shared.catalogue.entry import Broken, Example, Param, Params, Shapes, Weight
from visualnn_shared.catalogue.free import FREE, Shape
from visualnn_shared.catalogue.keras_maps import keras
from visualnn_shared.catalogue.kinds import Axis, Bool, Choice, Float, Int
from visualnn_shared.catalogue.lenses import Around, At, Drop, Enum, Harmless, HasWeight, Is, Map, Only, Sets, Training
from visualnn_shared.catalogue.named import INITIALIZER
from visualnn_shared.catalogue.onnx_maps import composed
from visualnn_shared.catalogue.registry import layer
from visualnn_shared.catalogue.shapes import axes_of, axis_of, axis_shape, axis_weight, need_picture
from visualnn_shared.catalogue.steps import Absent
from visualnn_shared.catalogue.tensorflow_maps import TENSORFLOW_LRN, tensorflow_composed
from visualnn_shared.catalogue.torch_lenses import Dims
from visualnn_shared.catalogue.torch_maps import torch_batch_norm, torch_group_norm, torch_layer_norm, torch_rms_norm
from visualnn_shared.catalogue.window_lenses import over

REGIONS = {"ACROSS_CHANNELS": "ACROSS_CHANNELS", "WITHIN_CHANNEL": "WITHIN_CHANNEL"}

CENTER = Param("center", Bool(), True, "Whether beta is added.")
SCALE = Param("scale", Bool(), True, "Whether the result is multiplied by gamma.")
GAMMA = Weight("gamma", axis_weight, when="scale", initializer="gamma_initializer")
BETA = Weight("beta", axis_weight, when="center", initializer="beta_initializer")
GAMMA_AND_BETA = [*variable("beta", "zeros"), *variable("gamma", "ones")]
FORMS = ("ScaleCenter", "Scale", "Center", "")
"""Whether a template has gamma and beta."""
NORMED = (HasWeight("scale", "gamma"), HasWeight("center", "beta"))
STATISTICS = (("gamma", Absent(1.0)), ("beta", Absent(0.0)), ("moving_mean",), ("moving_variance",))

layer(
    "BatchNormalization",
    doc="Each channel to mean 0 and variance 1 over the batch while training, by moving averages afterwards.",
    group="normalization",
    params=[
        Param("axis", Axis(), -1, "The axis that keeps statistics of its own, usually the channels."),
        Param("momentum", Float(0, 1), 0.99, "Share of the old value in the moving averages."),
        EPSILON, CENTER, SCALE, *GAMMA_AND_BETA,
        Param("moving_mean_initializer", INITIALIZER, "zeros", "How moving_mean starts."),
        Param("moving_variance_initializer", INITIALIZER, "ones", "How moving_variance starts."),
    ],
    shape=axis_shape,
    weights=[
        GAMMA, BETA,
        Weight("moving_mean", axis_weight, trainable=False, initializer="moving_mean_initializer"),
        Weight("moving_variance", axis_weight, trainable=False, initializer="moving_variance_initializer"),
    ],
    maps={
        "keras": [keras("BatchNormalization", Harmless("renorm", (False,)), Harmless("synchronized", (False,)),
                        Harmless("mode", (0,)),  # Keras 1: statistics of each sample, or of the batch at all times
                        Drop(("renorm_clipping", "renorm_momentum")))],
        "caffe": [Map("BatchNorm", [
            ChannelAxis(), At("epsilon", "eps", 1e-5), At("momentum", "moving_average_fraction", 0.999),
            Drop(("use_global_stats", "engine")), Sets("scale", False), Sets("center", False), Training(),
        ], blobs=[("moving_mean",), ("moving_variance",)])],
        "onnx": [Map("BatchNormalization", [
            ChannelAxis(), At("epsilon", "epsilon", 1e-5), HasWeight("scale", "gamma"), HasWeight("center", "beta"),
            Training(("momentum",)),
        ], blobs=[("gamma", Absent(1.0)), ("beta", Absent(0.0)), ("moving_mean",),
                  ("moving_variance",)], layout="channel")],
        "torch": torch_batch_norm(),
        "tensorflow": [Map("FusedBatchNormV3", [
            LastAxis(), At("epsilon", "epsilon", 1e-4), *NORMED, Training(("momentum",)),
        ], blobs=STATISTICS, rank=4, around="fused_batch_norm", when=over(2)), *(Map(f"@BatchNorm{form}", [
            Around(("axis",)), At("epsilon", "epsilon"), Sets("scale", "Scale" in form),
            Sets("center", "Center" in form), Training(("momentum",)),
        ], blobs=STATISTICS, around="template") for form in FORMS)],
    },
    example=Example(((8, 8, 16),)),
)  # fmt: skip

layer(
    "LayerNormalization",
    doc="Each sample to mean 0 and variance 1 along one or more axes.",
    group="normalization",
    params=[
        Param("axis", Axis(several=True), -1, "The axis or axes to normalise along."),
        EPSILON,
        CENTER,
        SCALE,
        *GAMMA_AND_BETA,
    ],
    shape=axis_shape,
    weights=[GAMMA, BETA],
    maps={
        "keras": [keras("LayerNormalization", Harmless("rms_scaling", (False,)))],
        "onnx": [
            Map(
                "LayerNormalization",
                [
                    Around(("axis",)),
                    At("epsilon", "epsilon", 1e-5),
                    HasWeight("scale", "gamma"),
                    HasWeight("center", "beta"),
                    Training(),
                ],
                blobs=[("gamma", Absent(1.0)), ("beta",)],
                layout="plain",
                around="trailing_axes",
            )
        ],
        "torch": torch_layer_norm(),
        "tensorflow": [
            Map(
                f"@LayerNorm{form}",
                [
                    Around(("axis",)),
                    At("epsilon", "epsilon"),
                    Sets("scale", "Scale" in form),
                    Sets("center", "Center" in form),
                    Training(),
                ],
                blobs=[("gamma",), ("beta",)],
                around="template",
            )
            for form in FORMS
        ],
    },
    example=Example(((10, 32),)),
)


def _group_shape(p: Params, ins: Shapes) -> list[Shape]:
    """Element-wise; the groups share out the cells along ``axis``. Raises ``Broken``."""
    cells = ins[0][axis_of(p["axis"], ins[0])]
    if cells is FREE:
        raise Broken("the axis that is grouped must have a known size", ins[0], param="axis")
    groups = p["groups"]
    if groups != -1 and cells % groups:
        raise Broken("groups must divide the size of the axis", groups, param="groups", hint=f"it has {cells} cells")
    return [ins[0]]


def _group_rules(p: Params) -> Iterator[Broken]:
    if p["groups"] == 0:
        yield Broken("groups must be at least 1, or -1 for one a channel", 0, param="groups")


layer(
    "GroupNormalization",
    doc="Each sample to mean 0 and variance 1 within groups of channels.",
    group="normalization",
    params=[
        Param("groups", Int(-1), 32, "Number of groups; -1 gives each channel its own (instance normalisation)."),
        Param("axis", Axis(), -1, "The axis that is divided into groups, usually the channels."),
        EPSILON,
        CENTER,
        SCALE,
        *GAMMA_AND_BETA,
    ],
    shape=_group_shape,
    rules=_group_rules,
    weights=[GAMMA, BETA],
    maps={
        "keras": [keras("GroupNormalization")],
        "onnx": [
            composed(
                "InstanceNormalization",
                "grouped",
                "groups",
                "axis",
                "epsilon",
                "center",
                "scale",
                weights=("gamma", "beta"),
                layout="channel",
            )
        ],
        "tensorflow": tensorflow_composed("grouped", "groups", "axis", "epsilon", "center", "scale"),
        "torch": torch_group_norm(),
    },
    example=Example(((8, 8, 16),), {"groups": 4}),
)


def _rms_shape(p: Params, ins: Shapes) -> list[Shape]:
    """Element-wise; Keras multiplies by the scale as it is, so that it must lie along the last axes."""
    axis, rank = p["axis"], len(ins[0])
    found = axes_of(tuple(sorted(axis)) if isinstance(axis, tuple) else axis, ins[0])
    if found != list(range(rank - len(found), rank)):
        hint = "put a Permute before the layer and one after it"
        raise Broken("axis must be the last axis, or the last ones counted the same way", axis, param="axis", hint=hint)
    return [ins[0]]


layer(
    "RMSNormalization",
    doc="Each sample divided by the root of its mean square along one or more axes, times a learnt scale.",
    group="normalization",
    params=[
        Param("axis", Axis(several=True), -1, "The axis or axes to normalise along."),
        Param("epsilon", Float(0), 1e-6, "Small number added to the mean square so that nothing is divided by zero."),
    ],
    shape=_rms_shape,
    weights=[Weight("scale", axis_weight)],
    maps={
        "keras": [keras("RMSNormalization")],
        "onnx": [composed("Mul", "root_mean_square", "axis", "epsilon", weights=("scale",))],
        "torch": torch_rms_norm(),
        "tensorflow": [
            Map("@RmsNorm", [Around(("axis",)), At("epsilon", "epsilon")], blobs=[("scale",)], around="template")
        ],
    },
    example=Example(((10, 32),)),
)

layer(
    "UnitNormalization",
    doc="Each sample divided by its Euclidean length along one or more axes.",
    group="normalization",
    params=[Param("axis", Axis(several=True), -1, "The axis or axes along which the length becomes 1.")],
    shape=axis_shape,
    maps={
        "keras": [keras("UnitNormalization")],
        "onnx": [composed("Mul", "unit", "axis")],
        "torch": [Map("F.normalize", [Dims("axis", "dim"), Is("eps", 1e-6)])],
        "tensorflow": [Map("@UnitNorm", [Around(("axis",))], around="template")],
    },
    example=Example(((10, 32),)),
)


def _lrn_shape(p: Params, ins: Shapes) -> list[Shape]:
    if p["norm_region"] == "WITHIN_CHANNEL":
        need_picture(ins[0])
    elif not ins[0]:
        raise Broken("the input must have at least one axis besides the batch", ins[0])
    return [ins[0]]


def _lrn_rules(p: Params) -> Iterator[Broken]:
    if p["local_size"] % 2 == 0:
        yield Broken("local_size must be odd", p["local_size"], param="local_size")


# Caffe only, so names, defaults and meaning are Caffe's: x / (k + alpha / n * sum of squares) ** beta, n = local_size
# (squared WITHIN_CHANNEL). ONNX divides alpha likewise; TensorFlow does not.
layer(
    "LRN",
    doc="Divides each value by its neighbourhood's energy: the neighbouring channels, or a square within the channel.",
    keras_class="visualnn_worker.keras_layers.lrn:LRN",
    group="normalization",
    params=[
        Param("local_size", Int(1), 5, "Number of channels, or side of the square; odd."),
        Param("alpha", Float(), 1.0, "Weight of the energy, divided by the number of values it sums."),
        Param("beta", Float(), 0.75, "Exponent of the energy."),
        Param("k", Float(), 1.0, "Constant added to the energy."),
        Param(
            "norm_region", Choice(("ACROSS_CHANNELS", "WITHIN_CHANNEL")), "ACROSS_CHANNELS", "Which neighbours count."
        ),
    ],
    shape=_lrn_shape,
    rules=_lrn_rules,
    layout="spatial",
    maps={
        "keras": [],
        "caffe": [
            Map(
                "LRN",
                [
                    At("local_size", "local_size", 5),
                    At("alpha", "alpha", 1),
                    At("beta", "beta", 0.75),
                    At("k", "k", 1),
                    Enum("norm_region", "norm_region", REGIONS, "ACROSS_CHANNELS"),
                    ENGINE,
                ],
            )
        ],
        "onnx": [
            Map(
                "LRN",
                [
                    At("local_size", "size"),
                    At("alpha", "alpha", 0.0001),
                    At("beta", "beta", 0.75),
                    At("k", "bias", 1.0),
                    Only("norm_region", ("ACROSS_CHANNELS",)),
                ],
            )
        ],
        "torch": [
            Map(
                op,
                [
                    At("local_size", "size"),
                    At("alpha", "alpha"),
                    At("beta", "beta"),
                    At("k", "k"),
                    Sets("norm_region", region),
                ],
            )
            for op, region in (("nn.LocalResponseNorm", "ACROSS_CHANNELS"), ("lrn_within_channel", "WITHIN_CHANNEL"))
        ],
        "tensorflow": [TENSORFLOW_LRN],
    },
    example=Example(((13, 13, 16),), {"alpha": 1e-4}),
)
