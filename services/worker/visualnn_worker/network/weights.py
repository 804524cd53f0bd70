"""The weights of a net as named tensors: ``layer/variable``, in Keras layout."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from visualnn_shared.analysis.walk import ResolvedLayer
from visualnn_shared.errors import Invalid
from visualnn_shared.spec.problem import Problem, problem

from visualnn_worker.network.build import Network
from visualnn_worker.network.safetensors import Tensors


def variables(network: Network) -> dict[str, keras.Variable]:
    """Every variable that the catalogue names, under ``layer/variable``."""
    found: dict[str, keras.Variable] = {}
    for layer in network.resolved.layers:
        owner = network.owners.get(layer.name)
        if owner is None:
            continue
        for weight, variable in zip(layer.weights, _in_order(layer, owner), strict=True):
            if tuple(variable.shape) != tuple(weight.shape):
                raise AssertionError(
                    f"{layer.name}/{weight.name}: {variable.shape} in Keras, {weight.shape} in the catalogue"
                )
            found[f"{layer.name}/{weight.name}"] = variable
    return found


def _in_order(layer: ResolvedLayer, owner: keras.layers.Layer) -> list[keras.Variable]:
    """The Keras layer's variables as the catalogue lists them: by name, or by place where layers are nested."""
    by_name = {variable.name: variable for variable in owner.weights}
    if by_name.keys() == {weight.name for weight in layer.weights}:
        return [by_name[weight.name] for weight in layer.weights]
    return list(owner.weights)


def read_weights(network: Network) -> Tensors:
    """Copies of all weights."""
    return {name: np.array(keras.ops.convert_to_numpy(v.value)) for name, v in variables(network).items()}


def set_weights(network: Network, tensors: Mapping[str, NDArray[Any]]) -> None:
    """Give the net these weights. Raises ``Invalid`` listing each one that is missing, unknown or of another shape."""
    wanted = variables(network)
    problems = _mismatches(wanted, tensors)
    if problems:
        raise Invalid("the weights file", problems)
    for name, variable in wanted.items():
        variable.assign(tensors[name])
    for owner in network.owners.values():
        if isinstance(owner, keras.layers.Normalization) and owner.input_mean is None:
            owner.finalize_state()  # it computes with copies of its variables


def _mismatches(wanted: Mapping[str, keras.Variable], given: Mapping[str, NDArray[Any]]) -> list[Problem]:
    problems = [
        problem("weights must hold every variable of the net", None, field=name) for name in wanted.keys() - given
    ]
    problems += [
        problem("weights must hold only variables of the net", name, field=name) for name in given.keys() - wanted
    ]
    for name in wanted.keys() & given.keys():
        if tuple(given[name].shape) != tuple(wanted[name].shape):
            rule = f"the tensor must have the shape {tuple(wanted[name].shape)}"
            problems.append(problem(rule, tuple(given[name].shape), field=name))
    return sorted(problems, key=lambda p: str(p.where.field))
