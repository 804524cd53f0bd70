"""Attention: scores of queries and keys, their shares, and the mean of the values by these."""

from collections.abc import Callable
from math import sqrt

from visualnn_shared.catalogue.layers.attention import attended_axes

from visualnn_converter.formats.onnx.emission import Emission, Size, fixed
from visualnn_converter.formats.onnx.graph import Value
from visualnn_converter.layout import identity

LITTLE = -1e9
"""The score of keys that are not seen, as in Keras' Softmax."""


def _three(e: Emission) -> tuple[Value, Value, Value]:
    """Query, value and key; the values are their own keys where none are given."""
    return e.plain(0), e.plain(1), e.plain(2 if len(e.inputs) > 2 else 1)


def attended(e: Emission) -> list[Value]:
    """Attention and AdditiveAttention: (batch, steps, features) each."""
    query, value, key = _three(e)
    p = e.p
    if p.get("score_mode") == "dot":
        scores = e.op("MatMul", query, e.op("Transpose", key, perm=[0, 2, 1]))
        scores = e.op("Mul", scores, e.tensor("scale")) if e.has("scale") else scores
    else:
        both = e.op("Add", e.op("Unsqueeze", query, [2]), e.op("Unsqueeze", key, [1]))
        scores = _summed(e, both)
    query_mask, value_mask = e.masks[:2]
    if value_mask:
        seen = e.op("Unsqueeze", value_mask.name, [1])
        scores = e.op("Where", seen, scores, e.op("Sub", scores, 1e9))
    found = e.op("MatMul", e.op("Softmax", scores, axis=-1), value)
    return [e.made(e.op("Where", e.op("Unsqueeze", query_mask.name, [2]), found, 0.0) if query_mask else found)]


def _summed(e: Emission, both: str) -> str:
    """Scores of the sums of query and key: the scale stands inside of Attention's tanh, outside of Additive's."""
    if e.layer.type == "AdditiveAttention":
        found = e.op("Tanh", both)
        found = e.op("Mul", found, e.tensor("scale")) if e.has("scale") else found
        return str(e.op("ReduceSum", found, [-1], keepdims=0))
    scaled = e.op("Mul", both, e.tensor("scale")) if e.has("scale") else both
    found = e.op("ReduceSum", e.op("Tanh", scaled), [-1], keepdims=0)
    return str(e.op("Mul", found, e.tensor("concat_score_weight")))


def _projected(e: Emission, name: str, value: Value, heads: int, size: int) -> str:
    """(batch, ..., features) to (batch, ..., heads, size)."""
    kernel = e.tensor(f"{name}/kernel", lambda x: x.reshape(x.shape[0], -1))
    found = e.op("MatMul", value, kernel)
    if e.has(f"{name}/bias"):
        found = e.op("Add", found, e.tensor(f"{name}/bias", lambda x: x.reshape(-1)))
    return e.reshaped(found, [*[0] * (value.rank - 1), heads, size])


def _joined(e: Emission, heads: str, gate: str | None, rank: int, wide: int) -> Value:
    """(batch, ..., heads, size) through the output's dense layer."""
    heads = e.op("Mul", heads, e.op("Sigmoid", gate)) if gate else heads
    out = e.layer.output_shapes[0]
    step = [fixed(n) for n in out[rank - 2 :]]
    kernel = e.tensor("attention_output/kernel", lambda x: x.reshape(wide, -1))
    found = e.op("MatMul", e.reshaped(heads, [*[0] * (rank - 1), wide]), kernel)
    if e.has("attention_output/bias"):
        found = e.op("Add", found, e.tensor("attention_output/bias", lambda x: x.reshape(-1)))
    if len(step) > 1:
        found = e.reshaped(found, [*[0] * (rank - 1), *step])
    return e.made(found, label=identity(len(out) + 1))


