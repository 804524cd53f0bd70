"""Why a layer's values differ: changes to the layer are tried until one gives the other side's values.

Nothing here reads the target's file, so that a fault in reading it cannot hide the cause.
"""

import time
from collections.abc import Mapping, Sequence

import numpy as np
from visualnn_shared.analysis.walk import Resolved, ResolvedLayer
from visualnn_shared.catalogue.free import known
from visualnn_shared.spec.model import Layer, Spec

from visualnn_standalone.verify.certificate import Cause
from visualnn_standalone.verify.comparing import Array, as_laid, distance
from visualnn_standalone.verify.runtimes.base import Arrays, Unable
from visualnn_standalone.verify.variants import CALLED_WITH_MASKS, Variant, variants

_SECONDS = 30.0
_FURTHER = 12
"""Changes still tried after one that explains the values: several may."""


def causes(
    layer: ResolvedLayer,
    resolved: Resolved,
    values: Arrays,
    weights: Mapping[str, Array],
    theirs: Array,
    limit: float,
) -> tuple[Cause, ...]:
    """The changes that explain ``theirs``, the best first; what can be said otherwise where none does."""
    inputs = [values.get(ref.layer) for ref in layer.inputs]
    if any(array is None for array in inputs) or any(ref.output for ref in layer.inputs):
        return (Cause(kind="unknown", text="the layer's inputs are not seen one by one"),)
    given = [array for array in inputs if array is not None]
    own = {one.name: weights[f"{layer.weights_of or layer.name}/{one.name}"] for one in layer.weights}
    found: list[tuple[float, Variant]] = []
    left, ends = _FURTHER, time.monotonic() + _SECONDS
    for variant in variants(layer, given, own, _flattened(layer, resolved)):
        error = _error(layer, variant, given, theirs)
        if error <= limit:
            found.append((error, variant))
        left -= 1 if found else 0
        if not left or time.monotonic() > ends:
            break
    if found:
        return tuple(Cause(kind=one.kind, text=one.text) for _error_, one in sorted(found, key=lambda pair: pair[0]))
    return _otherwise(layer, given, own, theirs, limit)


def _error(layer: ResolvedLayer, variant: Variant, inputs: Sequence[Array], theirs: Array) -> float:
    try:
        answer = run_alone(layer, variant, inputs)
    except (Unable, ValueError, TypeError, IndexError):
        return float("inf")
    return distance(answer, as_laid(answer, theirs))


def run_alone(layer: ResolvedLayer, variant: Variant, inputs: Sequence[Array]) -> Array:
    """The changed layer's answer to these inputs. Raises ``Unable``, ``ValueError``."""
    from visualnn_standalone.verify.runtimes.read_back import either, of_spec

    order = [*reversed(inputs)] if variant.reversed else list(inputs)
    names = [f"input_{index}" for index in range(len(order))]
    layers = [
        Layer(name=name, type="Input", params={"shape": list(array.shape[1:]), "dtype": str(array.dtype)}, inputs=())
        for name, array in zip(names, order, strict=True)
    ]
    changed = Layer(name="changed", type=variant.type or layer.type, params=dict(variant.params), inputs=tuple(names))
    spec = Spec(name="alone", layers=(*layers, changed), outputs=("changed",))
    tensors = {f"changed/{name}": np.ascontiguousarray(tensor) for name, tensor in variant.weights.items()}
    if variant.call:
        called: Array = of_spec(spec, tensors, "one layer").called("changed", order, variant.call)
        return called
    running = either(spec, tensors, "one layer")
    answer: Array = running.outputs(dict(zip(names, order, strict=True)))[0]
    return answer


def _flattened(layer: ResolvedLayer, resolved: Resolved) -> tuple[int, ...] | None:
    """What a Flatten right before the layer flattened."""
    layers = {one.name: one for one in resolved.layers}
    before = layers[layer.inputs[0].layer] if layer.inputs else None
    if before is None or before.type != "Flatten":
        return None
    return tuple(known(n) or 1 for n in before.input_shapes[0])


def _otherwise(
    layer: ResolvedLayer, inputs: Sequence[Array], own: Mapping[str, Array], theirs: Array, limit: float
) -> tuple[Cause, ...]:
    ours = run_alone(layer, Variant("", "", layer.params, own), inputs)
    if ours.shape != theirs.shape:
        text = f"the target's values have the shape {list(theirs.shape)}, the source's {list(ours.shape)}"
        return (Cause(kind="shape", text=text),)
    a, b = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    norm = float((a * a).sum())
    factor = float((a * b).sum()) / norm if norm else 0.0
    if distance(b, a * factor) <= limit:
        return (Cause(kind="scale", text=f"the target's values are {factor:.6g} times the source's"),)
    if distance(np.sort(a, axis=None), np.sort(b, axis=None)) <= limit:
        text = "the values are the same in another order: the layout differs"
        return (Cause(kind="layout", text=text),)
    if layer.type in CALLED_WITH_MASKS:
        text = (
            "no single change to the parameters explains the values: the weights differ, or the layer is called with "
        )
        return (Cause(kind="unknown", text=f"{text}a mask, states or other arguments"),)
    if own:
        text = "no single change to the parameters explains the values: the weights differ"
        return (Cause(kind="weights", text=text),)
    return (Cause(kind="unknown", text="no single change to the parameters explains the values"),)
