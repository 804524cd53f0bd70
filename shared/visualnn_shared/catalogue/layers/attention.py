"""Attention: each step of a query takes in what it finds in the values, as much as the keys there suit it.

Multiply-accumulates count every matrix product (the projections, query times keys, weights times values), not the
softmax, biases, gates or other element-wise work.
"""

from collections.abc import Iterator
from math import prod
from typing import Any

from visualnn_shared.catalogue.common import ACTIVITY, SEED, USE_BIAS, variable
from visualnn_shared.catalogue.entry import Broken, Example, Param, Params, Ports, Same, Shapes, Weight
from visualnn_shared.catalogue.free import Dim, Shape
from visualnn_shared.catalogue.keras_maps import keras
from visualnn_shared.catalogue.kinds import Axis, Bool, Choice, Float, Int, ListOf, Optional
from visualnn_shared.catalogue.lenses import Around, Drop, Harmless, Map, Only, Training
from visualnn_shared.catalogue.onnx_maps import composed
from visualnn_shared.catalogue.registry import layer
from visualnn_shared.catalogue.shapes import need_rank
from visualnn_shared.catalogue.tensorflow_maps import tensorflow_composed
from visualnn_shared.catalogue.torch_lenses import HeadsAsRows, OneAxis

QUERY_VALUE_KEY = ("query", "value", "key")
DROPOUT = Param("dropout", Float(0, 1), 0.0, "Share of the attention weights that is dropped while training.")


def _three(ins: Shapes) -> tuple[Shape, Shape, Shape]:
    """Query, value and key; the values are their own keys where none are given."""
    return ins[0], ins[1], ins[2] if len(ins) > 2 else ins[1]


def _differ(first: Shape, second: Shape) -> bool:
    """Whether two shapes differ for sure; axes of an unknown size do not."""
    return len(first) != len(second) or any(a != b for a, b in zip(first, second, strict=True))


def _need_keys(ins: Shapes) -> None:
    """Raises ``Broken`` where there is not one key for each value."""
    _query, value, key = _three(ins)
    if _differ(value[:-1], key[:-1]):
        raise Broken("value and key must have the same shape but for their last axis", list(ins))


def _attention_shape(_p: Params, ins: Shapes) -> list[Shape]:
    """(steps, features), values and keys -> (steps, features of the values). Raises ``Broken``."""
    query, value, key = _three(ins)
    for shape in (query, value, key):
        need_rank(shape, 2, "steps, features")
    _need_keys(ins)
    if query[-1] != key[-1]:
        raise Broken("query and key must have the same number of features", list(ins))
    return [(*query[:-1], value[-1])]


def _attention_macs(p: Params, ins: Shapes, _outs: Shapes) -> Dim:
    """Query steps x value steps x (features of the keys + features of the values).

    Scores by ``concat`` sum hyperbolic tangents, which are no products: the first term is then left out.
    """
    query, value, key = _three(ins)
    dot = p["score_mode"] == "dot"
    return query[0] * value[0] * (value[-1] + (key[-1] if dot else 0))


def _additive_macs(p: Params, ins: Shapes, _outs: Shapes) -> Dim:
    """Query steps x value steps x (features of the keys, where scaled, + features of the values)."""
    query, value, key = _three(ins)
    return query[0] * value[0] * (value[-1] + (key[-1] if p["use_scale"] else 0))


def _attention_weights(p: Params, _ins: Shapes) -> list[Weight]:
    names = (["scale"] if p["use_scale"] else []) + (["concat_score_weight"] if p["score_mode"] == "concat" else [])
    return [Weight(name, lambda _p, _ins: ()) for name in names]


