"""BatchNormalization as Caffe has it: one layer normalises, the next scales and shifts."""

from typing import Any

from visualnn_shared.spec.model import Layer, Spec

from visualnn_converter.report import Report
from visualnn_converter.rewriting import Renaming, Weights

_FIRST = ("axis", "momentum", "epsilon", "trainable", "moving_mean_initializer", "moving_variance_initializer")


def run(spec: Spec, weights: Weights | None, report: Report) -> tuple[Spec, Weights | None]:
    """The inverse of ``merge_batchnorm_scale``: the second layer is named ``<name>/scale``."""
    if not any(_second(layer) for layer in spec.layers):
        return spec, weights
    names, layers, tensors = Renaming(spec), list[Layer](), dict(weights) if weights is not None else None
    seconds: dict[str, str] = {
        layer.name: names.fresh(f"{layer.name}/scale") for layer in spec.layers if _second(layer)
    }
    for layer in spec.layers:
        type = _second(layer)
        if type is None:
            layers.append(layer)
            continue
        name = seconds[layer.name]
        first = {key: value for key, value in layer.params.items() if key in _FIRST}
        layers.append(layer.model_copy(update={"params": {**first, "scale": False, "center": False}}))
        owner = seconds.get(layer.weights_of) if layer.weights_of else None
        layers.append(Layer(name=name, type=type, params=_params(layer, type), inputs=(layer.name,), weights_of=owner))
        names.takes_over(layer.name, name)
        report.rewrote(layer.name, f"split into BatchNorm and {type}", f"BatchNorm of {report.target} only normalises")
        if tensors is not None:
            _move(tensors, layer.name, name, type)
    return names.apply(spec, layers), tensors


def _second(layer: Layer) -> str | None:
    """The type of the second layer; None where there is nothing to scale or shift."""
    if layer.type != "BatchNormalization":
        return None
    if layer.params.get("scale", True):
        return "Scale"
    return "BiasAdd" if layer.params.get("center", True) else None


def _params(layer: Layer, type: str) -> dict[str, Any]:
    p = layer.params
    params = {"axis": p["axis"]} if "axis" in p else {}
    beta = {key: value for key, value in p.items() if key.startswith("beta_")}
    if type == "BiasAdd":
        return {**params, **{key.replace("beta_", "bias_"): value for key, value in beta.items()}}
    gamma = {key: value for key, value in p.items() if key.startswith("gamma_")}
    if not p.get("center", True):
        return {**params, **gamma, "use_bias": False}
    return {**params, **gamma, **beta}


def _move(tensors: dict[str, Any], old: str, new: str, type: str) -> None:
    for variable in ("gamma", "beta"):
        tensor = tensors.pop(f"{old}/{variable}", None)
        if tensor is not None:
            tensors[f"{new}/{'bias' if type == 'BiasAdd' else variable}"] = tensor
