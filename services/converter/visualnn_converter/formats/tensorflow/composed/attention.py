"""Attention: scores of queries and keys, their shares, and the mean of the values by these."""

from collections.abc import Callable, Sequence
from math import sqrt
from string import ascii_lowercase, ascii_uppercase

from visualnn_shared.catalogue.layers.attention import attended_axes
from visualnn_shared.catalogue.maps import Unmappable

from visualnn_converter.formats.tensorflow.composed.making import Making

LITTLE = -1e9
"""The score of keys that are not seen, as in Keras' Softmax."""


def _three(m: Making) -> tuple[str, str, str]:
    """Query, value and key; the values are their own keys where none are given."""
    return m.inputs[0], m.inputs[1], m.inputs[2 if len(m.inputs) > 2 else 1]


def attended(m: Making) -> list[str]:
    """Attention and AdditiveAttention: (batch, steps, features) each."""
    query, value, key = _three(m)
    if m.p.get("score_mode") == "dot":
        scores = m.op("BatchMatMulV2", query, key, adj_y=True)
        scores = m.op("Mul", scores, m.weight("scale")) if m.has("scale") else scores
    else:
        scores = _summed(m, m.op("Add", m.op("ExpandDims", query, 2), m.op("ExpandDims", key, 1)))
    return [m.op("BatchMatMulV2", m.op("Softmax", scores), value)]


def _summed(m: Making, both: str) -> str:
    """Scores of the sums of query and key: the scale stands inside of Attention's tanh, outside of Additive's."""
    if m.e.layer.type == "AdditiveAttention":
        found = m.op("Tanh", both)
        return m.op("Sum", m.op("Mul", found, m.weight("scale")) if m.has("scale") else found, [-1])
    scaled = m.op("Mul", both, m.weight("scale")) if m.has("scale") else both
    return m.op("Mul", m.op("Sum", m.op("Tanh", scaled), [-1]), m.weight("concat_score_weight"))


def _einsum(m: Making, equation: str, *values: str) -> str:
    return m.op("Einsum", *values, equation=equation, N=len(values))


def _kernel(m: Making, name: str, split: Sequence[int] | None) -> str:
    """A weight, with its axis of heads as two where heads come in groups."""
    return m.op("Reshape", m.weight(name), list(split)) if split else m.weight(name)


class _Letters:
    """Letters of the axes: ``c`` are shared, ``q`` the query's and ``k`` the keys' that are looked along."""

    def __init__(self, rank: int, looked: Sequence[int]) -> None:
        if rank > 12:
            raise Unmappable("attention must be over at most 12 axes in this format", rank)
        self.query = "".join(ascii_uppercase[i] if i in looked else ascii_lowercase[i] for i in range(rank - 2))
        self.key = "".join(ascii_uppercase[13 + i] if i in looked else ascii_lowercase[i] for i in range(rank - 2))
        shared = "".join(one for one in self.query if one in self.key)
        apart = [[one for one in side if one not in shared] for side in (self.query, self.key)]
        self.scores = shared, "".join(apart[0]), "".join(apart[1])


def _projected(m: Making, name: str, value: str, axes: str, heads: str, split: Sequence[int] | None = None) -> str:
    """(batch, axes, features) to (batch, axes, heads, features of a head)."""
    kernel = _kernel(m, f"{name}/kernel", split)
    found = _einsum(m, f"z{axes}y,y{heads}x->z{axes}{heads}x", value, kernel)
    if not m.has(f"{name}/bias"):
        return found
    return m.op("Add", found, _kernel(m, f"{name}/bias", split[1:] if split else None))


def _seen(m: Making, query: str, key: str) -> str | None:
    """Which keys a query sees under ``sliding_window``, (queries, keys); None where it sees all."""
    size = m.p["sliding_window"]
    if size is None:
        return None
    rows, columns = (m.op("Range", 0, m.size(one, 1), 1) for one in (query, key))
    apart = m.op("Abs", m.op("Sub", m.op("ExpandDims", rows, 1), m.op("ExpandDims", columns, 0)))
    return m.op("Less", apart, size)


def _shares(m: Making, scores: str, seen: str | None, rank: int, along: int) -> str:
    """Softmax along the last axes."""
    scores = m.op("SelectV2", seen, scores, LITTLE) if seen else scores
    if along == 1:
        shares = m.op("Softmax", scores)
    else:
        axes = list(range(rank - along, rank))
        grown = m.op("Exp", m.op("Sub", scores, m.op("Max", scores, axes, keep_dims=True)))
        shares = m.op("RealDiv", grown, m.op("Sum", grown, axes, keep_dims=True))
    # A query that sees nothing takes the mean of all values, unless Keras goes the longer way that drops shares.
    return m.op("SelectV2", seen, shares, 0.0) if seen and m.p["dropout"] else shares


def _attention(
    m: Making, letters: _Letters, heads: str, few: str, size: int, splits: dict[str, list[int]]
) -> list[str]:
    """``heads`` are the letters of the query's heads, ``few`` those of the keys'."""
    query, value, key = _three(m)
    q, k = letters.query, letters.key
    scaled = m.op("Mul", _projected(m, "query", query, q, heads, splits.get("query")), 1 / sqrt(size))
    keys, values = _projected(m, "key", key, k, few), _projected(m, "value", value, k, few)
    shared, rows, columns = letters.scores
    said = f"z{shared}{heads}{rows}{columns}"
    scores = _einsum(m, f"z{q}{heads}x,z{k}{few}x->{said}", scaled, keys)
    shares = _shares(m, scores, _seen(m, query, key), len(said), len(columns))
    found = _einsum(m, f"{said},z{k}{few}w->z{q}{heads}w", shares, values)
    if m.p["use_gate"]:
        gate = _projected(m, "gate", query, q, heads, splits.get("gate"))
        found = m.op("Mul", found, m.op("Sigmoid", gate))
    made = "stuvmn"[: len(m.e.layer.output_shapes[0]) - len(q)]
    if len(made) < len(m.e.layer.output_shapes[0]) - len(q):
        raise Unmappable("output_shape must have at most 6 axes in this format", m.p["output_shape"], "output_shape")
    kernel = _kernel(m, "attention_output/kernel", splits.get("attention_output"))
    joined = _einsum(m, f"z{q}{heads}w,{heads}w{made}->z{q}{made}", found, kernel)
    return [m.biased(joined, "attention_output/bias")]


def several_heads(m: Making) -> list[str]:
    """MultiHeadAttention: queries look along all axes but the last, or along those that are named."""
    letters = _Letters(m.e.rank, attended_axes(m.p, m.e.rank - 1))
    return _attention(m, letters, "h", "h", m.p["key_dim"], {})


def grouped_heads(m: Making) -> list[str]:
    """GroupQueryAttention: query heads in groups that share keys and values."""
    many, few, size = m.p["num_query_heads"], m.p["num_key_value_heads"], m.p["head_dim"]
    apart = [few, many // few, size]
    splits = {"query": [-1, *apart], "gate": [-1, *apart], "attention_output": [*apart, -1]}
    return _attention(m, _Letters(3, [0]), "gh", "g", size, splits)


FUNCTIONS: tuple[Callable[[Making], list[str]], ...] = (attended, several_heads, grouped_heads)
