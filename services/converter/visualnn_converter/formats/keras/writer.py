"""A spec as a functional Keras 3 model."""

from typing import Any

from visualnn_shared.analysis.walk import Resolved, ResolvedLayer
from visualnn_shared.catalogue.free import to_json
from visualnn_shared.catalogue.mapping import Written, write_node
from visualnn_shared.catalogue.maps import Context
from visualnn_shared.errors import ConversionImpossible, SpecInvalid
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.problem import Problem, problem
from visualnn_shared.spec.refs import Ref

from visualnn_converter.passes import (
    attended_axes,
    calls_in_order,
    explicit_padding,
    legal_names,
    padding_of_nothing,
    pools_as_same,
    short_types,
)
from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights, resolved_once

_POLICY = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": None}
_KEEP_TYPE = frozenset({
    "Reshape", "Flatten", "Permute", "Concatenate", "Dropout",
    *(f"{move}{rank}D" for move in ("ZeroPadding", "Cropping", "UpSampling", "SpatialDropout") for rank in (1, 2, 3)),
})  # fmt: skip


def write_model(spec: Spec, report: Report) -> dict[str, Any]:
    """The document. Raises ``ConversionImpossible`` with every obstacle."""
    return document_of(lower(spec, report), report)


def document_of(lowered: Spec, report: Report) -> dict[str, Any]:
    """The document of a spec in Keras' terms. Raises ``ConversionImpossible`` with every obstacle."""
    document, problems = draft(lowered, report)
    if problems:
        raise ConversionImpossible(problems, report.source, report.target)
    return document


def draft(lowered: Spec, report: Report) -> tuple[dict[str, Any], list[Problem]]:
    """The document without the layers that Keras cannot say, and a problem for each."""
    resolved = resolved_once(lowered)
    if resolved.problems:
        raise SpecInvalid(resolved.problems, lowered.name)
    writer = _Writer(resolved, report)
    for layer in resolved.layers:
        writer.layer(layer)
    return writer.document(), writer.problems


def lower(spec: Spec, report: Report) -> Spec:
    """The spec in Keras' terms: one layer is one Keras layer."""
    return lower_all(spec, None, report)[0]


def lower_all(spec: Spec, weights: Weights | None, report: Report) -> tuple[Spec, Weights | None]:
    """The spec in Keras' terms, and its weights under the names that layers have there."""
    spec, weights = short_types.run(spec, weights, report)
    spec, weights = attended_axes.run(spec, weights, report)
    spec, weights = padding_of_nothing.run(spec, weights, report)
    spec, weights = pools_as_same.run(spec, weights, report)
    spec, weights = explicit_padding.run(spec, weights, report)
    spec, weights = calls_in_order.run(spec, weights, report)
    return legal_names.run(spec, weights, report, legal_name)


def legal_name(name: str) -> str:
    """Keras forbids slashes in layer names: they separate its variables' paths."""
    return name.replace("/", "_")


