"""Convolutions of groups of channels: Split, a convolution of each, Concat; read as one convolution with groups."""

import numpy as np

from visualnn_converter.formats.tensorflow.folding import Unknown
from visualnn_converter.formats.tensorflow.source import Source
from visualnn_converter.graphreading import Node

_OPERATORS = frozenset({"Conv2D", "Conv3D"})
_LAST = {"NHWC": -1, "NDHWC": -1, "NCHW": 1, "NCDHW": 1}


def join(source: Source) -> None:
    """Put one node in the place of each such group; its kernel holds theirs one after the other."""
    gone = set[str]()
    for place, node in enumerate(source.nodes):
        found = _joined(source, node)
        if found is not None:
            gone |= set(found[1])
            source.nodes[place] = found[0]
            source.makers[node.name] = found[0]
    if gone:
        source.nodes = [node for node in source.nodes if node.name not in gone]
        source.users = {}
        for node in source.nodes:
            for ref in dict.fromkeys(node.inputs):
                source.users.setdefault(ref, []).append(node)


def _joined(source: Source, node: Node) -> tuple[Node, list[str]] | None:
    """The convolution in groups that ends in ``node``, and the nodes that it stands for."""
    if node.op not in ("Concat", "ConcatV2") or len(node.inputs) < 3:
        return None
    axis, refs = (node.inputs[-1], node.inputs[:-1]) if node.op == "ConcatV2" else (node.inputs[0], node.inputs[1:])
    parts = _parts(source, refs)
    split = source.makers.get(parts[0].inputs[0]) if parts else None
    if split is None or split.op != "Split" or len(split.inputs) != 2:
        return None
    pieces = [split.name, *(f"{split.name}:{port}" for port in range(1, len(refs)))]
    if [one.inputs[0] for one in parts] != pieces or split.attributes.get("num_split") != len(refs):
        return None
    inside = [split.name, *(one.name for one in parts)]
    users = {user.name for name in (*pieces, *refs) for user in source.users.get(name, ())}
    if not users <= {*inside, node.name} or {*refs, *pieces} & set(source.outputs):
        return None
    along = _LAST.get(parts[0].attributes.get("data_format", "NHWC"))
    said = [_axis(source, ref, parts[0].op) for ref in (axis, split.inputs[0])]
    kernel = _kernel(source, [one.inputs[1] for one in parts])
    if kernel is None or along is None or said != [along, along]:
        return None
    return Node(node.name, parts[0].op, "", (split.inputs[1], kernel), node.outputs, parts[0].attributes), inside


def _parts(source: Source, refs: tuple[str, ...]) -> list[Node]:
    """The convolutions that make these values, alike but for their kernels; none where there is another node."""
    parts = [one for one in map(source.makers.get, refs) if one is not None and one.op in _OPERATORS]
    alike = all(one.attributes == parts[0].attributes and len(one.inputs) == 2 for one in parts)
    return parts if len(parts) == len(refs) and alike else []


def _axis(source: Source, ref: str, op: str) -> int | None:
    """-1 for the last axis of pictures and volumes, otherwise the number."""
    array, last = source.constants.get(ref), 4 if op == "Conv3D" else 3
    if array is None or array.size != 1 or array.dtype.kind not in "iu":
        return None
    axis = int(array.ravel()[0])
    return -1 if axis == last else axis


def _kernel(source: Source, refs: list[str]) -> str | None:
    """The constant that holds the kernels of all groups."""
    arrays = [source.constants.get(ref) for ref in refs]
    found = [one for one in arrays if one is not None and not isinstance(one, Unknown) and one.ndim >= 4]
    if len(found) < len(refs) or any(one.shape != found[0].shape or one.dtype != found[0].dtype for one in found):
        return None
    name = "|".join(refs)
    source.constants[name] = np.concatenate(found, axis=-1)
    return name
