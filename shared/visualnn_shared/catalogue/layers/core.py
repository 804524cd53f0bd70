"""Inputs, dense layers, and layers that only move or drop values."""

from collections.abc import Iterator
from math import prod

from visualnn_shared.catalogue.activation_maps import caffe_activations, onnx_activations
from visualnn_shared.catalogue.axis_lenses import LastAxis
from visualnn_shared.catalogue.caffe_maps import FILLERS, LINEAR, Filler, read_target, write_target
from visualnn_shared.catalogue.common import KERNEL_AND_BIAS, NOISE_SHAPE, SEED, USE_BIAS, activation, bias, variable
from visualnn_shared.catalogue.entry import Broken, Example, Param, Params, Ports, Shapes, Weight
from visualnn_shared.catalogue.free import Dim, Shape, from_json
from visualnn_shared.catalogue.keras_maps import keras
from visualnn_shared.catalogue.kinds import Bool, Choice, Float, Int, ListOf, Optional
from visualnn_shared.catalogue.lenses import (
    Around,
    At,
    AtInput,
    Drop,
    Fn,
    FromWeight,
    Harmless,
    HasWeight,
    Is,
    Map,
    Only,
    Training,
)
from visualnn_shared.catalogue.named import ACTIVATION
from visualnn_shared.catalogue.onnx_maps import BatchFirst
from visualnn_shared.catalogue.registry import layer
from visualnn_shared.catalogue.shapes import need_rank, noise_shape, same_shape
from visualnn_shared.catalogue.steps import Perm
from visualnn_shared.catalogue.tensorflow_maps import tensorflow_activations, tensorflow_passes_on
from visualnn_shared.catalogue.torch_lenses import InSize, WholeSamples
from visualnn_shared.catalogue.torch_maps import BIAS, FUSED, torch_activations

DENSE = (FromWeight("units", "kernel", -1), HasWeight("use_bias", "bias"), LINEAR, Training())
NO_MASK = "pad the sequences and let the net learn to skip the padding, or cut them to one length"

layer(
    "Input",
    doc="Where samples enter the net.",
    group="data",
    params=[
        Param("shape", ListOf(Optional(Int(1))), doc="Shape of one sample, without the batch; null is a free size."),
        Param("dtype", Choice(("float32", "float64", "float16", "int32", "int64", "uint8", "bool")), "float32",
              "Type of the values."),
    ],
    ports=Ports(0, 0, ()),
    shape=lambda p, _ins: [from_json(p["shape"])],
    example=Example((), {"shape": [28, 28, 1]}),
)  # fmt: skip


def _dense_shape(p: Params, ins: Shapes) -> list[Shape]:
    if not ins[0]:
        raise Broken("the input must have at least one axis besides the batch", ins[0])
    return [(*ins[0][:-1], p["units"])]


layer(
    "Dense",
    doc="Each output is a weighted sum of all values along the last axis.",
    group="common",
    params=[Param("units", Int(1), doc="Size of the output's last axis."), activation(), USE_BIAS, *KERNEL_AND_BIAS],
    shape=_dense_shape,
    weights=[
        Weight("kernel", lambda p, ins: (ins[0][-1], p["units"]), initializer="kernel_initializer"),
        bias("units"),
    ],
    macs=lambda _p, ins, outs: prod(outs[0]) * ins[0][-1],
    layout="plain",
    maps={
        "keras": [keras("Dense")],
        "caffe": [
            Map(
                "InnerProduct",
                [
                    At("units", "num_output"),
                    At("use_bias", "bias_term", True),
                    LastAxis("axis", 1),
                    Drop(("transpose",)),  # how the file stores the matrix; the net is the same
                    LINEAR,
                    *FILLERS,
                ],
                blobs=[("kernel", Perm("io", "oi")), ("bias",)],
            )
        ],
        "onnx": [
            Map("Gemm", DENSE, blobs=[("kernel",), ("bias",)], rank=2),
            Map("MatMul", DENSE, blobs=[("kernel",), ("bias",)], around="add_bias"),
        ],
        "torch": [
            Map(
                "nn.Linear",
                [InSize("in_features"), At("units", "out_features"), BIAS, FUSED, Training()],
                blobs=[("kernel", Perm("io", "oi")), ("bias",)],
            )
        ],
        "tensorflow": [
            Map("MatMul", DENSE, blobs=[("kernel",), ("bias",)], rank=2, around="product"),
            Map("BatchMatMulV2", DENSE, blobs=[("kernel",), ("bias",)], around="product"),
        ],
    },
    example=Example(((784,),), {"units": 10, "activation": "softmax"}),
)

