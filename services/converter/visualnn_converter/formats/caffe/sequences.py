"""Recurrent nets of Caffe: steps come first, then the batch, and a blob of marks says where sequences begin.

A spec has the batch first, and a sample is one whole sequence: marks of 0 at its first step and 1 behind it, as
Caffe's own examples feed them, are what a recurrent layer does anyway.
"""

from collections.abc import Iterable
from typing import Any

from visualnn_shared.catalogue.caffe_maps import Filler
from visualnn_shared.catalogue.lenses import At, Drop, Is, Sets
from visualnn_shared.catalogue.mapping import Index, build_index, index
from visualnn_shared.catalogue.maps import Map, Unmappable
from visualnn_shared.catalogue.registry import CATALOGUE
from visualnn_shared.catalogue.steps import Gates, Perm

from visualnn_converter.formats.caffe.schema import ELEMENTWISE, HEADS, LOSSES, MEASURES
from visualnn_converter.formats.caffe.source import Node, Source

_LSTM = Map(
    "LSTM",
    [
        At("units", "num_output"),
        Sets("return_sequences", True),
        Sets("unit_forget_bias", False),
        Is("expose_hidden", False, False),
        Filler("kernel_initializer", "weight_filler"),
        Filler("bias_initializer", "bias_filler"),
        Drop(("debug_info",)),
    ],
    blobs=[
        ("kernel", Gates("ifco", "ifoc"), Perm("io", "oi")),
        ("bias", Gates("ifco", "ifoc")),
        ("recurrent_kernel", Gates("ifco", "ifoc"), Perm("io", "oi")),
    ],
)
"""Read only: written, it would need the marks."""
_KEEPS_STEPS = ELEMENTWISE | {"Embed", "LSTM", "RNN", "Concat", "Split"}
_MOVES = {"Slice", "Split", "Concat", "Flatten", "Reshape"}
_ENDS = {*MEASURES, *LOSSES, *HEADS}
_NO_SAMPLES = "a net must compute its blobs of its samples; this one is learnt, and has no samples"
_REFUSED = {
    "RNN": "RNN must be written as a SimpleRNN layer and a Dense layer with tanh behind it: it is both in one",
    "Parameter": _NO_SAMPLES,
}


def table() -> Index:
    """The maps of all layers, those that are only read too."""
    return {**index("caffe"), **build_index([(CATALOGUE["LSTM"], _LSTM)])}


def obstacle(node: Node) -> Unmappable | None:
    """Why a layer of this kind is none of a spec; None where nothing speaks against it."""
    if node.op in _REFUSED:
        return Unmappable(_REFUSED[node.op], node.op, line=node.line)
    if node.op == "LSTM" and len(node.inputs) != 2:
        rule = "LSTM must have two bottoms: the sequence, and the marks of where sequences begin"
        hint = "a third bottom is the same at every step: repeat it and join it with the sequence"
        return Unmappable(rule, len(node.inputs), line=node.line, hint=hint)
    return None


def only_marks(source: Source, number: int) -> bool:
    """Whether a blob says nothing but where sequences begin."""
    users = source.users.get(number, [])
    return bool(users) and all(user.op in ("LSTM", "RNN") and number not in user.inputs[:1] for user in users)


def is_read_as_data(source: Source, number: int) -> bool:
    """Whether a layer that computes reads the blob: then it is no label."""
    waiting, seen = [number], set[int]()
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        for user in source.users.get(one, []):
            if user.op in _MOVES:
                waiting += user.outputs
            elif user.op not in _ENDS:
                return True
    return False


def has_steps_first(source: Source, number: int) -> bool:
    """Whether the blob reaches a recurrent layer as its sequence, through layers that keep its first two axes."""
    waiting, seen = [number], set[int]()
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        for user in source.users.get(one, []):
            if user.op in ("LSTM", "RNN") and user.inputs[:1] == [one]:
                return True
            if user.op in _KEEPS_STEPS or (user.op == "InnerProduct" and user.bag.peek("axis", 1) == 2):
                waiting += user.outputs
    return False


def sample_dims(dims: Iterable[Any], *, steps_first: bool) -> list[Any]:
    """The sizes of one sample: without the batch, which is the second axis behind the steps."""
    first, *rest = dims
    return [first, *rest[1:]] if steps_first else rest
