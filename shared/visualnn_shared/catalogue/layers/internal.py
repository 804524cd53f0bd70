"""Entries that no palette shows: normal forms that conversions use so that one layer maps to one node."""

from visualnn_shared.catalogue.axis_lenses import Axis as FileAxis
from visualnn_shared.catalogue.caffe_maps import Filler
from visualnn_shared.catalogue.common import variable
from visualnn_shared.catalogue.entry import Example, Param, Weight
from visualnn_shared.catalogue.kinds import Axis, Bool
from visualnn_shared.catalogue.lenses import Around, At, Harmless, Map, Training
from visualnn_shared.catalogue.registry import layer
from visualnn_shared.catalogue.shapes import axis_shape, axis_weight

ALONG_AXIS = (Around(("axis",)), Training())

AXIS = Param("axis", Axis(several=True), -1, "The axis or axes along which the weights lie.")

layer(
    "Scale",
    doc="Multiplies by gamma along an axis, and adds beta where there is a bias (Caffe's Scale with one input).",
    keras_class="visualnn_worker.keras_layers.affine:Scale",
    group="internal",
    params=[
        AXIS,
        Param("use_bias", Bool(), True, "Whether beta is added."),
        *variable("gamma", "ones"),
        *variable("beta", "zeros"),
    ],
    shape=axis_shape,
    weights=[
        Weight("gamma", axis_weight, initializer="gamma_initializer"),
        Weight("beta", axis_weight, when="use_bias", initializer="beta_initializer"),
    ],
    palette=False,
    maps={
        "keras": [],
        "caffe": [
            Map(
                "Scale",
                [
                    FileAxis("axis", "axis", 1),
                    Harmless("num_axes", (1,)),
                    At("use_bias", "bias_term", False),
                    Filler("gamma_initializer", "filler", "ones"),
                    Filler("beta_initializer", "bias_filler", "zeros"),
                    Training(),
                ],
                blobs=[("gamma",), ("beta",)],
            )
        ],
        "onnx": [
            Map("Mul", [*ALONG_AXIS, Around(("use_bias",))], blobs=[("gamma",), ("beta",)], around="scale_and_shift")
        ],
        "torch": [
            Map(
                "Scale",
                [*ALONG_AXIS, Around(("use_bias",))],
                blobs=[("gamma",), ("beta",)],
                layout="plain",
                around="along",
            )
        ],
        "tensorflow": [
            Map(
                "Mul",
                [*ALONG_AXIS, Around(("use_bias",))],
                blobs=[("gamma",), ("beta",)],
                around="along_axis",
                reads=False,
            ),
        ],
    },
    example=Example(((8, 8, 4),)),
)

layer(
    "BiasAdd",
    doc="Adds a bias along an axis.",
    keras_class="visualnn_worker.keras_layers.affine:BiasAdd",
    group="internal",
    params=[AXIS, *variable("bias", "zeros")],
    shape=axis_shape,
    weights=[Weight("bias", axis_weight, initializer="bias_initializer")],
    palette=False,
    maps={
        "keras": [],
        "caffe": [
            Map(
                "Bias",
                [
                    FileAxis("axis", "axis", 1),
                    Harmless("num_axes", (1,)),
                    Filler("bias_initializer", "filler", "zeros"),
                    Training(),
                ],
                blobs=[("bias",)],
            )
        ],
        "onnx": [Map("Add", ALONG_AXIS, blobs=[("bias",)], around="along_axis", reads=False)],
        "torch": [Map("Bias", ALONG_AXIS, blobs=[("bias",)], layout="plain", around="along")],
        "tensorflow": [Map("Add", ALONG_AXIS, blobs=[("bias",)], around="along_axis", reads=False)],
    },
    example=Example(((8, 8, 4),)),
)
