"""A spec as a shared document: what a room begins with. The editor's ``together/document.ts`` is its counterpart.

    layers   Map: key -> Map {name, type, order, weights_of?, note?, params: Map, inputs: Array of references}
    groups   Map: name -> {layers: keys, folded, order}
    places   Map: key -> {x, y}          outputs  Array of references
    about    Map: name, visualnn         base     Map: version {number, etag} that was opened or saved last

A reference is ``key`` or ``key:output``. Keys stay when layers are renamed, so that an edge and a new name of its
source merge.
"""

import json
from typing import Any

from pycrdt import Array, Doc, Map
from visualnn_shared.spec.model import Layer, Spec


def seed(spec: Spec, version: int, etag: str) -> bytes:
    """The document of a stored version, as one Yjs update."""
    doc: Doc[Any] = Doc(client_id=1)
    keys = {layer.name: f"0-{index}" for index, layer in enumerate(spec.layers)}
    with doc.transaction():
        layers = doc.get("layers", type=Map)
        for index, layer in enumerate(spec.layers):
            layers[keys[layer.name]] = _layer(layer, index, keys)
        doc.get("outputs", type=Array).extend([_reference(text, keys) for text in spec.outputs])
        groups = doc.get("groups", type=Map)
        for order, group in enumerate(spec.groups):
            layers_of = [keys[name] for name in group.layers if name in keys]
            groups[group.name] = {"layers": layers_of, "folded": group.folded, "order": order}
        about = doc.get("about", type=Map)
        about["name"], about["visualnn"] = spec.name, spec.visualnn
        doc.get("base", type=Map)["version"] = {"number": version, "etag": etag}
    return doc.get_update()


def _layer(layer: Layer, order: int, keys: dict[str, str]) -> Map[Any]:
    fields: dict[str, Any] = {"name": layer.name, "type": layer.type, "order": order}
    if layer.weights_of is not None:
        fields["weights_of"] = keys.get(layer.weights_of, layer.weights_of)
    if layer.note:
        fields["note"] = layer.note
    params = json.loads(json.dumps(layer.params))
    inputs = [_reference(text, keys) for text in layer.inputs]
    return Map({**fields, "params": Map(params), "inputs": Array(inputs)})


def _reference(text: str, keys: dict[str, str]) -> str:
    name, colon, output = text.rpartition(":")
    if colon and name in keys and output.isdigit():
        return f"{keys[name]}:{output}"
    return keys.get(text, text)
