"""Inputs and weights drawn from a seed, such that the net can answer them."""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from visualnn_shared.analysis.walk import Resolved, ResolvedLayer, resolve
from visualnn_shared.catalogue.free import FREE, known
from visualnn_shared.errors import Invalid, TooLarge
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.problem import problem

Arrays = dict[str, NDArray[Any]]
BATCH = 2
_SIZES = (16, 32, 64, 128, 224, 512)
"""Tried in turn for axes of free size."""
LARGEST = 2**32
"""Bytes of all weights that are drawn, and of all inputs: twice what files of most formats may hold."""
_TOKENS = ("input_dim", "num_tokens", "num_bins")
"""Parameters that bound whole numbers from above."""


def draw_inputs(spec: Spec, seed: int, batch: int = BATCH) -> Arrays:
    """Samples for every input: standard normal, or whole numbers below what reads them.

    Raises ``Invalid``, and ``TooLarge`` before anything is drawn.
    """
    resolved = resolve(sized(spec))
    _must_be_small(
        "the inputs to draw (bytes)",
        ((layer.name, batch * _values_of(layer.output_shapes[0])) for layer in resolved.inputs),
    )
    rng = np.random.default_rng(seed)
    return {layer.name: _values(layer, resolved, rng, batch) for layer in resolved.inputs}


def sized(spec: Spec) -> Spec:
    """The spec with sizes for free axes of its inputs, the smallest tried one that every layer takes."""
    if not any(None in layer.params["shape"] for layer in spec.layers if layer.type == "Input"):
        return spec
    for size in _SIZES:
        found = _with_sizes(spec, size)
        if not resolve(found).problems:
            return found
    rule = f"inputs of a free size must take one of {', '.join(map(str, _SIZES))} to be drawn"
    raise Invalid("the verification", [problem(rule, field="samples", hint="give samples with --samples")])


def _with_sizes(spec: Spec, size: int) -> Spec:
    layers = []
    for layer in spec.layers:
        if layer.type == "Input" and None in layer.params["shape"]:
            shape = [size if n is None else n for n in layer.params["shape"]]
            layer = layer.model_copy(update={"params": {**layer.params, "shape": shape}})
        layers.append(layer)
    return spec.model_copy(update={"layers": tuple(layers)})


def _values(layer: ResolvedLayer, resolved: Resolved, rng: np.random.Generator, batch: int) -> NDArray[Any]:
    dtype = str(layer.params["dtype"])
    shape = (batch, *(known(n) or 1 for n in layer.output_shapes[0]))
    if dtype == "string":
        rule = "inputs of text cannot be drawn"
        raise Invalid("the verification", [problem(rule, dtype, layer=layer.name, hint="give --samples")])
    if dtype == "bool":
        return rng.integers(0, 2, shape).astype(bool)
    bounds = [bound for reader in _readers(layer, resolved) for bound in _bounds(reader)]
    if bounds or "int" in dtype:
        return rng.integers(0, min(bounds, default=10), shape).astype(dtype)
    return rng.standard_normal(shape).astype(dtype)


def _bounds(layer: ResolvedLayer) -> Iterator[int]:
    for name in _TOKENS:
        if isinstance(layer.params.get(name), int):
            yield layer.params[name]


def _readers(source: ResolvedLayer, resolved: Resolved) -> Iterator[ResolvedLayer]:
    """Layers that read the input's values as they are, through layers that only move them."""
    reached = {source.name}
    for layer in resolved.layers:
        if any(ref.layer in reached for ref in layer.inputs):
            yield layer
            if not layer.weights and not any(_bounds(layer)):
                reached.add(layer.name)


def must_be_drawable(spec: Spec) -> None:
    """Raises ``TooLarge`` where the net's weights are more than ``LARGEST``: they are counted, not made."""
    owned = [layer for layer in resolve(spec).layers if layer.weights_of is None]
    counts = ((layer.name, sum(_values_of(one.shape) for one in layer.weights)) for layer in owned)
    _must_be_small("the weights to draw (bytes)", counts)


def _values_of(shape: Iterable[Any]) -> int:
    return math.prod(known(n) or 1 for n in shape)


def _must_be_small(what: str, counts: Iterable[tuple[str, int]]) -> None:
    """Of float32 values by layer."""
    sizes = {name: 4 * count for name, count in counts}
    total = sum(sizes.values())
    if total > LARGEST:
        most = max(sizes, key=lambda name: sizes[name])
        raise TooLarge(what, LARGEST, f"{total:,}, of which {sizes[most]:,} for the layer {most!r}")


def draw_weights(spec: Spec, seed: int) -> Arrays:
    """Every tensor of the net, sized so that values neither vanish nor grow beyond float32; variances are positive.

    Raises ``Invalid`` for free sizes, and ``TooLarge`` before anything is drawn.
    """
    must_be_drawable(spec)
    rng = np.random.default_rng(seed)
    made: Arrays = {}
    for layer in resolve(spec).layers:
        for variable in layer.weights if layer.weights_of is None else ():
            if FREE in variable.shape:
                rule = "weights of a free size cannot be drawn"
                raise Invalid("the verification", [problem(rule, variable.name, layer=layer.name)])
            shape = [known(n) or 1 for n in variable.shape]
            made[f"{layer.name}/{variable.name}"] = _tensor(variable.name, shape, rng)
    return made


def _tensor(name: str, shape: list[int], rng: np.random.Generator) -> NDArray[np.float32]:
    last = name.rpartition("/")[2]
    if "variance" in last or last in ("gamma", "scale"):
        return rng.uniform(0.5, 1.5, shape).astype(np.float32)
    values = rng.standard_normal(shape, np.float32)
    if len(shape) < 2 or "bias" in last or "mean" in last:
        return values * np.float32(0.1)
    return values * np.float32(np.sqrt(2 / np.prod(shape[:-1])))


def as_given(samples: Mapping[str, NDArray[Any]], spec: Spec) -> Arrays:
    """Samples by input name, typed and checked. Raises ``Invalid`` with every problem."""
    inputs = resolve(spec).inputs
    if set(samples) == {""} and len(inputs) == 1:  # a single array needs no name
        samples = {inputs[0].name: samples[""]}
    problems = [
        problem("samples must hold an array for every input", sorted(samples), field=layer.name)
        for layer in inputs
        if layer.name not in samples
    ]
    extra = sorted(set(samples) - {layer.name for layer in inputs})
    if extra:
        names = ", ".join(layer.name for layer in inputs)
        problems.append(problem(f"samples must hold arrays of the inputs only: {names}", extra, field="samples"))
    counts = {len(array) if array.ndim else 0 for array in samples.values()}
    if len(counts) > 1 or 0 in counts:
        problems.append(problem("samples must be as many for each input, one at least", sorted(counts)))
    for layer in inputs:
        problems += _misfit(layer, samples[layer.name]) if layer.name in samples else []
    if problems:
        raise Invalid("the samples", problems)
    return {layer.name: samples[layer.name].astype(layer.params["dtype"]) for layer in inputs}


def _misfit(layer: ResolvedLayer, array: NDArray[Any]) -> list[Any]:
    if array.dtype.kind not in "biuf":
        return [problem("samples must be numbers", str(array.dtype), field=layer.name)]
    wanted = layer.output_shapes[0]
    fits = array.ndim == len(wanted) + 1 and all(
        n is FREE or n == m for n, m in zip(wanted, array.shape[1:], strict=True)
    )
    shape = [known(n) for n in wanted]
    return [] if fits else [problem(f"each sample must have the shape {shape}", list(array.shape), field=layer.name)]
