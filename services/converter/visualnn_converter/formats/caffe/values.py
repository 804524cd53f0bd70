"""What the reader keeps of a Caffe net: its values and their layouts, and which layers carry weights."""

from functools import cache
from typing import Any, NamedTuple

from visualnn_shared.catalogue.free import Shape
from visualnn_shared.catalogue.mapping import Read
from visualnn_shared.catalogue.maps import Bag, Label

from visualnn_converter.formats.caffe.schema import ELEMENTWISE
from visualnn_converter.formats.caffe.source import Node
from visualnn_converter.formats.caffe.weights import Carrier, sizes
from visualnn_converter.layout import Flat, channels_first, flat_order, identity


class Value(NamedTuple):
    """A tensor: its spec reference, its spec shape (None where a problem hides it), its label."""

    ref: str
    shape: Shape | None
    label: Label | None
    is_label: bool = False
    """The samples' labels, which are no part of a net."""
    flat: Flat | None = None
    """What it was flattened from, where Caffe's order of its values is not the spec's."""


def variables_of(found: Read, inputs: list[Value]) -> dict[str, tuple[int, ...]]:
    """The layer's variables with their shapes in the spec."""
    if not found.entry.has_weights:
        return {}
    shapes = [value.shape for value in inputs if value.shape is not None]
    return {
        weight.name: sizes(weight.shape(found.params, shapes)) for weight in found.entry.variables(found.params, shapes)
    }


def carrier_of(
    node: Node, name: str, found: Read, variables: dict[str, tuple[int, ...]], inputs: list[Value], owner: str | None
) -> Carrier:
    """What the layer's blobs are, with names of the spec and of the file."""
    dense = node.op == "InnerProduct"
    return Carrier(
        name, node.name, found.map, found.params, variables, owner,
        flat=inputs[0].flat if dense else None, transposed=dense and node.bag.peek("transpose", False) is True,
    )  # fmt: skip


def flat_of(node: Node, inputs: list[Value]) -> Flat | None:
    """What the layer's output was flattened from; layers that treat each value by itself pass it on."""
    first = inputs[0] if inputs else None
    if first is None or first.shape is None:
        return None
    if node.op == "Flatten":
        return flat_order(first.label or identity(len(first.shape) + 1), first.shape)
    return first.flat if node.op in ELEMENTWISE else None


@cache
def file_label(rank: int) -> Label:
    """Four axes are pictures, channels first; others lie as in the spec."""
    return channels_first(rank) if rank == 4 else identity(rank)


def sample_shape(node: Node) -> list[Any] | None:
    """Channels, height, width of a source that says them."""
    memory = node.whole.peek("memory_data_param")
    if isinstance(memory, Bag):
        return [memory.peek(key) for key in ("channels", "height", "width")]
    dummy = node.whole.peek("dummy_data_param")
    if isinstance(dummy, Bag):
        shapes = dummy.many_peek("shape")
        dims = shapes[0].many_peek("dim") if shapes and isinstance(shapes[0], Bag) else []
        return dims[1:] or None
    transform = node.whole.peek("transform_param")
    if isinstance(transform, Bag):  # a crop and a mean for each channel say the size
        size, channels = transform.peek("crop_size"), len(transform.many_peek("mean_value"))
        return [channels, size, size] if size and channels > 1 else None
    return None