class _Writer:
    def __init__(self, resolved: Resolved, report: Report) -> None:
        self.resolved, self.report = resolved, report
        self.problems: list[Problem] = []
        self._by_name = {layer.name: layer for layer in resolved.layers}
        self._items: dict[str, dict[str, Any]] = {}
        self._history: dict[str, tuple[str, int]] = {}
        self._types: dict[str, str] = {}
        self._alike: dict[tuple[Any, ...], Written] = {}

    def layer(self, layer: ResolvedLayer) -> None:
        """One layer, or one more call of the layer whose weights it shares."""
        self._types[layer.name] = self._type(layer)
        if layer.weights_of is not None:
            self._again(layer, layer.weights_of)
            return
        self._history[layer.name] = (layer.name, 0)
        if layer.type == "Input":
            self._items[layer.name] = _input(layer)
            self.report.maps(layer.name, "Input", "InputLayer")
            return
        written = self._written(layer)
        if not isinstance(written, Written):
            self.problems += written
            return
        policy = {} if layer.entry.group == "preprocessing" else {"dtype": _POLICY}  # these know their own type
        config = {"name": layer.name, **policy, **written.attributes}
        self._items[layer.name] = {
            "module": "keras.layers",
            "class_name": written.op,
            "config": config,
            "registered_name": None,
            "build_config": _built(layer),
            "name": layer.name,
            "inbound_nodes": [self._call(layer)],
        }
        self.report.maps(layer.name, layer.type, written.op)

    def _written(self, layer: ResolvedLayer) -> Written | list[Problem]:
        """The layer by its map. Layers that resolve to one set of parameters are written once: deep nets repeat."""
        key = (layer.type, id(layer.params), layer.input_shapes)
        written = self._alike.get(key)
        if written is not None:
            return written
        context = Context(input_shapes=layer.input_shapes, output_shapes=layer.output_shapes)
        found = write_node("keras", layer.entry, layer.params, context, layer.name)
        if isinstance(found, Written):
            self._alike[key] = found
        return found

    def _again(self, layer: ResolvedLayer, owner: str) -> None:
        if layer.params != self._by_name[owner].params:
            rule = (
                f"parameters must be those of {owner}: in Keras, layers that share weights are one layer called again"
            )
            differ = {key: value for key, value in layer.params.items() if self._by_name[owner].params[key] != value}
            self.problems.append(problem(rule, differ, layer=layer.name, field="weights_of"))
            return
        item = self._items.get(owner)
        if item is None:  # it has a problem of its own
            return
        self._history[layer.name] = (owner, len(item["inbound_nodes"]))
        item["inbound_nodes"].append(self._call(layer))
        self.report.maps(layer.name, layer.type, f"{owner}, called again")

    def _call(self, layer: ResolvedLayer) -> dict[str, Any]:
        tensors = [self._tensor(ref, shape) for ref, shape in zip(layer.inputs, layer.input_shapes, strict=True)]
        ports = layer.entry.ports
        if ports.call == "state":
            return {"args": tensors[:1], "kwargs": {"initial_state": tensors[1:]} if tensors[1:] else {}}
        return {"args": [tensors] if ports.call == "list" and ports.most != 1 else tensors, "kwargs": {}}

    def _tensor(self, ref: Ref, shape: Any) -> dict[str, Any]:
        config = {
            "shape": [None, *to_json(shape)],
            "dtype": self._types[ref.layer],
            "keras_history": self._end(ref),
        }
        return {"class_name": "__keras_tensor__", "config": config}

    def _end(self, ref: Ref) -> list[Any]:
        name, node = self._history.get(ref.layer, (ref.layer, 0))
        return [name, node, ref.output]

    def _type(self, layer: ResolvedLayer) -> str:
        """Type of the layer's values: that of the input as long as nothing is computed with them."""
        if layer.type == "Input":
            return str(layer.params["dtype"])
        return self._types[layer.inputs[0].layer] if layer.type in _KEEP_TYPE else "float32"

    def document(self) -> dict[str, Any]:
        """The model around the layers."""
        inputs = [self._end(Ref(layer.name)) for layer in self.resolved.inputs]
        outputs = [self._end(ref) for ref, _ in self.resolved.outputs]
        config = {
            "name": legal_name(self.resolved.name),
            "trainable": True,
            "layers": list(self._items.values()),
            "input_layers": inputs if len(inputs) > 1 else inputs[0],
            "output_layers": outputs if len(outputs) > 1 else outputs[0],
        }
        return {
            "module": "keras.src.models.functional",
            "class_name": "Functional",
            "config": config,
            "registered_name": "Functional",
            "build_config": {"input_shape": None},
            "compile_config": {},
        }


def _input(layer: ResolvedLayer) -> dict[str, Any]:
    config = {
        "batch_shape": [None, *layer.params["shape"]],
        "dtype": layer.params["dtype"],
        "sparse": False,
        "ragged": False,
        "name": layer.name,
        "optional": False,
    }
    return {
        "module": "keras.layers",
        "class_name": "InputLayer",
        "config": config,
        "registered_name": None,
        "name": layer.name,
        "inbound_nodes": [],
    }


def _built(layer: ResolvedLayer) -> dict[str, Any]:
    """Shapes that Keras builds the layer with: of one input, of a list, or of each argument by its name."""
    shapes, ports = [[None, *to_json(shape)] for shape in layer.input_shapes], layer.entry.ports
    if ports.call == "args" and len(shapes) > 1:
        return {"shapes_dict": {f"{name}_shape": shape for name, shape in zip(ports.names, shapes, strict=False)}}
    return {"input_shape": shapes if ports.call == "list" and ports.most != 1 else shapes[0]}
