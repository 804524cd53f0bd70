"""A node by the catalogue's maps."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from visualnn_shared.catalogue.free import known
from visualnn_shared.catalogue.mapping import Index, Read, build_index, read_node
from visualnn_shared.catalogue.maps import Bag, Context, Unmappable
from visualnn_shared.catalogue.registry import CATALOGUE

from visualnn_converter.formats.tensorflow.reading import Reading
from visualnn_converter.formats.tensorflow.values import DType
from visualnn_converter.graphreading import REPORTED, Array, Node, Value, result

_MEANINGLESS: Mapping[str, Sequence[Any]] = {
    "use_cudnn_on_gpu": (True, False), "data_format": ("NHWC", "NDHWC", "NCHW", "NCDHW"), "N": (), "is_training": (),
    "exponential_avg_factor": (), "explicit_paddings": ([],), "weights": (), "keep": (), "grad_a": (False,),
    "grad_b": (False,), "adj_x": (False,), "adj_y": (False,), "transpose_a": (False,), "transpose_b": (False,),
    "half_pixel_centers": (), "align_corners": (False,),
}  # fmt: skip
"""Attributes that say nothing at these values; at any where there are none."""


@cache
def table() -> Index:
    """The maps by operator; layers of their own before functions of ``Activation``, which have no parameters."""
    pairs = [(entry, found) for entry in CATALOGUE.values() for found in entry.maps.get("tensorflow", ())]
    return build_index(sorted(pairs, key=lambda pair: pair[0].type == "Activation"))


def attributes(node: Node) -> dict[str, Any]:
    """The node's attributes that mean something."""
    return {
        key: value
        for key, value in node.attributes.items()
        if not isinstance(value, DType)
        and not (key in _MEANINGLESS and (not _MEANINGLESS[key] or value in _MEANINGLESS[key]))
    }


def place_mapped(
    r: Reading,
    node: Node,
    name: str,
    inputs: Sequence[Value],
    given: Mapping[str, Any],
    tensors: Mapping[str, Array] | None = None,
    key: Any = None,
) -> Value:
    """Place the layer that the maps find for these attributes. Raises ``Unmappable``."""
    bag = Bag(given)
    context = Context(
        input_shapes=[tuple(known(n) for n in value.shape) for value in inputs],
        labels=[value.label for value in inputs],
        tensors={weight: array.shape for weight, array in (tensors or {}).items()},
    )
    found = read_node(table(), _SAME.get(node.op, node.op), bag, context, name)
    problems = found.problems if isinstance(found, Read) else tuple(found)
    if not isinstance(found, Read) or problems:
        r.problems += problems
        raise REPORTED
    if found.params.get("axis") == 0:
        raise Unmappable("axis must not be the batch's", bag.peek("axis"))
    left = [one for one, _ in bag.left()]
    if left:
        raise Unmappable(f"{left[0]} must be left out: VisualNN has no word for it", bag.peek(left[0]))
    shape = r.place(name, node.op.removeprefix("@"), found.entry.type, found.params, inputs, tensors, key)[0]
    return result(name, shape, inputs[0], flat=node.op in r.elementwise)


_SAME = {"AddV2": "Add"}