layer(
    "Activation",
    doc="A function applied to each value, or along the last axis (softmax).",
    group="activation",
    params=[Param("activation", ACTIVATION, doc="Name of the function.")],
    shape=same_shape,
    maps={
        "keras": [keras("Activation")],
        "caffe": caffe_activations(),
        "onnx": onnx_activations(),
        "torch": torch_activations(),
        "tensorflow": tensorflow_activations(),
    },
    example=Example(((10,),), {"activation": "relu"}),
)


layer(
    "Dropout",
    doc="Sets a share of the values to zero while training, and scales the others up.",
    group="common",
    params=[
        Param("rate", Float(0, 1), doc="Share of the values that is dropped."),
        NOISE_SHAPE,
        SEED,
    ],
    shape=noise_shape,
    maps={
        "keras": [keras("Dropout")],
        "caffe": [Map("Dropout", [At("rate", "dropout_ratio", 0.5), Training(("seed",)), Only("noise_shape", (None,)),
                                  Harmless("scale_train", (True,))])],
        "onnx": [Map("Identity", [Training(("rate", "seed", "noise_shape"))], reads=False)],
        "torch": [
            Map("nn.Dropout", [At("rate", "p"), Training(("seed",)), Only("noise_shape", (None,))]),
            Map("StochasticDepth", [At("rate", "p"), Training(("seed",)), WholeSamples()]),
        ],
        "tensorflow": tensorflow_passes_on("rate", "seed", "noise_shape"),
    },
    example=Example(((128,),), {"rate": 0.5}),
)  # fmt: skip

layer(
    "Flatten",
    doc="All values of a sample in one axis; pictures in the order rows, columns, channels.",
    group="utility",
    shape=lambda _p, ins: [(prod(ins[0]),)],
    layout="flatten",
    maps={
        "keras": [keras("Flatten")],
        "caffe": [Map("Flatten", [Is("axis", 1, 1), Is("end_axis", -1, -1)])],
        "onnx": [Map("Flatten", [Is("axis", 1, 1)])],
        "torch": [Map("torch.flatten", around="flattened")],
        "tensorflow": [Map("Reshape", around="reshape")],
    },
    example=Example(((4, 4, 3),)),
)


def _reshape_shape(p: Params, ins: Shapes) -> list[Shape]:
    target: tuple[int, ...] = p["target_shape"]
    fixed = prod(n for n in target if n != -1)
    size = prod(ins[0])
    open_axis = -1 in target
    if (size % fixed) if open_axis else (size != fixed):
        raise Broken(
            "target_shape must hold as many values as the input", target, param="target_shape",
            hint=f"the input {ins[0]} has {size} values",
        )  # fmt: skip
    rest: Dim = size // fixed
    return [tuple(rest if n == -1 else n for n in target)]


def _reshape_rules(p: Params) -> Iterator[Broken]:
    if p["target_shape"].count(-1) > 1:
        yield Broken("target_shape must hold -1 at most once", p["target_shape"], param="target_shape")
    if 0 in p["target_shape"]:
        yield Broken("target_shape must hold sizes of at least 1, or -1", p["target_shape"], param="target_shape")


