"""A net with free sizes, at the sizes that a data set has: what can only go wrong there is found before a job runs."""

from collections.abc import Mapping, Sequence

from visualnn_shared.analysis.walk import Resolved, ResolvedLayer, resolve
from visualnn_shared.catalogue.maps import plain
from visualnn_shared.spec.model import Layer, Spec
from visualnn_shared.spec.problem import Problem
from visualnn_shared.training.serving import TensorSpec


def size_problems(resolved: Resolved, samples: Sequence[TensorSpec]) -> list[Problem]:
    """Problems of the net once its free axes have the samples' sizes: a window that is larger than the picture, say."""
    sizes = {one.name: one.shape for one in samples}
    free = [
        layer
        for layer in resolved.inputs
        if len(sizes.get(layer.name, ())) == len(layer.output_shapes[0])
        and any(not isinstance(n, int) for n in layer.output_shapes[0])
    ]
    if not free:
        return []
    fixed = {layer.name: list(sizes[layer.name]) for layer in free}
    layers = tuple(_layer(layer, fixed) for layer in resolved.layers)
    outputs = tuple(str(ref) for ref, _shape in resolved.outputs)
    return resolve(Spec.model_construct(visualnn=1, name=resolved.name, layers=layers, outputs=outputs)).problems


def _layer(layer: ResolvedLayer, fixed: Mapping[str, list[int | None]]) -> Layer:
    params = plain(dict(layer.params))
    if layer.name in fixed:
        params["shape"] = fixed[layer.name]
    return Layer.model_construct(
        name=layer.name, type=layer.type, params=params, inputs=tuple(str(ref) for ref in layer.inputs),
        weights_of=layer.weights_of,
    )  # fmt: skip
