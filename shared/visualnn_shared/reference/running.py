"""A spec with its tensors, computed layer by layer."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import numpy as np

from visualnn_shared.analysis.walk import Resolved, ResolvedLayer, resolve
from visualnn_shared.catalogue.inner import applied
from visualnn_shared.errors import Invalid, SpecInvalid
from visualnn_shared.reference import layers
from visualnn_shared.reference.calling import Array, Call, Mask, Refused, Unsupported, function_of
from visualnn_shared.reference.masks import after
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.problem import Problem, problem

Arrays = dict[str, Array]
Values = dict[str, list[Array]]


class Reference:
    """A net that answers in NumPy, in float64 unless told otherwise; blocks are replaced by their layers.

    Raises ``SpecInvalid``, ``Unsupported`` with every layer that has no reference, and ``Invalid`` with every tensor
    that is missing or of another shape.
    """

    def __init__(self, spec: Spec, weights: Mapping[str, Array], dtype: Any = np.float64) -> None:
        self.resolved = resolve(spec)
        if self.resolved.problems:
            raise SpecInvalid(self.resolved.problems, spec.name)
        lacking = unsupported(self.resolved)
        if lacking:
            raise Unsupported("the NumPy reference", lacking)
        self.dtype = np.dtype(dtype)
        self._weights = _weights(self.resolved, weights)

    def outputs(self, inputs: Mapping[str, Array]) -> list[Array]:
        """The net's outputs in the spec's order; ``inputs`` are (batch, ...) by the Input layers' names."""
        ends = Counter(ref.layer for ref, _ in self.resolved.outputs)
        left = ends + Counter(ref.layer for layer in self.resolved.layers for ref in layer.inputs)
        values: Values = {}
        for layer, answer in self._walk(inputs, values):
            values[layer.name] = answer
            for ref in layer.inputs:
                left[ref.layer] -= 1
                if not left[ref.layer]:
                    values.pop(ref.layer, None)  # nothing reads it any more
        return [values[ref.layer][ref.output] for ref, _ in self.resolved.outputs]

    def layers(self, inputs: Mapping[str, Array]) -> Arrays:
        """First output of every layer, by name, in the order of computation."""
        values: Values = {}
        for layer, answer in self._walk(inputs, values):
            values[layer.name] = answer
        return {name: answer[0] for name, answer in values.items()}

    def _walk(self, inputs: Mapping[str, Array], values: Values) -> Iterator[tuple[ResolvedLayer, list[Array]]]:
        masks: dict[str, list[Mask]] = {}
        with np.errstate(all="ignore"):  # what is not finite shows in the values
            for layer in self.resolved.layers:
                if layer.type == "Input":
                    masks[layer.name] = [None]
                    yield layer, [self._cast(np.asarray(inputs[layer.name]).astype(layer.params["dtype"]))]
                    continue
                owner = layer.weights_of or layer.name
                call = Call(
                    layer.type,
                    layer.params,
                    [values[ref.layer][ref.output] for ref in layer.inputs],
                    {one.name: self._cast(self._weights[f"{owner}/{one.name}"]) for one in layer.weights},
                    [masks[ref.layer][ref.output] for ref in layer.inputs],
                )
                answer = self._answer(layer, call)
                masks[layer.name] = after(call, answer)
                yield layer, answer

    def _answer(self, layer: ResolvedLayer, call: Call) -> list[Array]:
        try:
            found = compute(call)
        except Refused as refused:
            wrong = problem(str(refused), layer.type, layer=layer.name)
            raise Unsupported("the NumPy reference", [wrong]) from None
        return [self._cast(np.asarray(one)) for one in found]

    def _cast(self, x: Array) -> Array:
        return x.astype(self.dtype, copy=False) if x.dtype.kind == "f" else x


def compute(call: Call) -> list[Array]:
    """All outputs of one call."""
    _load()
    function = function_of(call.type)
    if function is None:
        raise Refused("a layer type must have a reference")
    answer = function(call)
    return answer if isinstance(answer, list) else [answer]


@cache
def _load() -> None:
    """Import every module of ``layers``; each registers its functions."""
    for module in iter_modules(layers.__path__):
        import_module(f"{layers.__name__}.{module.name}")


def unsupported(resolved: Resolved) -> list[Problem]:
    """Every layer that has no reference, those that wrappers hold too."""
    _load()
    found = []
    for layer in resolved.layers:
        for name in _types(layer.type, layer.params):
            if name != "Input" and function_of(name) is None:
                hint = layers.REASONS.get(name)
                found.append(problem("a layer type must have a reference", name, layer=layer.name, hint=hint))
    return found


def _types(name: str, params: Mapping[str, Any]) -> Iterable[str]:
    yield name
    for value in params.values():
        if isinstance(value, Mapping) and "type" in value:
            inner = applied(value, ())
            yield from _types(inner.entry.type, inner.params)


def _weights(resolved: Resolved, given: Mapping[str, Array]) -> Arrays:
    """The tensors that the net has. Raises ``Invalid``."""
    found, problems = {}, []
    for layer in resolved.layers:
        for one in layer.weights if layer.weights_of is None else ():
            name = f"{layer.name}/{one.name}"
            if name not in given:
                problems.append(problem("weights must hold every variable of the net", None, field=name))
            elif tuple(given[name].shape) != tuple(one.shape):
                rule = f"the tensor must have the shape {tuple(one.shape)}"
                problems.append(problem(rule, tuple(given[name].shape), field=name))
            else:
                found[name] = np.asarray(given[name])
    if problems:
        raise Invalid("the weights", problems)
    return found
