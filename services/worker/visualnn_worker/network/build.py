"""A resolved spec as a Keras model."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras
from visualnn_shared.analysis.walk import Resolved, ResolvedLayer, resolve
from visualnn_shared.errors import SpecInvalid
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.problem import problem

from visualnn_worker.network.layers import Made, make
from visualnn_worker.network.names import keras_name


@dataclass(frozen=True, slots=True)
class Network:
    """A Keras model, and which of its layers holds the weights of which layer of the spec."""

    model: keras.Model
    resolved: Resolved
    owners: dict[str, keras.layers.Layer]
    """Layer of the spec with weights of its own -> the Keras layer that has them."""

    @property
    def input_names(self) -> list[str]:
        """Names of the Input layers, in the model's order."""
        return [layer.name for layer in self.resolved.inputs]

    @property
    def output_names(self) -> list[str]:
        """Outputs as the spec writes them (``lstm:1``), in the model's order."""
        return [str(ref) for ref, _shape in self.resolved.outputs]

    def pack(self, samples: dict[str, Any]) -> Any:
        """Arrays by input name, in the form that the model takes."""
        arrays = [samples[name] for name in self.input_names]
        return arrays[0] if len(arrays) == 1 else tuple(arrays)  # tf.data takes no list

    def unpack(self, outputs: Any) -> dict[str, Any]:
        """The model's outputs by name."""
        return dict(zip(self.output_names, outputs if isinstance(outputs, list | tuple) else [outputs], strict=True))


def build(spec: Spec, seed: int = 0, frozen: Collection[str] = (), precision: str = "float32") -> Network:
    """Build the net with every random start drawn from ``seed``, in the order of the layers. Raises ``SpecInvalid``.

    Layers that ``frozen`` names keep their weights in training. ``precision`` is the layers' policy of dtypes; with a
    mixed one those of the outputs compute in float32.
    """
    resolved = resolve(spec)
    if resolved.problems:
        raise SpecInvalid(resolved.problems, spec.name)
    keras.utils.set_random_seed(seed)
    graph = _Graph(resolved.layers)
    ends = {ref.layer for ref, _shape in resolved.outputs}
    for layer in resolved.layers:
        with _policy("float32" if layer.name in ends and precision.startswith("mixed") else precision):
            graph.add(layer)
    inputs = [graph.tensors[layer.name][0] for layer in resolved.inputs]
    outputs = [graph.tensors[ref.layer][ref.output] for ref, _shape in resolved.outputs]
    model = keras.Model(_alone(inputs), _alone(outputs), name=keras_name(spec.name))
    for made in [each for layer in resolved.layers if layer.name in frozen for each in graph.made(layer)]:
        made.trainable = False
    _freeze(model)
    owners = {layer.name: graph.made(layer)[-1] for layer in resolved.layers if _owns_weights(layer)}
    return Network(model, resolved, owners)


@contextmanager
def _policy(name: str) -> Iterator[None]:
    """Layers that are made inside compute so."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _freeze(model: keras.Model) -> None:
    """Layers that are not trained tell their variables so; Keras forgets it where layers are made within layers."""
    for layer in model._flatten_layers(include_self=False):
        if not layer.trainable:
            for variable in layer.weights:
                variable.trainable = False


def _owns_weights(layer: ResolvedLayer) -> bool:
    return bool(layer.weights) and layer.weights_of is None


def _alone(tensors: Sequence[Any]) -> Any:
    """One tensor alone stays alone, so that users of the saved model get what they expect."""
    return tensors[0] if len(tensors) == 1 else list(tensors)


class _Graph:
    """Tensors of the layers called so far."""

    def __init__(self, layers: Sequence[ResolvedLayer]) -> None:
        self.tensors: dict[str, list[Any]] = {}
        self._layers = {layer.name: layer for layer in layers}
        self._made: dict[str, Made] = {}

    def add(self, layer: ResolvedLayer) -> None:
        """Call the layer on the tensors of its inputs, which were added before."""
        if layer.type == "Input":
            shape = tuple(n if isinstance(n, int) else None for n in layer.output_shapes[0])
            self.tensors[layer.name] = [keras.Input(shape, dtype=layer.params["dtype"], name=keras_name(layer.name))]
            return
        tensors = [self.tensors[ref.layer][ref.output] for ref in layer.inputs]
        if len(tensors) > 1 and layer.entry.ports.call != "list":
            (made,) = self.made(layer)
            state = layer.entry.ports.call == "state"
            x = made(tensors[0], initial_state=tensors[1:]) if state else made(*tensors)
        else:
            x = _alone(tensors)
            for each in self.made(layer):
                x = each(x)
        self.tensors[layer.name] = list(x) if isinstance(x, list | tuple) else [x]

    def made(self, layer: ResolvedLayer) -> Made:
        """The Keras layers of ``layer``; with ``weights_of`` the owner's: sharing weights is being the same layer."""
        if layer.weights_of is not None:
            owner = self._layers[layer.weights_of]
            _check_same(layer, owner)
            return self.made(owner)
        if layer.name not in self._made:
            self._made[layer.name] = make(layer)
        return self._made[layer.name]


_ONLY_AT_THE_OWNER = ("_initializer", "_regularizer", "_constraint", "seed", "trainable")


def _check_same(layer: ResolvedLayer, owner: ResolvedLayer) -> None:
    """Raises ``SpecInvalid`` where a layer would compute something else with the weights than their owner does."""
    other = {
        name: value
        for name, value in layer.params.items()
        if owner.params[name] != value and not name.endswith(_ONLY_AT_THE_OWNER)
    }
    if other:
        rule = f"the parameters must equal those of {owner.name}, whose weights the layer uses"
        raise SpecInvalid([problem(rule, other, layer=layer.name, field="weights_of")])
