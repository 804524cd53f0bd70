"""Pooling to one value for each channel, or to an output of a given size."""

from visualnn_shared.catalogue.caffe_maps import ENGINE
from visualnn_shared.catalogue.entry import Broken, Example, Param, Params, Shapes
from visualnn_shared.catalogue.free import FREE, Shape
from visualnn_shared.catalogue.keras_maps import keras
from visualnn_shared.catalogue.kinds import Bool, Tuple
from visualnn_shared.catalogue.lenses import At, Is, Map, Sets
from visualnn_shared.catalogue.onnx_maps import composed
from visualnn_shared.catalogue.registry import layer
from visualnn_shared.catalogue.torch_maps import torch_adaptive_pool, torch_global_pool
from visualnn_shared.catalogue.window_lenses import over
from visualnn_shared.catalogue.window_params import SUBJECT
from visualnn_shared.catalogue.windows import global_pool_shape, need_spatial

MEANS = {"Average": "mean", "Max": "largest value"}
SHAPES = {1: (7, 64), 2: (7, 7, 64), 3: (4, 5, 6, 8)}


def _global_pooling(how: str, rank: int) -> None:
    """``GlobalAveragePooling1D``, ``GlobalMaxPooling3D`` and their like."""
    pool = {"Average": "AVE", "Max": "MAX"}[how]
    caffe = Map("Pooling", [Is("pool", pool, "MAX"), Is("global_pooling", True, False), Sets("keepdims", True), ENGINE])
    layer(
        f"Global{how}Pooling{rank}D",
        doc=f"The {MEANS[how]} of each channel.",
        group="vision",
        params=[Param("keepdims", Bool(), False, f"Whether the axes of the {SUBJECT[rank]} stay as axes of 1.")],
        shape=global_pool_shape(rank),
        layout="spatial",
        maps={
            "keras": [keras(f"Global{how}Pooling{rank}D")],
            "caffe": [caffe] if rank == 2 else [],
            "onnx": [
                Map(f"Global{how}Pool", [Sets("keepdims", True)], when=over(rank)),
                Map(f"Global{how}Pool", [Sets("keepdims", False)], around="flattened", reads=False),
            ],
            "torch": torch_global_pool(how, rank),
            "tensorflow": [
                Map("Mean" if how == "Average" else "Max", [At("keepdims", "keep_dims", False)], around="reduce")
            ],
        },
        example=Example((SHAPES[rank],), {"keepdims": True} if how == "Max" else {}),
    )


def _adaptive_shape(p: Params, ins: Shapes) -> list[Shape]:
    """(*sizes, channels) -> (*``output_size``, channels); the windows follow from sizes that must be known."""
    size = p["output_size"]
    need_spatial(ins[0], len(size))
    if any(n is FREE for n in ins[0][:-1]):
        hint = "give the Input layer a fixed size along these axes"
        raise Broken("the input must have a known size along every pooled axis", list(ins[0]), hint=hint)
    return [(*size, ins[0][-1])]


def _adaptive_pooling(how: str, rank: int) -> None:
    """``AdaptiveAveragePooling1D``, ``AdaptiveMaxPooling3D`` and their like."""
    layer(
        f"Adaptive{how}Pooling{rank}D",
        doc=f"The {MEANS[how]} of each of as many windows as the output has cells; windows may overlap.",
        group="vision",
        params=[Param("output_size", Tuple(rank), doc=f"Sizes of the output {SUBJECT[rank]}.")],
        shape=_adaptive_shape,
        layout="spatial",
        maps={
            "keras": [keras(f"Adaptive{how}Pooling{rank}D")],
            "onnx": [composed(f"{how}Pool", "adaptive", "output_size")],
            "torch": torch_adaptive_pool(how, rank),
        },
        example=Example((SHAPES[rank],), {"output_size": 3}),
    )


for _rank in (1, 2, 3):
    for _how in MEANS:
        _global_pooling(_how, _rank)
        _adaptive_pooling(_how, _rank)