layer(
    "Attention",
    doc="Dot-product attention (Luong): each query step's weighted mean of the values.",
    group="attention",
    params=[
        Param("use_scale", Bool(), False, "Whether the scores are multiplied by a number that is learnt."),
        Param("score_mode", Choice(("dot", "concat")), "dot",
              "dot: the product of query and key; concat: the sum of the hyperbolic tangents of their sums."),
        DROPOUT, SEED,
    ],
    ports=Ports(2, 3, QUERY_VALUE_KEY),
    shape=_attention_shape,
    weights_rule=_attention_weights,
    macs=_attention_macs,
    layout="plain",
    maps={
        "keras": [keras("Attention")],
        "onnx": [composed("Softmax", "attended", "use_scale", "score_mode", training=("dropout", "seed"))],
        "tensorflow": tensorflow_composed("attended", "use_scale", "score_mode", training=("dropout", "seed")),
        "torch": [Map("Attention", [Around(("use_scale", "score_mode")), Training(("dropout", "seed"))],
                      blobs=[("scale",), ("concat_score_weight",)], around="attention")],
    },
    example=Example(((10, 32), (12, 32)), {"use_scale": True}),
)  # fmt: skip

layer(
    "AdditiveAttention",
    doc="Additive attention (Bahdanau): scores are sums of tanh(query + key), each times a factor that is learnt.",
    group="attention",
    params=[
        Param("use_scale", Bool(), True, "Whether each feature of the sum has a factor that is learnt."),
        DROPOUT,
    ],
    ports=Ports(2, 3, QUERY_VALUE_KEY),
    shape=_attention_shape,
    weights=[Weight("scale", lambda _p, ins: (ins[0][-1],), when="use_scale")],
    macs=_additive_macs,
    layout="plain",
    maps={
        "keras": [keras("AdditiveAttention", Harmless("score_mode", ("dot",)))],
        "onnx": [composed("Softmax", "attended", "use_scale", training=("dropout",), weights=("scale",))],
        "tensorflow": tensorflow_composed("attended", "use_scale", training=("dropout",)),
        "torch": [
            Map(
                "AdditiveAttention",
                [Around(("use_scale",)), Training(("dropout",))],
                blobs=[("scale",)],
                around="additive",
            )
        ],
    },
    example=Example(((10, 32), (12, 32))),
)

PROJECTIONS = [
    DROPOUT,
    USE_BIAS,
    Param(
        "sliding_window", Optional(Int(1)), None, "How many steps before and after a query step are seen; null: all."
    ),
    *variable("kernel", "glorot_uniform"),
    *variable("bias", "zeros"),
    ACTIVITY,
    Param("use_gate", Bool(), False, "Whether what each head finds is multiplied by a gate computed from the query."),
    SEED,
]
SAID = ("use_bias", "sliding_window", "use_gate")


def _torch_heads(queries: str, keys: str) -> list[tuple[str, HeadsAsRows]]:
    """Blobs of the projections; ``queries`` and ``keys`` are the parameters with the number of heads."""
    counts = {"query": queries, "key": keys, "value": keys, "attention_output": queries}
    return [
        (f"{name}/{kind}", HeadsAsRows(heads, kind == "bias", joined=name == "attention_output"))
        for name, heads in counts.items() for kind in ("kernel", "bias")
    ]  # fmt: skip


KERAS_ATTENTION = (
    Harmless("flash_attention", (None, False)),
    Drop(("query_shape", "key_shape", "value_shape")),  # Keras 2 makes the weights from them
)


def _output(p: Params, query: Shape) -> Shape:
    """The size of one step of the output."""
    given: Any = p["output_shape"]
    return query[-1:] if given is None else tuple(given)


def attended_axes(p: Params, rank: int) -> list[int]:
    """Indices of the axes that queries look along: all but the last, unless ``attention_axes`` says which."""
    axes = p["attention_axes"]
    if axes is None:
        return list(range(rank - 1))
    found = [axis - 1 if axis > 0 else rank + axis for axis in axes]
    if any(not 0 <= axis < rank - 1 for axis in found) or len(set(found)) != len(found):
        limit = f"different axes of the inputs but the last, 1 to {rank - 1}"
        raise Broken(f"attention_axes must be {limit}", axes, param="attention_axes")
    return found


def _heads_shape(p: Params, ins: Shapes) -> list[Shape]:
    """(..., steps, features), values and keys -> (..., steps, ``output_shape``). Raises ``Broken``."""
    query, value, key = _three(ins)
    if any(len(shape) != len(query) or len(shape) < 2 for shape in (query, value, key)):
        raise Broken("the inputs must have the same number of axes, at least 2: steps, features", list(ins))
    _need_keys(ins)
    attended = attended_axes(p, len(query))
    if any(query[i] != value[i] for i in range(len(query) - 1) if i not in attended):
        raise Broken("query and value must agree along the axes that are not attended", list(ins))
    if p["sliding_window"] is not None and len(query) > 2:
        raise Broken(
            "sliding_window must be null where the inputs have more axes than steps and features",
            p["sliding_window"], param="sliding_window",
        )  # fmt: skip
    return [(*query[:-1], *_output(p, query))]