layer(
    "Reshape",
    doc="The same values in another shape, last axis fastest.",
    group="utility",
    params=[Param("target_shape", ListOf(Int(-1)), doc="New shape of a sample; one axis may be -1: what is left.")],
    shape=_reshape_shape,
    rules=_reshape_rules,
    layout="plain",
    maps={
        "keras": [keras("Reshape")],
        "caffe": [
            Map(
                "Reshape",
                [Fn(("target_shape",), read_target, write_target), Harmless("axis", (0,)), Harmless("num_axes", (-1,))],
            )
        ],
        "onnx": [Map("Reshape", [AtInput("target_shape", "shape", 1, "int64", BatchFirst())])],
        "torch": [Map("torch.reshape", [Around(("target_shape",))], around="reshaped")],
        "tensorflow": [Map("Reshape", [Around(("target_shape",))], around="reshape")],
    },
    example=Example(((784,),), {"target_shape": [28, 28, -1]}),
)


def _permute_shape(p: Params, ins: Shapes) -> list[Shape]:
    need_rank(ins[0], len(p["dims"]), "one for each of dims")
    return [tuple(ins[0][n - 1] for n in p["dims"])]


def _permute_rules(p: Params) -> Iterator[Broken]:
    if sorted(p["dims"]) != list(range(1, len(p["dims"]) + 1)):
        yield Broken("dims must hold every axis from 1 once", p["dims"], param="dims")


layer(
    "Permute",
    doc="Axes in another order.",
    group="utility",
    params=[Param("dims", ListOf(Int(1), 1), doc="The input's axes in their new order, counted from 1.")],
    shape=_permute_shape,
    rules=_permute_rules,
    layout="plain",
    maps={
        "keras": [keras("Permute")],
        "onnx": [Map("Transpose", [Around(("dims",))], layout="any", around="relabel")],
        "torch": [Map("torch.permute", [Around(("dims",))], layout="any", around="relabelled")],
        "tensorflow": [Map("Transpose", [Around(("dims",))], around="transpose")],
    },
    example=Example(((10, 64),), {"dims": [2, 1]}),
)

layer(
    "Embedding",
    doc="A vector for each whole number, looked up in a table.",
    group="common",
    params=[
        Param("input_dim", Int(1), doc="Number of different numbers: the largest that occurs, plus 1."),
        Param("output_dim", Int(1), doc="Length of the vectors."),
        *variable("embeddings", "random_uniform"),
        Param("mask_zero", Bool(), False, "Whether 0 marks a place without a value, that later layers skip."),
    ],
    shape=lambda p, ins: [(*ins[0], p["output_dim"])],
    weights=[
        Weight("embeddings", lambda p, _ins: (p["input_dim"], p["output_dim"]), initializer="embeddings_initializer")
    ],
    layout="plain",
    maps={
        "keras": [keras("Embedding", Drop(("input_length",)))],
        "caffe": [
            Map(
                "Embed",
                [
                    At("input_dim", "input_dim"),
                    At("output_dim", "num_output"),
                    Is("bias_term", False, True),
                    Only("mask_zero", (False,)),
                    Filler("embeddings_initializer", "weight_filler"),
                    Training(),
                ],
                blobs=[("embeddings",)],
            )
        ],
        "onnx": [
            Map(
                "Gather",
                [
                    FromWeight("input_dim", "embeddings", 0),
                    FromWeight("output_dim", "embeddings", 1),
                    Around(("mask_zero",)),
                    Training(),
                ],
                blobs=[("embeddings",)],
                around="lookup",
            )
        ],
        "torch": [
            Map(
                "nn.Embedding",
                [
                    At("input_dim", "num_embeddings"),
                    At("output_dim", "embedding_dim"),
                    Only("mask_zero", (False,), NO_MASK),
                    Training(),
                ],
                blobs=[("embeddings",)],
                around="looked_up",
            )
        ],
        "tensorflow": [
            Map(
                "GatherV2",
                [
                    FromWeight("input_dim", "embeddings", 0),
                    FromWeight("output_dim", "embeddings", 1),
                    Only("mask_zero", (False,), NO_MASK),
                    Training(),
                ],
                blobs=[("embeddings",)],
                around="lookup",
            )
        ],
    },
    example=Example(((80,),), {"input_dim": 1000, "output_dim": 16}),
)
