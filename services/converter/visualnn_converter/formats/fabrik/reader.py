"""A Fabrik net to a spec: layers by the table, inputs with channels last, heads as activations."""

from math import prod
from typing import Any

from visualnn_shared.analysis.walk import resolve
from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.catalogue.entry import Broken
from visualnn_shared.catalogue.free import Shape, from_json
from visualnn_shared.catalogue.kinds import closest
from visualnn_shared.catalogue.mapping import clean_params, without_defaults
from visualnn_shared.catalogue.maps import Unmappable, plain
from visualnn_shared.errors import ConversionImpossible
from visualnn_shared.spec.model import Layer, Spec
from visualnn_shared.spec.problem import Problem

from visualnn_converter.formats.fabrik.source import TEST, Net, Node
from visualnn_converter.formats.fabrik.table import ENDS, HARMLESS, HEADS, SOURCES, TYPES, WRAPPERS
from visualnn_converter.lacking import shape_unknown
from visualnn_converter.passes import canonical_types, merge_batchnorm_scale, padding_of_nothing
from visualnn_converter.report import Report
from visualnn_converter.rewriting import Names
from visualnn_converter.specnames import spec_name

_NO_VALUES = ("_regularizer", "_constraint")
Value = tuple[str, Shape | None]
"""A layer, and the shape of its output where that is known."""


def read_model(net: Net, report: Report, input_shape: Any = None) -> Spec:
    """The spec. Raises ``ConversionImpossible`` with every obstacle."""
    reader = _Reader(net, report, input_shape)
    for node in net.nodes:
        try:
            reader.node(node)
        except Unmappable as broken:
            reader.problems.append(broken.problem(reader.name(node)))
            reader.values[node.id] = ("", None)
    if reader.problems:
        raise ConversionImpossible(reader.problems, report.source, report.target)
    spec = reader.spec()
    for rewrite in (merge_batchnorm_scale, canonical_types, padding_of_nothing):
        spec, _ = rewrite.run(spec, None, report)
    problems = resolve(spec).problems
    if problems:
        raise ConversionImpossible(problems, report.source, report.target)
    return spec