def _heads_macs(p: Params, ins: Shapes, outs: Shapes) -> Dim:
    """For Q query and V value positions, of which a query sees A, with h heads of k key and v value features:

    Q q h k + V (k' h k + v' h v) + Q A h (k + v) + Q h v o, where q, k' and v' are the inputs' features and o those of
    the output; a gate adds Q q h v.
    """
    query, value, key = _three(ins)
    heads: int = p["num_heads"]
    key_dim: int = p["key_dim"]
    value_dim: int = p["value_dim"]
    queries, values = prod(query[:-1]), prod(value[:-1])
    seen = prod(value[i] for i in attended_axes(p, len(query)))
    into = queries * query[-1] * heads * key_dim + values * heads * (key[-1] * key_dim + value[-1] * value_dim)
    across = queries * seen * heads * (key_dim + value_dim)
    out = prod(outs[0]) * heads * value_dim
    return into + across + out + (queries * query[-1] * heads * value_dim if p["use_gate"] else 0)


def _projection(name: str, features: Shape, made: Shape, use_bias: bool) -> list[Weight]:
    found = [Weight(f"{name}/kernel", lambda _p, _ins: (*features, *made), initializer="kernel_initializer")]
    if use_bias:
        found.append(Weight(f"{name}/bias", lambda _p, _ins: made, initializer="bias_initializer"))
    return found


def _heads_weights(p: Params, ins: Shapes) -> list[Weight]:
    """Kernels are (features, heads, features of a head); the output's has them the other way round."""
    query, value, key = _three(ins)
    heads, value_dim, bias = p["num_heads"], p["value_dim"], p["use_bias"]
    return [
        *_projection("query", query[-1:], (heads, p["key_dim"]), bias),
        *_projection("key", key[-1:], (heads, p["key_dim"]), bias),
        *(_projection("gate", query[-1:], (heads, value_dim), bias) if p["use_gate"] else []),
        *_projection("value", value[-1:], (heads, value_dim), bias),
        *_projection("attention_output", (heads, value_dim), _output(p, query), bias),
    ]


layer(
    "MultiHeadAttention",
    doc="Several attentions side by side, each over projections of its own, joined by a dense layer.",
    group="attention",
    params=[
        Param("num_heads", Int(1), doc="Number of attentions."),
        Param("key_dim", Int(1), doc="Features of each head's queries and keys."),
        Param("value_dim", Int(1), Same("key_dim"), "Features of each head's values; null: as many as key_dim."),
        Param("output_shape", Optional(ListOf(Int(1), 1, alone=True)), None,
              "Shape of one step of the output; null: the query's features."),
        Param("attention_axes", Optional(ListOf(Axis(), 1, alone=True)), None,
              "Axes along which a query looks; null: all but the batch and the features."),
        *PROJECTIONS,
    ],
    ports=Ports(2, 3, QUERY_VALUE_KEY, "args"),
    shape=_heads_shape,
    weights_rule=_heads_weights,
    macs=_heads_macs,
    layout="plain",
    maps={
        "keras": [keras("MultiHeadAttention", *KERAS_ATTENTION)],
        "onnx": [
            composed("Softmax", "several_heads", "num_heads", "key_dim", "value_dim", "output_shape",
                     "attention_axes", *SAID, training=("dropout", "activity_regularizer", "seed")),
        ],
        "tensorflow": tensorflow_composed(
            "several_heads", "num_heads", "key_dim", "value_dim", "output_shape", "attention_axes", *SAID, "dropout",
            training=("activity_regularizer", "seed"),
        ),
        "torch": [Map("MultiHeadAttention", [
            Around(("num_heads", "key_dim", "value_dim", "use_bias")), Only("attention_axes", (None,)),
            OneAxis("output_shape"), Only("sliding_window", (None,)), Only("use_gate", (False,)),
            Training(("dropout", "seed")),
        ], blobs=_torch_heads("num_heads", "num_heads"), rank=3, around="heads")],
    },
    example=Example(((10, 32), (12, 32)), {"num_heads": 4, "key_dim": 8}),
)  # fmt: skip


