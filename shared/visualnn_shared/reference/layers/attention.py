"""Attention: means of values, weighted by how well keys answer queries."""

import math
from typing import Any

import numpy as np

from visualnn_shared.catalogue.layers.attention import attended_axes
from visualnn_shared.reference.calling import Array, Call, Mask, Refused, forward
from visualnn_shared.reference.layers.functions import sigmoid, softmax

_NEVER = -1e30
"""A score that has no share beside any other; where all have it, all have the same share."""


def _three(c: Call) -> tuple[Array, Array, Array]:
    """Query, value and key; without a key the values are the keys."""
    query, value, *key = c.inputs
    return query, value, key[0] if key else value


def _attended(c: Call, scores: Array, value: Array) -> Array:
    """Scores (batch, queries, keys) to means; masked values have no share, and masked queries find 0."""
    query_mask, value_mask = (c.masks[0], c.masks[1]) if c.masks else (None, None)
    if value_mask is not None:
        scores = np.where(value_mask[:, None, :], scores, _NEVER)
    found: Array = softmax(scores) @ value
    return found if query_mask is None else np.where(query_mask[..., None], found, 0)


@forward("Attention")
def attention(c: Call) -> Array:
    """Scores are query @ key, or sums of tanh(query + key). Luong, Pham and Manning 2015, section 3.1."""
    query, value, key = _three(c)
    scale = c.w.get("scale", np.ones(()))
    if c.p["score_mode"] == "dot":
        return _attended(c, query @ key.swapaxes(-1, -2) * scale, value)
    sums = query[:, :, None] + key[:, None]
    return _attended(c, np.tanh(scale * sums).sum(-1) * c.w["concat_score_weight"], value)


@forward("AdditiveAttention")
def additive(c: Call) -> Array:
    """Scores are sums of scale tanh(query + key). Bahdanau, Cho and Bengio 2014, appendix A.1.2."""
    query, value, key = _three(c)
    sums = np.tanh(query[:, :, None] + key[:, None])
    return _attended(c, (sums * c.w.get("scale", np.ones(()))).sum(-1), value)


def _projected(c: Call, name: str, x: Array) -> Array:
    """(..., features) -> (..., heads, features of a head)."""
    return c.biased(np.tensordot(x, c.w[f"{name}/kernel"], 1), f"{name}/bias")


def _joined(c: Call, query: Array, found: Array) -> Array:
    """(..., heads, features of a head) -> (..., features), through the gate where there is one."""
    if c.p["use_gate"]:
        found = found * sigmoid(_projected(c, "gate", query))
    return c.biased(np.tensordot(found, c.w["attention_output/kernel"], 2), "attention_output/bias")


def _seen(c: Call, queries: int, keys: int) -> Mask:
    """(batch or 1, queries, keys): which keys a query sees, by the masks and the window; None: all."""
    found: Mask = None
    for index, mask in enumerate(c.masks):
        if mask is not None:
            one = mask[:, :, None] if index == 0 else mask[:, None, :]
            found = one if found is None else found & one
    if c.p["sliding_window"] is not None:
        near = np.abs(np.arange(queries)[:, None] - np.arange(keys)) < c.p["sliding_window"]
        found = near[None] if found is None else found & near
    return found


def _dot_product(query: Array, key: Array, value: Array, seen: Mask) -> Array:
    """softmax(query @ key / sqrt(features)) @ value over the last two axes. Vaswani et al. 2017, equation 1."""
    scores = query @ key.swapaxes(-1, -2) / math.sqrt(query.shape[-1])
    if seen is not None:
        scores = np.where(seen[:, None], scores, _NEVER)
    found: Array = softmax(scores) @ value
    return found


@forward("MultiHeadAttention")
def heads(c: Call) -> Array:
    """Vaswani et al. 2017, section 3.2.2, along the axes that are attended."""
    query, value, key = _three(c)
    rank = query.ndim - 1
    attended = [axis + 1 for axis in attended_axes(c.p, rank)]
    rest = [axis for axis in range(1, rank) if axis not in attended]
    seen = _seen(c, query.shape[1], value.shape[1])
    if seen is not None and rank != 2:
        raise Refused("no mask must reach attention along several axes")

    def laid(x: Array) -> Array:
        """(batch, *rest, heads, places, features)."""
        moved = x.transpose(0, *rest, rank, *attended, rank + 1)
        return moved.reshape(*moved.shape[: len(rest) + 2], -1, moved.shape[-1])

    q, k, v = (laid(_projected(c, name, x)) for name, x in (("query", query), ("key", key), ("value", value)))
    found = _dot_product(q, k, v, seen)
    spread = found.reshape(*found.shape[: len(rest) + 2], *(query.shape[axis] for axis in attended), -1)
    back: Any = np.argsort([0, *rest, rank, *attended, rank + 1])
    return _joined(c, query, spread.transpose(back))


@forward("GroupQueryAttention")
def grouped(c: Call) -> Array:
    """Query heads share keys and values in groups. Ainslie et al. 2023, section 2.2."""
    query, value, key = _three(c)
    shared = c.p["num_query_heads"] // c.p["num_key_value_heads"]
    q = _projected(c, "query", query).swapaxes(1, 2)
    k, v = (np.repeat(_projected(c, name, x).swapaxes(1, 2), shared, 1) for name, x in (("key", key), ("value", value)))
    found = _dot_product(q, k, v, _seen(c, query.shape[1], value.shape[1])).swapaxes(1, 2)
    return _joined(c, query, found)
