"""Layers that disturb their input while training, and pass it on as it is afterwards."""

from collections.abc import Iterator

from visualnn_shared.catalogue.common import NOISE_SHAPE, SEED
from visualnn_shared.catalogue.entry import Broken, Example, Param, Params
from visualnn_shared.catalogue.keras_maps import keras
from visualnn_shared.catalogue.kinds import Float
from visualnn_shared.catalogue.lenses import At, Map, Only, Training
from visualnn_shared.catalogue.registry import layer
from visualnn_shared.catalogue.shapes import noise_shape, same_shape
from visualnn_shared.catalogue.tensorflow_maps import tensorflow_passes_on


def _rate_below_one(p: Params) -> Iterator[Broken]:
    if p["rate"] == 1:
        yield Broken("rate must be below 1, where the noise would be without limit", 1.0, param="rate")


layer(
    "GaussianNoise",
    doc="Adds normal noise while training.",
    group="noise",
    params=[Param("stddev", Float(0, 1), doc="Standard deviation of the noise."), SEED],
    shape=same_shape,
    maps={
        "keras": [keras("GaussianNoise")],
        "onnx": [Map("Identity", [Training(("stddev", "seed"))], reads=False)],
        "torch": [Map("GaussianNoise", [At("stddev", "std"), Training(("seed",))])],
        "tensorflow": tensorflow_passes_on("stddev", "seed"),
    },
    example=Example(((128,),), {"stddev": 0.1}),
)

layer(
    "GaussianDropout",
    doc="Multiplies by normal noise of mean 1 and standard deviation sqrt(rate / (1 - rate)) while training.",
    group="noise",
    params=[Param("rate", Float(0, 1), doc="Share that a dropout of the same strength would drop."), SEED],
    shape=same_shape,
    rules=_rate_below_one,
    maps={
        "keras": [keras("GaussianDropout")],
        "onnx": [Map("Identity", [Training(("rate", "seed"))], reads=False)],
        "torch": [Map("GaussianDropout", [At("rate", "p"), Training(("seed",))])],
        "tensorflow": tensorflow_passes_on("rate", "seed"),
    },
    example=Example(((128,),), {"rate": 0.5}),
)

layer(
    "AlphaDropout",
    doc="Sets a share of the values to SELU's lower limit while training, and keeps mean and variance: for SELU nets.",
    group="noise",
    params=[Param("rate", Float(0, 1), doc="Share of the values that is dropped."), NOISE_SHAPE, SEED],
    shape=noise_shape,
    rules=_rate_below_one,
    maps={
        "keras": [keras("AlphaDropout")],
        "onnx": [Map("Identity", [Training(("rate", "seed", "noise_shape"))], reads=False)],
        "torch": [Map("nn.AlphaDropout", [At("rate", "p"), Training(("seed",)), Only("noise_shape", (None,))])],
        "tensorflow": tensorflow_passes_on("rate", "seed", "noise_shape"),
    },
    example=Example(((128,),), {"rate": 0.5}),
)
