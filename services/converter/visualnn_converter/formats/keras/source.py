"""A Keras JSON document in one normal form, whatever its version and class: layers, their calls, inputs, outputs.

Keras 1: as Keras 2, with other names (``keras1.py``); a Sequential may begin with a Merge of models.
Keras 2: ``inbound_nodes`` is ``[[[layer, node, tensor, kwargs], ...], ...]``; a Sequential's first layer carries
``batch_input_shape``.
Keras 3: ``inbound_nodes`` is ``[{"args": [...], "kwargs": {...}}]`` with ``__keras_tensor__`` objects.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from visualnn_shared.catalogue.maps import Unmappable

from visualnn_converter.formats.keras.calls import Tensor, keras2_tensor, read_call
from visualnn_converter.formats.keras.channels_first import TURNED
from visualnn_converter.formats.keras.implicit import affine, find_masks, function
from visualnn_converter.formats.keras.keras1 import modern

MODELS = ("Functional", "Model", "Sequential")
_CLASSES = {"GroupedQueryAttention": "GroupQueryAttention"}
"""Classes that Keras exports under another name; its HDF5 files tell the class' own."""
MAX_NESTING = 8
"""Models within models."""


@dataclass(slots=True)
class Source:
    """A layer of the document; ``net`` where it is a model itself."""

    name: str
    type: str
    config: dict[str, Any]
    calls: list[list[Tensor]]
    net: "Net | None" = None
    channels_first: bool = False
    """Whether the file's tensors are (channels, height, width) here; ours are not."""
    masks: list[list[Tensor]] = field(default_factory=list)
    """For each call the masks that it is handed, which the spec's layers hand on by themselves."""
    flat: list[list[Tensor]] = field(default_factory=list)
    """For each call of Keras 3 all that it reads, as Keras walks through it: this decides the order of layers."""
    wrong: list[Unmappable] = field(default_factory=list)
    """Arguments of its calls that a spec has no word for."""
    only_masks: bool = False
    """Whether all it does is to make such a mask."""


@dataclass(slots=True)
class Net:
    """A model of the document."""

    name: str
    layers: dict[str, Source] = field(default_factory=dict)
    inputs: list[Tensor] = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)


def parse(document: Any, depth: int = 0) -> Net:
    """The model of a document. Raises ``Unmappable`` where its frame cannot be understood."""
    if depth > MAX_NESTING:
        raise Unmappable(f"models must be nested at most {MAX_NESTING} deep", "deeper")
    if not isinstance(document, dict) or document.get("class_name") not in MODELS:
        received = document.get("class_name") if isinstance(document, dict) else document
        raise Unmappable(f"the document must be a Keras model: {', '.join(MODELS)}", received)
    config = document.get("config")
    if isinstance(config, list):  # Keras 2.0 to 2.2 wrote a Sequential's layers alone
        config = {"name": "sequential", "layers": config}
    if not isinstance(config, dict) or not isinstance(config.get("layers"), list):
        raise Unmappable(
            "the model's config must hold a list of layers", config if config is None else type(config).__name__
        )
    net = Net(str(config.get("name") or document["class_name"].lower()))
    if document["class_name"] == "Sequential":
        _sequential(net, config, depth)
    else:
        _functional(net, config, depth)
    return net


def _layer(net: Net, item: Any, depth: int) -> Source:
    """A layer without its calls; a nested model is parsed."""
    if not isinstance(item, dict) or not isinstance(item.get("class_name"), str):
        raise Unmappable("each layer must be an object with class_name and config", item)
    config = item.get("config")
    own = config if isinstance(config, dict) else {}
    name = item.get("name") or own.get("name")
    if not isinstance(name, str):
        raise Unmappable("each layer must have a name", item["class_name"])
    if name in net.layers:
        raise Unmappable("a layer's name must occur once in a model", name)
    type = str(item["class_name"])
    inner = parse(item, depth + 1) if type in MODELS else None
    type, own = modern(type, own) if inner is None else (type, own)
    activation = function(item.get("module"), type)
    if activation is not None:
        type, own = "Activation", {"name": name, "activation": activation}
    source = net.layers[name] = Source(name, _CLASSES.get(type, type), own, [], inner)
    if type in TURNED and own.get("data_format") == "channels_first":
        source.config = {key: value for key, value in own.items() if key != "data_format"}
        source.channels_first = True
    return source


