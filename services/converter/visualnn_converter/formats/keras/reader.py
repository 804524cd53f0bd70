"""A Keras document to a spec: nested models flattened, second calls as layers that share weights."""

from dataclasses import dataclass
from typing import Any

from visualnn_shared.analysis.walk import resolve
from visualnn_shared.catalogue.mapping import Index, Read, index, read_node, without_defaults
from visualnn_shared.catalogue.maps import Bag, Context, Unmappable, plain
from visualnn_shared.errors import ConversionImpossible
from visualnn_shared.spec.model import MAX_LAYERS, Layer, Spec
from visualnn_shared.spec.problem import Problem, problem

from visualnn_converter.formats.keras import channels_first
from visualnn_converter.formats.keras.calls import Tensor
from visualnn_converter.formats.keras.older_maps import GUESSED, older
from visualnn_converter.formats.keras.source import MAX_NESTING, Net, Source, parse
from visualnn_converter.lacking import lacks_shape
from visualnn_converter.report import Report
from visualnn_converter.rewriting import Names
from visualnn_converter.specnames import spec_name

_EVERYWHERE = ("name", "dtype", "batch_input_shape", "batch_shape", "build_config", "sparse", "ragged", "optional")
"""Keys of every layer that say nothing of what it computes."""
_SAY_NOTHING = (("unroll", False),)
"""What every recurrent layer of Keras writes, and ours of convolutions have no parameter for."""
_LAMBDA = (
    "its Python code is not read; write it with Keras' own layers (Rescaling, Multiply, Add, Activation, Reshape, ...) "
    "and save again"
)
_CUSTOM = "build the model of Keras' own layers and save again: code of custom layers is not read"
MAX_HOPS = 1_000
"""Nested models that a reference may pass through."""
_OLD_FUNCTION = "Keras 2 computes clip(0.2 x + 0.5), this one clip(x / 6 + 0.5): same structure, other numbers"


def read_model(document: Any, report: Report, input_shape: Any = None) -> Spec:
    """The spec. Raises ``ConversionImpossible`` with every obstacle, ``Unmappable`` where the frame is broken."""
    net = parse(document)
    old = "keras_version" in document or not str(document.get("module", "")).startswith("keras")
    reader = _Reader(report, input_shape, old=old)
    top = Call(net, "", [])
    reader.net(top)
    outputs = [reader.ref(top, tensor) for tensor in net.outputs]
    spec = Spec(name=spec_name(net.name) or "model", layers=tuple(reader.layers), outputs=tuple(dict.fromkeys(outputs)))
    if not reader.problems:
        spec = channels_first.run(spec, reader.turned, report)
    problems = reader.problems or resolve(spec).problems
    if problems:
        raise ConversionImpossible(problems, report.source, report.target)
    return spec


@dataclass(frozen=True, slots=True)
class Call:
    """A model where it is called: the prefix of its layers' names, and what it is given by the model around it."""

    net: Net
    scope: str
    inputs: list[Tensor]
    outer: "Call | None" = None


