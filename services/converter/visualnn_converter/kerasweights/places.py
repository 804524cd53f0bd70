"""Where Keras 3 keeps a layer's variables: the path below the layer's group, for each variable of the catalogue."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from visualnn_shared.analysis.walk import ResolvedLayer

Paths = dict[str, str]
"""Variable -> ``vars/0``, ``cell/vars/1``, ``forward_layer/cell/vars/2``."""

_CELLS = ("SimpleRNN", "GRU", "LSTM", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
_WRAPPERS = ("TimeDistributed", "Bidirectional", "SpectralNormalization")
_PARTS = {"query": "query_dense", "key": "key_dense", "value": "value_dense", "attention_output": "output_dense"}
_CLASSES = {"GroupQueryAttention": "GroupedQueryAttention", "Model": "Functional"}
"""Names in configurations -> classes, after which Keras names the groups."""


def group_name(class_name: str) -> str:
    """``BatchNormalization`` -> ``batch_normalization``, as Keras' ``to_snake_case`` has it."""
    name = re.sub(r"\W+", "", _CLASSES.get(class_name, class_name))
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def places(layer: ResolvedLayer) -> Paths:
    """The path of every variable of a layer."""
    return _places(layer.type, layer.params, [(v.name, v.trainable) for v in layer.weights])


def copies(layer: ResolvedLayer) -> Paths:
    """Variables that the file holds twice, with the second path: a bounded kernel is the wrapper's own as well."""
    return {"layer/kernel": "vars/0"} if layer.type == "SpectralNormalization" else {}


def in_order(variables: Iterable[tuple[str, bool]]) -> list[str]:
    """The variables as Keras keeps them: what is trained first."""
    listed = list(variables)
    return [name for name, trained in listed if trained] + [name for name, trained in listed if not trained]


def _places(type: str, params: Mapping[str, Any], variables: list[tuple[str, bool]]) -> Paths:
    if type in _WRAPPERS:
        return _wrapped(params, variables)
    if type in ("MultiHeadAttention", "GroupQueryAttention"):
        private = "_" if type == "GroupQueryAttention" else ""
        return {name: f"{private}{path}" for name, path in _parted(variables).items()}
    below = "cell/vars" if type in _CELLS else "vars"
    return {name: f"{below}/{number}" for number, name in enumerate(in_order(variables))}


def _wrapped(params: Mapping[str, Any], variables: list[tuple[str, bool]]) -> Paths:
    found: Paths = {name: "vars/1" for name, _ in variables if "/" not in name}  # the vector of SpectralNormalization
    for part in dict.fromkeys(name.partition("/")[0] for name, _ in variables if "/" in name):
        inner = (params.get("backward_layer") if part == "backward_layer" else None) or params["layer"]
        own = [(name.removeprefix(f"{part}/"), t) for name, t in variables if name.startswith(f"{part}/")]
        found |= {
            f"{part}/{name}": f"{part}/{path}" for name, path in _places(inner["type"], inner["params"], own).items()
        }
    return found


def _parted(variables: list[tuple[str, bool]]) -> Paths:
    """The dense layers within an attention layer: kernel, then bias."""
    found: Paths = {}
    for name, _ in variables:
        below = f"{_PARTS[name.partition('/')[0]]}/vars"
        found[name] = f"{below}/{sum(path.startswith(below) for path in found.values())}"
    return found