def _functional(net: Net, config: dict[str, Any], depth: int) -> None:
    for item in config["layers"]:
        source = _layer(net, item, depth)
        nodes = item.get("inbound_nodes", [])
        if not isinstance(nodes, list):
            raise Unmappable("inbound_nodes must be a list", nodes)
        calls = [read_call(node, source.type) for node in nodes]
        source.calls = [call.tensors for call in calls]
        source.masks = [call.masks for call in calls]
        source.flat = [call.flat for call in calls]
        source.wrong = [wrong for call in calls for wrong in call.wrong]
        affine(source, [call.numbers for call in calls])
    net.inputs = list(_ends(config.get("input_layers")))
    net.outputs = list(_ends(config.get("output_layers")))
    if not net.outputs:
        raise Unmappable("output_layers must name the model's outputs", config.get("output_layers"))
    _count_from_zero(net)
    find_masks(net)


def _count_from_zero(net: Net) -> None:
    """TensorFlow counts the calls of a nested model from 1: its node 0 joins the model's own input and output."""
    listed = [net.outputs, *(tensors for source in net.layers.values() for tensors in source.calls)]
    nodes: dict[str, list[int]] = {name: [] for name, source in net.layers.items() if source.net is not None}
    for tensor in (one for tensors in listed for one in tensors if one.layer in nodes):
        nodes[tensor.layer].append(tensor.node)
    shifted = {
        name for name, seen in nodes.items() if min(seen, default=0) > 0 and max(seen) == len(net.layers[name].calls)
    }
    for tensors in listed if shifted else ():
        tensors[:] = [Tensor(one.layer, one.node - 1, one.index) if one.layer in shifted else one for one in tensors]


def _sequential(net: Net, config: dict[str, Any], depth: int) -> None:
    """A chain; an input is made where the first layer only says its shape."""
    items = config["layers"]
    previous: list[Tensor] = []
    for position, item in enumerate(items):
        source = _layer(net, item, depth)
        branches = _branches(item) if position == 0 else []
        if branches:
            previous = _joined(net, source, branches, depth)
            continue
        if position == 0 and source.type != "InputLayer":
            previous = _implicit_input(net, source, config.get("build_input_shape"))
        if source.type != "InputLayer":
            source.calls = [previous]
        previous = [Tensor(source.name, 0, 0)]
        if source.type == "InputLayer":
            net.inputs = previous
    if not previous:
        raise Unmappable("a Sequential model must have layers", [])
    net.outputs = previous


def _branches(item: dict[str, Any]) -> list[Any]:
    """The models that a Merge of Keras 1 at the beginning joins."""
    config = item.get("config")
    layers = config.get("layers") if item["class_name"] == "Merge" and isinstance(config, dict) else None
    return layers if isinstance(layers, list) else []


def _joined(net: Net, merge: Source, branches: list[Any], depth: int) -> list[Tensor]:
    """The layers of all branches before the Merge, which reads their ends."""
    del net.layers[merge.name]
    ends: list[Tensor] = []
    for branch in branches:
        inner = parse(branch, depth + 1)
        twice = [name for name in inner.layers if name in net.layers or name == merge.name]
        if twice:
            raise Unmappable("a layer's name must occur once in a model", twice[0])
        net.layers |= inner.layers
        net.inputs += inner.inputs
        ends += inner.outputs
    merge.calls = [ends]
    net.layers[merge.name] = merge
    return [Tensor(merge.name, 0, 0)]


def _implicit_input(net: Net, first: Source, built: Any) -> list[Tensor]:
    """An InputLayer before the first layer, of the shape that layer says; without one, of no shape."""
    shape = first.config.get("batch_input_shape") or first.config.get("batch_shape") or built
    if first.net is not None and shape is None:
        shape = _shape_within(first.net)
    name = f"{first.name}_input"
    dtype = "int32" if first.type == "Embedding" else first.config.get("dtype", "float32")
    made = Source(name, "InputLayer", {"batch_input_shape": shape, "dtype": dtype}, [])
    net.layers = {name: made, **net.layers}
    net.inputs = [Tensor(name, 0, 0)]
    return net.inputs


def _shape_within(net: Net) -> Any:
    source = net.layers.get(net.inputs[0].layer) if net.inputs else None
    return None if source is None else source.config.get("batch_input_shape") or source.config.get("batch_shape")


def _ends(value: Any) -> Iterator[Tensor]:
    """``input_layers`` and ``output_layers``: one tensor, a list, or an object, which Keras takes by sorted keys."""
    if isinstance(value, list) and value and isinstance(value[0], str):
        yield keras2_tensor(value)
    elif isinstance(value, list | dict):
        for inner in [value[key] for key in sorted(value)] if isinstance(value, dict) else value:
            yield from _ends(inner)
    elif value is not None:
        raise Unmappable("input_layers and output_layers must be lists of tensors", value)