def _grouped_shape(_p: Params, ins: Shapes) -> list[Shape]:
    """(steps, features), values and keys -> as the query. Raises ``Broken``."""
    query, value, key = _three(ins)
    for shape in (query, value, key):
        need_rank(shape, 2, "steps, features")
    _need_keys(ins)
    if query[-1] != value[-1]:
        raise Broken("query and value must have the same number of features", list(ins))
    return [query]


def _grouped_rules(p: Params) -> Iterator[Broken]:
    if p["num_query_heads"] % p["num_key_value_heads"]:
        rule = "num_key_value_heads must divide num_query_heads"
        hint = f"num_query_heads is {p['num_query_heads']}"
        yield Broken(rule, p["num_key_value_heads"], param="num_key_value_heads", hint=hint)


def _grouped_macs(p: Params, ins: Shapes, _outs: Shapes) -> Dim:
    """For Q query and V value steps, with h query heads and g key and value heads of d features:

    Q q h d + V (k' + v') g d + 2 Q V h d + Q h d q, where q, k' and v' are the inputs' features; a gate adds Q q h d.
    """
    query, value, key = _three(ins)
    wide: int = p["num_query_heads"] * p["head_dim"]
    narrow: int = p["num_key_value_heads"] * p["head_dim"]
    projections = query[0] * query[-1] * wide * (3 if p["use_gate"] else 2)
    return projections + value[0] * narrow * (key[-1] + value[-1]) + 2 * query[0] * value[0] * wide


def _grouped_weights(p: Params, ins: Shapes) -> list[Weight]:
    query, value, key = _three(ins)
    many, few, bias = (p["num_query_heads"], p["head_dim"]), (p["num_key_value_heads"], p["head_dim"]), p["use_bias"]
    return [
        *_projection("query", query[-1:], many, bias),
        *_projection("key", key[-1:], few, bias),
        *(_projection("gate", query[-1:], many, bias) if p["use_gate"] else []),
        *_projection("value", value[-1:], few, bias),
        *_projection("attention_output", many, query[-1:], bias),
    ]


layer(
    "GroupQueryAttention",
    doc="Multi-head attention whose query heads share keys and values in groups: less to compute and to keep.",
    group="attention",
    params=[
        Param("head_dim", Int(1), doc="Features of each head."),
        Param("num_query_heads", Int(1), doc="Number of query heads."),
        Param("num_key_value_heads", Int(1), doc="Number of key and value heads; divides the number of query heads."),
        *PROJECTIONS,
    ],
    ports=Ports(2, 3, QUERY_VALUE_KEY, "args"),
    shape=_grouped_shape,
    rules=_grouped_rules,
    weights_rule=_grouped_weights,
    macs=_grouped_macs,
    layout="plain",
    maps={
        "keras": [keras("GroupQueryAttention", *KERAS_ATTENTION)],
        "onnx": [
            composed(
                "Softmax",
                "grouped_heads",
                "head_dim",
                "num_query_heads",
                "num_key_value_heads",
                *SAID,
                training=("dropout", "activity_regularizer", "seed"),
            )
        ],
        "tensorflow": tensorflow_composed(
            "grouped_heads",
            "head_dim",
            "num_query_heads",
            "num_key_value_heads",
            *SAID,
            "dropout",
            training=("activity_regularizer", "seed"),
        ),
        "torch": [
            Map(
                "MultiHeadAttention",
                [
                    Around(("head_dim", "num_query_heads", "num_key_value_heads", "use_bias")),
                    Only("sliding_window", (None,)),
                    Only("use_gate", (False,)),
                    Training(("dropout", "seed")),
                ],
                blobs=_torch_heads("num_query_heads", "num_key_value_heads"),
                around="heads",
            )
        ],
    },
    example=Example(((10, 32), (12, 32)), {"head_dim": 8, "num_query_heads": 4, "num_key_value_heads": 2}),
)
