"""How variables of a graph that is not frozen begin, from the nodes that fill them."""

from collections.abc import Sequence
from math import isclose, prod, sqrt
from typing import Any

import numpy as np
from visualnn_shared.catalogue.maps import Unmappable

_TRUNCATED = 0.87962566103423978
"""Standard deviation of a standard normal distribution cut off at 2: Keras divides by it."""
_FILLS = {0.0: "zeros", 1.0: "ones"}


def config(graph: Any, ref: str, shape: Sequence[int]) -> Any:
    """Name, or name and parameters; None for what is not recognised."""
    try:
        return _config(graph, graph.resolved(ref), shape)
    except (Unmappable, ValueError, KeyError):
        return None


def _config(graph: Any, ref: str, shape: Sequence[int]) -> Any:
    value = _constant(graph, ref)
    if value is not None:
        return _filled(value)
    op, inputs = _node(graph, ref)
    if op == "Fill":
        filled = _constant(graph, inputs[1])
        return None if filled is None else _filled(filled)
    shift, scale = 0.0, 1.0
    if op in ("Add", "AddV2"):
        shift, ref = _number(graph, inputs[1]), inputs[0]
        op, inputs = _node(graph, ref)
    if op == "Mul":
        scale, ref = _scale(graph, inputs[1]), inputs[0]
        op, inputs = _node(graph, ref)
    return _random(op, shift, scale, shape)


def _random(op: str, shift: float, scale: float, shape: Sequence[int]) -> Any:
    if op == "RandomUniform":
        fans = _fans(shape)
        limits = {"glorot_uniform": sqrt(6 / max(sum(fans), 1)), "he_uniform": sqrt(6 / max(fans[0], 1))}
        found = [name for name, limit in limits.items() if isclose(-shift, limit, rel_tol=1e-4)]
        if found and isclose(scale, -2 * shift, rel_tol=1e-4):
            return found[0]
        return {"name": "random_uniform", "minval": _short(shift), "maxval": _short(shift + scale)}
    if op not in ("TruncatedNormal", "RandomStandardNormal"):
        return None
    name = "truncated_normal" if op == "TruncatedNormal" else "random_normal"
    sizes = {"glorot_normal": sqrt(2 / max(sum(_fans(shape)), 1)), "he_normal": sqrt(2 / max(_fans(shape)[0], 1))}
    if op == "TruncatedNormal" and shift == 0:
        known = [key for key, size in sizes.items() if isclose(scale, size / _TRUNCATED, rel_tol=1e-4)]
        if known:
            return known[0]
    return {"name": name, "mean": _short(shift), "stddev": _short(scale)}


def _fans(shape: Sequence[int]) -> tuple[int, int]:
    if len(shape) < 2:
        return (prod(shape), prod(shape))
    cells = prod(shape[:-2])
    return cells * shape[-2], cells * shape[-1]


def _filled(value: Any) -> Any:
    numbers = np.unique(value)
    if numbers.size != 1 or numbers.dtype.kind != "f":
        return None
    number = _short(float(numbers[0]))
    return _FILLS.get(number, {"name": "constant", "value": number})


def _short(number: float) -> float:
    return float(f"{number:.7g}")


def _node(graph: Any, ref: str) -> tuple[str, list[str]]:
    return graph.messages[ref].op, [graph.resolved(one) for one in graph.inputs[ref]]


def _constant(graph: Any, ref: str) -> Any:
    if ref not in graph.messages or graph.messages[ref].op != "Const":
        return None
    value = graph.attribute(ref, "value")
    return value if isinstance(value, np.ndarray) else None


def _number(graph: Any, ref: str) -> float:
    value = _constant(graph, ref)
    if value is None or value.size != 1:
        raise ValueError("a number")
    return float(value.ravel()[0])


def _scale(graph: Any, ref: str) -> float:
    """A constant, or the difference of two."""
    if graph.messages[ref].op != "Sub":
        return _number(graph, ref)
    most, least = (graph.resolved(one) for one in graph.inputs[ref])
    return _number(graph, most) - _number(graph, least)