class _Reader:
    def __init__(self, net: Net, report: Report, input_shape: Any) -> None:
        self.net, self.report, self.input_shape = net, report, input_shape
        self.problems: list[Problem] = list(net.problems)
        self.layers: list[Layer] = []
        self.values: dict[str, Value] = {}
        self._names, self._named = Names(), dict[str, str]()
        self._held: dict[str, Node] = {}

    def name(self, node: Node) -> str:
        """The layer's name in the spec."""
        if node.id not in self._named:
            name = self._named[node.id] = self._names.fresh(spec_name(node.name))
            if name != node.name:
                self.report.renamed[node.name] = name
        return self._named[node.id]

    def node(self, node: Node) -> None:
        """One layer of the document. Raises ``Unmappable``."""
        if node.phase == TEST and (node.type in SOURCES or node.type in ENDS):
            self.report.drops(node.name, node.type, "it is of the TEST phase")
            self.values[node.id] = ("", None)
        elif node.type in SOURCES:
            self._input(node)
        elif node.type in ENDS:
            self.report.drops(node.name, node.type, "it measures or ends training; it is no part of the net")
        elif node.type in WRAPPERS:
            node.raw("merge_mode")
            self._held[node.id] = node
            self.values[node.id] = self._inputs(node)[0] if node.inputs else ("", None)
        else:
            self._layer(node)

    def _input(self, node: Node) -> None:
        name = self.name(node)
        given = self.input_shape.get(node.name) if isinstance(self.input_shape, dict) else self.input_shape
        given = given if given is not None else self._sizes(node)
        if given is None:
            raise shape_unknown(node.params.get("dim"), "dim")
        clean, problems = clean_params(CATALOGUE["Input"], {"shape": given}, name, None)
        self.problems += problems
        self.values[node.id] = (name, None if problems else from_json(clean["shape"]))
        self.layers.append(Layer(name=name, type="Input", params={"shape": plain(given)}))
        self.report.maps(name, node.type, "Input")
        if node.type != "Input":
            self.report.drops(node.name, node.type, "samples come from data sets; it became an Input")

    def _sizes(self, node: Node) -> list[int] | None:
        """Without the batch; channels, which come first there, at the end."""
        if node.raw("dim") is not None:
            sizes = node.integers("dim")[1:]
        elif node.output is not None:
            sizes = list(node.output)
        elif node.raw("crop_size"):
            sizes = [3, *[node.integer("crop_size")] * 2]
        elif node.raw("new_height") or node.raw("height"):
            sides = [node.integer(key, node.integer(f"new_{key}", 0)) for key in ("height", "width")]
            sizes = [node.integer("channels", 3), *sides]
        else:
            return None
        if not sizes or min(sizes) < 1:
            raise Unmappable("an input's sizes must be at least 1", sizes, "dim")
        return [*sizes[1:], sizes[0]]

    def _inputs(self, node: Node) -> list[Value]:
        return [self.values.get(id, ("", None)) for id in node.inputs]

    def _layer(self, node: Node) -> None:
        """A layer that computes."""
        inputs, name = self._inputs(node), self.name(node)
        known = TYPES.get(HEADS[node.type][0] if node.type in HEADS else node.type)
        if known is None:
            hint = closest(node.type, list(TYPES))
            raise Unmappable("the layer type must be one that VisualNN knows", node.type, "info.type", hint=hint)
        if node.type in HEADS:
            self.report.rewrote(node.name, f"{node.type} as {HEADS[node.type][0]}", f"train with {HEADS[node.type][1]}")
            inputs, node = inputs[:1], Node(node.id, node.name, HEADS[node.type][0], {}, node.inputs[:1])
        if not inputs:
            raise Unmappable("a layer must read another one", None, "connection.input")
        if any(shape is None for _, shape in inputs):
            self.values[node.id] = ("", None)  # what it reads is a problem already
            return
        wrapper = self._held.get(node.inputs[0])
        shapes = [shape for _, shape in inputs if shape is not None]
        seen = [shape[1:] if wrapper and wrapper.type == "TimeDistributed" else shape for shape in shapes]
        type, params = known(node, [_sizes_of(shape) for shape in seen])
        if type == "Dense" and len(seen[0]) > 1 and wrapper is None:
            inputs = [self._flattened(name, inputs[0])]
        if wrapper is not None:
            type, params = wrapper.type, {"layer": {"type": type, "params": params}, **_merge(wrapper)}
        self._place(node, name, type, params, inputs)

    def _flattened(self, name: str, value: Value) -> Value:
        made = self._names.fresh(f"{name}/flatten")
        self.layers.append(Layer(name=made, type="Flatten", inputs=(value[0],)))
        self.report.rewrote(name, "implicit flatten as a layer", "InnerProduct flattens; Dense does not")
        return made, (prod(value[1] or ()),)

    def _place(self, node: Node, name: str, type: str, params: dict[str, Any], inputs: list[Value]) -> None:
        entry = CATALOGUE[type]
        clean, problems = clean_params(entry, params, name, None)
        self.problems += problems
        self.values[node.id] = (name, None)
        if problems:
            return
        ports = entry.ports
        if not ports.least <= len(inputs) <= (ports.most or len(inputs)):
            raise Unmappable(f"{type} must have at least {ports.least} inputs", len(inputs), "connection.input")
        try:
            shape = entry.shape(clean, [shape for _, shape in inputs if shape is not None])[0]
        except Broken as broken:
            raise Unmappable(broken.rule, broken.received, broken.param, hint=broken.hint) from None
        said = plain(without_defaults(entry, clean))
        self.layers.append(Layer(name=name, type=type, params=said, inputs=tuple(ref for ref, _ in inputs)))
        self.values[node.id] = (name, shape)
        self.report.maps(name, node.type, type)
        self._leftovers(node, name)

    def _leftovers(self, node: Node, name: str) -> None:
        """What no function of the table asked for."""
        for key, value in node.params.items():
            if key in node.taken or key in HARMLESS or value in (None, "", "None"):
                continue
            lost = "its numbers were not kept" if key.endswith(_NO_VALUES) else "not understood"
            self.report.drops(name, f"{key[:60]} = {str(plain(value))[:80]}", lost)
        if "hard_sigmoid" in (node.params.get("recurrent_activation"),) or node.type == "HardSigmoid":
            self.report.note("hard_sigmoid was clip(0.2 x + 0.5) then, and is clip(x / 6 + 0.5) now: numbers differ")

    def spec(self) -> Spec:
        """Outputs are what nothing reads; inputs that nothing reads go."""
        used = {ref for layer in self.layers for ref in layer.inputs}
        for layer in self.layers:
            if layer.type == "Input" and layer.name not in used:
                self.report.drops(layer.name, "Input", "nothing of the net reads it")
        layers = tuple(layer for layer in self.layers if layer.type != "Input" or layer.name in used)
        outputs = tuple(layer.name for layer in layers if layer.name not in used)
        return Spec(name=spec_name(self.net.name), layers=layers, outputs=outputs)


def _sizes_of(shape: Shape) -> list[int | None]:
    return [size if isinstance(size, int) else None for size in shape]


def _merge(wrapper: Node) -> dict[str, Any]:
    """How a Bidirectional joins both directions."""
    if wrapper.type != "Bidirectional":
        return {}
    return {"merge_mode": wrapper.word("merge_mode", "concat")}