class _Reader:
    def __init__(self, report: Report, input_shape: Any, *, old: bool) -> None:
        self.report, self.input_shape, self.old = report, input_shape, old
        self.layers: list[Layer] = []
        self.problems: list[Problem] = []
        self.turned: set[str] = set()
        """Layers that the file calls channels-first."""
        self._table: Index = older() if old else index("keras")
        self._names = Names()
        self._given: dict[str, str] = {}

    def name(self, scope: str, layer: str, node: int) -> str:
        """The spec name of a call of a layer: ``inner/dense@1`` is the second call of dense in the model inner."""
        full = f"{scope}{layer}" + (f"@{node}" if node else "")
        if full not in self._given:
            self._given[full] = self._names.fresh(spec_name(full))
            if self._given[full] != full:
                self.report.renamed[full] = self._given[full]
        return self._given[full]

    def ref(self, call: Call, tensor: Tensor) -> str:
        """The spec reference of a tensor; through nested models, in and out of them, to the layer that makes it."""
        for _ in range(MAX_HOPS):
            source = call.net.layers.get(tensor.layer)
            if source is None:
                raise Unmappable("a call must name a layer of the model", tensor.layer)
            place = [tensor.layer, tensor.node, tensor.index]
            if source.net is not None:
                if tensor.index >= len(source.net.outputs) or tensor.node >= len(source.calls):
                    raise Unmappable("a call must name an output that the model has", place)
                scope = self._scope(call.scope, source, tensor.node)
                call, tensor = (
                    Call(source.net, scope, source.calls[tensor.node], call),
                    source.net.outputs[tensor.index],
                )
            elif source.type == "InputLayer" and call.outer is not None:
                names = [one.layer for one in call.net.inputs]
                position = names.index(source.name) if source.name in names else 0
                if position >= len(call.inputs):
                    raise Unmappable("a nested model must be called with all its inputs", len(call.inputs))
                call, tensor = call.outer, call.inputs[position]
            else:
                if tensor.node and tensor.node >= len(source.calls):
                    raise Unmappable("a call must name a node that the layer has", place)
                name = self.name(call.scope, source.name, tensor.node)
                return f"{name}:{tensor.index}" if tensor.index else name
        raise Unmappable("nested models must not feed themselves", tensor.layer)

    def _scope(self, scope: str, source: Source, node: int) -> str:
        if scope.count("/") > MAX_NESTING:
            raise Unmappable(f"models must be nested at most {MAX_NESTING} deep", scope)
        return f"{scope}{source.name}" + (f"@{node}" if node else "") + "/"

    def net(self, call: Call, owner: str | None = None) -> None:
        """Every call of every layer. ``owner``: the scope whose layers own the weights, for a model called again."""
        if call.scope:
            self.report.rewrote(call.scope.rstrip("/"), "nested model flattened", "a spec is one graph")
        for source in call.net.layers.values():
            if source.type == "InputLayer":
                if call.outer is None:
                    self._input(source)
                continue
            if source.only_masks:
                continue
            place = f"{call.scope}{source.name}"
            self.problems += [wrong.problem(spec_name(place)) for wrong in source.wrong]
            for node, inputs in enumerate(source.calls):
                self._called(call, source, node, inputs, call.scope if node and owner is None else owner)
            if not source.calls:
                self.report.drops(place, source.type, "it is not called")

    def _called(self, call: Call, source: Source, node: int, inputs: list[Tensor], owner: str | None) -> None:
        if len(self.layers) >= MAX_LAYERS:
            raise Unmappable(f"a model must have at most {MAX_LAYERS:,} layers", "more")
        if source.net is not None:
            inner = Call(source.net, self._scope(call.scope, source, node), inputs, call)
            self.net(inner, None if owner is None else f"{owner}{source.name}/")
            return
        refs = [self.ref(call, tensor) for tensor in inputs]
        weights_of = None if owner is None else self.name(owner, source.name, 0)
        self._layer(source, self.name(call.scope, source.name, node), refs, weights_of)

    def _input(self, source: Source) -> None:
        name = self.name("", source.name, 0)
        shape = source.config.get("batch_input_shape") or source.config.get("batch_shape")
        given = self.input_shape.get(source.name) if isinstance(self.input_shape, dict) else self.input_shape
        sizes = given if given is not None else shape[1:] if isinstance(shape, list) and shape else None
        if sizes is None:
            self.problems.append(lacks_shape(shape, name))
            return
        dtype = source.config.get("dtype") or "float32"
        params: dict[str, Any] = {"shape": sizes}
        if isinstance(dtype, dict):
            inner = dtype.get("config")
            dtype = inner.get("name") if isinstance(inner, dict) else dtype
        if dtype != "float32":
            params["dtype"] = dtype
        if source.config.get("sparse"):
            self.problems.append(problem("sparse must be false: a spec has dense tensors", True, layer=name))
        self.layers.append(Layer(name=name, type="Input", params=params))
        self.report.maps(name, "InputLayer", "Input")

    def _layer(self, source: Source, name: str, inputs: list[str], weights_of: str | None) -> None:
        bag = Bag(source.config)
        for key in _EVERYWHERE:
            bag.one(key)
        found = read_node(self._table, source.type, bag, Context(), name)
        if not isinstance(found, Read):
            hint = None if source.type in self._table else _LAMBDA if source.type == "Lambda" else _CUSTOM
            self.problems += [one if one.hint or not hint else one.model_copy(update={"hint": hint}) for one in found]
            return
        self.problems += found.problems
        if not found.entry.has_weights:
            weights_of = None
        params = {} if found.problems else without_defaults(found.entry, found.params)
        made = Layer(
            name=name, type=found.entry.type, params=plain(params), inputs=tuple(inputs), weights_of=weights_of
        )
        self.layers.append(made)
        if source.channels_first:
            self.turned.add(name)
        self._report(source, made, bag, found)

    def _report(self, source: Source, made: Layer, bag: Bag, found: Read) -> None:
        self.report.maps(made.name, source.type, made.type)
        if source.type in GUESSED:
            self.report.rewrote(made.name, source.type, GUESSED[source.type])
        for key, _ in bag.left():
            value = bag.peek(key)
            says = value is not None and (key, value) not in _SAY_NOTHING
            if says and not (key == "trainable" and not found.entry.has_weights):
                self.report.drops(made.name, f"{key} = {str(plain(value))[:80]}", "not understood")
        if self.old and "hard_sigmoid" in [found.params.get(key) for key in ("activation", "recurrent_activation")]:
            self.report.rewrote(made.name, "hard_sigmoid", _OLD_FUNCTION)
