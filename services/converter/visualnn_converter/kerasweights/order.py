"""The order in which Keras lists the layers of a model that it loads, which tells apart layers of one class."""

from collections.abc import Iterator
from dataclasses import dataclass

from visualnn_converter.formats.keras.source import Net, Source
from visualnn_converter.kerasweights.places import group_name

Node = tuple[str, int]
"""A layer, and the number of its call."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A layer that is no model."""

    source: Source
    name: str
    """With the models around it: ``inner/dense``."""
    path: str
    """Its group in the file: ``layers/functional/layers/dense_1``."""


def leaves(net: Net, scope: str = "", path: str = "layers") -> Iterator[Leaf]:
    """Every layer with its place in the file; of layers of one class, the second is ``dense_1``."""
    used: dict[str, int] = {}
    for source in loaded(net):
        group = group_name(source.type)
        number = used[group] = used.get(group, -1) + 1
        full = f"{path}/{group}_{number}" if number else f"{path}/{group}"
        if source.net is not None:
            yield from leaves(source.net, f"{scope}{source.name}/", f"{full}/layers")
        elif source.type != "InputLayer":
            yield Leaf(source, f"{scope}{source.name}", full)


def loaded(net: Net) -> list[Source]:
    """Layers by their distance from the outputs, the farthest first; then as a search from the outputs meets them.

    Source: ``map_graph`` in Keras' ``ops/function.py``.
    """
    nodes, met = _searched(net)
    depths: dict[Node, int] = {}
    of_layer: dict[str, int] = {}
    for node in reversed(nodes):
        depth = depths[node] = of_layer[node[0]] = max(depths.get(node, 0), of_layer.get(node[0], 0))
        for before in _before(net, node):
            depths[before] = max(depth + 1, depths.get(before, 0))
    return [net.layers[name] for name in sorted(of_layer, key=lambda name: (-of_layer[name], met[name]))]


def _searched(net: Net) -> tuple[list[Node], dict[str, int]]:
    """Calls, each after those it reads; and layers, numbered as they are first met."""
    done: dict[Node, None] = {}
    met: dict[str, int] = {}
    begun: set[Node] = set()
    for tensor in net.outputs:
        waiting = [(tensor.layer, tensor.node)]
        while waiting:
            node = waiting[-1]
            if node in begun:
                waiting.pop()
                if node not in done:
                    done[node] = None
                continue
            begun.add(node)
            met.setdefault(node[0], len(met))
            waiting += [one for one in reversed(_before(net, node)) if one not in begun]
    return list(done), met


def _before(net: Net, node: Node) -> list[Node]:
    source = net.layers.get(node[0])
    if source is None or node[1] >= len(source.calls):
        return []
    flat = source.flat[node[1]] if node[1] < len(source.flat) else []
    read = flat or source.calls[node[1]] + (source.masks[node[1]] if node[1] < len(source.masks) else [])
    return [(tensor.layer, tensor.node) for tensor in read if tensor.layer in net.layers]