def _visible(e: Emission, query: Value, key: Value) -> str | None:
    """Which keys a query sees, (batch or 1, 1, queries, keys); None where it sees all.

    Not those far away under ``sliding_window``, and not what the masks of query, value and key leave out.
    """
    seen: list[str] = []
    size = e.p["sliding_window"]
    if size is not None:
        rows, columns = (_numbers(e, value) for value in (query, key))
        apart = e.op("Abs", e.op("Sub", e.op("Unsqueeze", rows, [1]), e.op("Unsqueeze", columns, [0])))
        near = e.op("Less", apart, e.graph.constant("int64", size))
        seen.append(e.op("Unsqueeze", near, [0, 1]))
    for index, mask in enumerate(e.masks):
        if mask is not None:
            seen.append(e.op("Unsqueeze", mask.name, [1, 2] if index else [1, 3]))
    if not seen:
        return None
    found = seen[0]
    for one in seen[1:]:
        found = str(e.op("And", found, one))
    return found


def _numbers(e: Emission, value: Value) -> str:
    """0, 1, ... for each step."""
    zero, one = (e.graph.constant("int64", n) for n in (0, 1))
    return str(e.op("Range", zero, e.op("Squeeze", e.size(value, 1), [0]), one))


def _shares(e: Emission, query: str, key: str, size: int, seen: str | None) -> str:
    """Softmax of the scores; ``query`` (..., Q, size) and ``key`` (..., size, K)."""
    scores = e.op("MatMul", e.op("Mul", query, 1 / sqrt(size)), key)
    if seen is None:
        return str(e.op("Softmax", scores, axis=-1))
    shares = e.op("Softmax", e.op("Where", seen, scores, LITTLE), axis=-1)
    # A query that sees nothing takes the mean of all values, unless Keras goes the longer way that drops shares.
    return str(e.op("Where", seen, shares, 0.0) if e.p["dropout"] else shares)


def several_heads(e: Emission) -> list[Value]:
    """MultiHeadAttention: axes in the order batch, those not looked along, heads, those looked along, features."""
    query, value, key = _three(e)
    p, rank = e.p, query.rank
    heads, size, out = p["num_heads"], p["key_dim"], p["value_dim"]
    looked = [axis + 1 for axis in attended_axes(p, rank - 1)]
    others = [axis for axis in range(1, rank - 1) if axis not in looked]
    order = [0, *others, rank - 1, *looked, rank]

    def arranged(name: str, one: Value, wide: int) -> str:
        found = e.op("Transpose", _projected(e, name, one, heads, wide), perm=order)
        return e.reshaped(found, [*[0] * (len(others) + 2), -1, wide]) if len(looked) > 1 else found

    turned = [*range(len(others) + 2), len(others) + 3, len(others) + 2]
    keys = e.op("Transpose", arranged("key", key, size), perm=turned)
    shares = _shares(e, arranged("query", query, size), keys, size, _visible(e, query, key))
    found = e.op("MatMul", shares, arranged("value", value, out))
    if len(looked) > 1:
        sizes: list[Size] = [(query, axis) for axis in looked]
        found = e.reshaped(found, [*[0] * (len(others) + 2), *sizes, out])
    back = e.op("Transpose", found, perm=[order.index(axis) for axis in range(rank + 1)])
    gate = _projected(e, "gate", query, heads, out) if p["use_gate"] else None
    return [_joined(e, back, gate, rank, heads * out)]


def grouped_heads(e: Emission) -> list[Value]:
    """GroupQueryAttention: (batch, groups, heads of a group, steps, features)."""
    query, value, key = _three(e)
    p = e.p
    many, few, size = p["num_query_heads"], p["num_key_value_heads"], p["head_dim"]
    split = e.op("Transpose", _projected(e, "query", query, many, size), perm=[0, 2, 1, 3])
    queries = e.reshaped(split, [0, few, many // few, -1, size])
    keys = e.op("Transpose", _projected(e, "key", key, few, size), perm=[0, 2, 3, 1])
    values = e.op("Transpose", _projected(e, "value", value, few, size), perm=[0, 2, 1, 3])
    seen = _visible(e, query, key)
    seen = e.op("Unsqueeze", seen, [2]) if seen else None
    shares = _shares(e, queries, e.op("Unsqueeze", keys, [2]), size, seen)
    found = e.reshaped(e.op("MatMul", shares, e.op("Unsqueeze", values, [2])), [0, many, -1, size])
    back = e.op("Transpose", found, perm=[0, 2, 1, 3])
    gate = _projected(e, "gate", query, many, size) if p["use_gate"] else None
    return [_joined(e, back, gate, query.rank, many * size)]


FUNCTIONS: tuple[Callable[[Emission], list[Value]], ...] = (attended, several_heads, grouped_heads)
