"""Built-in networks: small builders, one file a family. Importing builds none of them."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from visualnn_shared.analysis.summary import summary
from visualnn_shared.catalogue.kinds import closest
from visualnn_shared.errors import NotFound
from visualnn_shared.spec.model import Spec
from visualnn_shared.zoo import (
    alexnet,
    autoencoder,
    basic,
    cifar,
    convnext,
    densenet,
    digits,
    dqn,
    efficientnet,
    googlenet,
    inception,
    inception_4,
    mobilenet,
    pairs,
    resnet,
    segmentation,
    sequences,
    squeezenet,
    text,
    transformer,
    vgg,
    xception,
)
from visualnn_shared.zoo.network import Network

_FAMILIES = (
    basic, digits, cifar, alexnet, vgg, googlenet, inception, inception_4, resnet, xception, densenet, squeezenet,
    mobilenet, efficientnet, convnext, segmentation, text, transformer, sequences, autoencoder, pairs, dqn,
)  # fmt: skip

NETWORKS: Mapping[str, Network] = MappingProxyType(
    {name: network for family in _FAMILIES for name, network in family.NETWORKS.items()}
)
"""Every network by name, the simple ones first."""

NAMES: tuple[str, ...] = tuple(NETWORKS)


def load(name: str) -> Spec:
    """The network of this name. Raises ``NotFound``."""
    if name not in NETWORKS:
        hint = closest(name, list(NETWORKS)) or "GET /zoo and `visualnn zoo` list them"
        raise NotFound(f"a built-in network ({hint})", name)
    return NETWORKS[name].build()


def describe() -> list[dict[str, Any]]:
    """One row for each network: ``name, title, group, paper, input`` (shape by input layer), ``classes, params, doc``.

    ``classes`` and ``paper`` are None where there are none. The first call in a process builds every network.
    """
    return [_row(name, network) for name, network in NETWORKS.items()]


def _row(name: str, network: Network) -> dict[str, Any]:
    inputs, params = _measured(name)
    shapes = {layer: list(shape) for layer, shape in inputs}
    return {
        "name": name, "title": network.title, "group": network.group, "paper": network.paper, "input": shapes,
        "classes": network.classes, "params": params, "doc": network.doc,
    }  # fmt: skip


@cache
def _measured(name: str) -> tuple[tuple[tuple[str, tuple[int | None, ...]], ...], int]:
    """Names and shapes of the inputs, and the number of parameters."""
    spec = load(name)
    inputs = tuple((layer.name, tuple(layer.params["shape"])) for layer in spec.layers if layer.type == "Input")
    return inputs, summary(spec).params
