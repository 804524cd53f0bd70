"""A net's layers as they are called: which tensors go in and come out, in the order of the net."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras

from visualnn_worker.network.build import Network
from visualnn_worker.network.names import spec_name


@dataclass(frozen=True, slots=True)
class Call:
    """The first call of a Keras layer."""

    layer: keras.layers.Layer
    name: str
    """Of the spec's layer that it belongs to."""
    node: Any

    def run(self, tensors: Sequence[Any]) -> Any:
        """Call the layer again, as if not trained, on other tensors in the places of its inputs."""
        known = {id(symbol): tensor for symbol, tensor in zip(self.node.input_tensors, tensors, strict=True)}
        args, kwargs = self.node.arguments.fill_in(known)
        if getattr(self.layer, "_call_has_training_arg", False):
            kwargs["training"] = False
        return self.layer(*args, **kwargs)


def calls(network: Network) -> list[Call]:
    """Every layer that computes something, in the order in which the net calls them."""
    found = []
    for layer in network.model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        node = next(one for one in layer._inbound_nodes if one.output_tensors)
        found.append(Call(layer, spec_name(layer.name).partition(">")[0] or layer.name, node))
    return found


def values_of(network: Network, found: Sequence[Call], inputs: Any) -> list[tuple[list[Any], list[Any]]]:
    """For each call its inputs and outputs on some samples."""
    symbols = [(list(one.node.input_tensors), list(one.node.output_tensors)) for one in found]
    flat = [tensor for pair in symbols for part in pair for tensor in part]
    probe = keras.Model(network.model.inputs, flat)
    tensors = probe(inputs if isinstance(inputs, list | tuple) else [inputs], training=False)
    tensors = list(tensors) if isinstance(tensors, list | tuple) else [tensors]
    values = []
    for before, after in symbols:
        values.append((tensors[: len(before)], tensors[len(before) : len(before) + len(after)]))
        tensors = tensors[len(before) + len(after) :]
    return values
