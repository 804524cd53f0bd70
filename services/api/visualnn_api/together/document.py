"""A spec as a shared document: what a room begins with. The editor's ``together/document.ts`` is its counterpart.

    layers   Map: key -> Map {name, type, order, weights_of?, note?, params: Map, inputs: Array of references}
    places   Map: key -> {x, y}          outputs  Array of references
    about    Map: name, visualnn, groups?  base     Map: version {number, etag} that was opened or saved last

A reference is ``key`` or ``key:output``. Keys stay when layers are renamed, so that an edge and a new name of its
source merge.
"""

import json
from typing import Any

from pycrdt import Array, Doc, Map
from visualnn_shared.spec.model import Group, Layer, Spec


def seed(spec: Spec, version: int, etag: str) -> bytes:
    """The document of a stored version, as one Yjs update."""
    doc: Doc[Any] = Doc(client_id=1)
    keys = {layer.name: f"0-{index}" for index, layer in enumerate(spec.layers)}
    with doc.transaction():
        layers = doc.get("layers", type=Map)
        for index, layer in enumerate(spec.layers):
            layers[keys[layer.name]] = _layer(layer, index, keys)
        doc.get("outputs", type=Array).extend([_reference(text, keys) for text in spec.outputs])
        about = doc.get("about", type=Map)
        about["name"], about["visualnn"] = spec.name, spec.visualnn
        if spec.groups:
            about["groups"] = [_group(group, keys) for group in spec.groups]
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


def _group(group: Group, keys: dict[str, str]) -> dict[str, Any]:
    """As a whole: of two who change groups at once, the last one counts."""
    return {
        "name": group.name,
        "layers": [keys[name] for name in group.layers if name in keys],
        "folded": group.folded,
    }


def _reference(text: str, keys: dict[str, str]) -> str:
    name, colon, output = text.rpartition(":")
    if colon and name in keys and output.isdigit():
        return f"{keys[name]}:{output}"
    return keys.get(text, text)
