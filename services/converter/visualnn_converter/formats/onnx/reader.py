"""An ONNX graph to a spec and its weights: constants are folded, the catalogue's maps read the operators."""

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.catalogue.free import known
from visualnn_shared.catalogue.mapping import Index, Read, build_index, read_node
from visualnn_shared.catalogue.maps import Bag, Context, Label, Map, Unmappable
from visualnn_shared.catalogue.registry import CATALOGUE
from visualnn_shared.catalogue.steps import read_blob
from visualnn_shared.errors import ConversionImpossible
from visualnn_shared.spec.model import Layer, Spec
from visualnn_shared.spec.problem import Problem, problem

from visualnn_converter.formats.onnx import faults, folding, recurrent
from visualnn_converter.formats.onnx.attention import Scores, merge_outputs, refuse_elsewhere
from visualnn_converter.formats.onnx.checking import check
from visualnn_converter.formats.onnx.fusing import fuse
from visualnn_converter.formats.onnx.joined import Joined, file_sizes, refuse_joined, through
from visualnn_converter.formats.onnx.normalising import attributes, put_axis
from visualnn_converter.formats.onnx.operators import OPERATORS
from visualnn_converter.formats.onnx.reading import ELEMENTWISE, Reading
from visualnn_converter.formats.onnx.source import Entrance, Source, parse
from visualnn_converter.graphreading import REPORTED, Array, Node, Value, result
from visualnn_converter.lacking import shape_unknown
from visualnn_converter.layout import channels_first, identity
from visualnn_converter.passes import (
    cancel_reshapes,
    canonical_types,
    depthwise_of_one,
    drop_unread,
    merge_global_flatten,
    padding_of_nothing,
)
from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights
from visualnn_converter.specnames import spec_name

MOVING = frozenset({
    "Identity", "Cast", "Gather", "Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Concat", "Slice", "Split",
    "Tile", "Expand", "Dropout", "DepthToSpace", "SpaceToDepth", "ReverseSequence",
})  # fmt: skip
"""Operators that compute nothing, so that whole numbers may go through them."""
WITH_WEIGHTS = frozenset({"Conv", "ConvTranspose", "BatchNormalization"})
"""Operators whose inputs behind the first are weights."""
SPATIAL = frozenset({
    "Conv", "ConvTranspose", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "LRN", "DepthToSpace",
    "SpaceToDepth", "InstanceNormalization", "GroupNormalization",
})  # fmt: skip
"""Operators that take channels first: a graph input that reaches one as it is, is a picture with channels first."""
_PASSING = ELEMENTWISE | {"BatchNormalization", "Add", "Sub", "Mul", "Div", "Pad", "Resize", "Upsample", "PRelu"}

_BATCH_FIRST = {"BatchNormalization", "Pad", "Resize"}
_CONSTANT = {*folding.FOLDS, "Shape", "Upsample"}


def read_model(data: bytes, report: Report, input_shape: Any = None) -> tuple[Spec, Weights]:
    """Spec and weights. Raises ``ConversionImpossible`` with every obstacle, ``Unmappable`` where it is no net."""
    source = parse(data)
    reader = _Reader(source, report)
    reader.problems += [broken.problem(None) for broken in source.problems]
    if not reader.problems:
        fuse(source)
        reader.inputs(input_shape)
        for node in source.nodes:
            reader.node(node)
    if reader.problems:
        raise ConversionImpossible(reader.problems, report.source, report.target)
    return _finished(reader, report)


def _finished(reader: "_Reader", report: Report) -> tuple[Spec, Weights]:
    spec = reader.spec()
    weights: Any = reader.weights
    if reader.problems:
        raise ConversionImpossible(reader.problems, report.source, report.target)
    for each in (
        canonical_types,
        padding_of_nothing,
        depthwise_of_one,
        drop_unread,
        cancel_reshapes,
        merge_global_flatten,
    ):
        spec, weights = each.run(spec, weights, report)
    spec, weights = merge_outputs(spec, weights, report)
    resolved = resolve(spec)
    problems = list(resolved.problems) or _misshapen(resolved, weights)
    if problems:
        raise ConversionImpossible(problems, report.source, report.target)
    return spec, weights


def _misshapen(resolved: Any, weights: Weights) -> list[Problem]:
    """Weights that have another shape than the layer."""
    problems = []
    for layer in resolved.layers:
        for variable in layer.weights:
            tensor = weights.get(f"{layer.weights_of or layer.name}/{variable.name}")
            found = None if tensor is None else list(tensor.shape)
            if found != list(variable.shape):
                rule = f"{variable.name} must have the shape {[known(n) for n in variable.shape]}"
                problems.append(problem(rule, found, layer=layer.name))
    return problems


def _table() -> Index:
    """The maps by operator; layers of their own before functions of ``Activation``, which have no parameters."""
    every = [(entry, found) for entry in CATALOGUE.values() for found in entry.maps.get("onnx", ())]
    pairs = [(entry, found) for entry, found in every if not found.around]
    return build_index(sorted(pairs, key=lambda pair: pair[0].type == "Activation"))


def claimed() -> frozenset[str]:
    """Operators that are read where they work on tensors, each within the limits that its obstacles say."""
    return frozenset({*OPERATORS, *_table(), "Upsample"} - {"LogSigmoid"})


class _Reader(Reading):
    """Walks the nodes in order."""

    def __init__(self, source: Source, report: Report) -> None:
        super().__init__(source, report)
        self.table = _table()
        self.channels_first = False
        self.batches: set[int | None] = set()

    def inputs(self, input_shape: Any) -> None:
        """Input layers; pictures with channels first get them last."""
        for one in self.source.inputs:
            name = self.name(one.name)
            self.values[one.name] = None
            try:
                self.values[one.name] = self._input(one, name, input_shape)
            except REPORTED:
                continue
            except Unmappable as broken:
                self.problems.append(broken.problem(name))
        self.batch = next(iter(self.batches)) if len(self.batches) == 1 else None

    def _input(self, one: Entrance, name: str, input_shape: Any) -> Value:
        given = input_shape.get(one.name) if isinstance(input_shape, dict) else input_shape
        if one.dims is None and given is None:
            raise shape_unknown(hint="give input_shape, such as [28, 28, 1]")
        dims = [None, *(given or [])] if one.dims is None or (given and None in one.dims[1:]) else one.dims
        if not dims:
            raise Unmappable("an input must have a batch axis", dims)
        place = self._batch_place(one) if dims is one.dims and len(dims) == 3 else 0
        if dims[place] not in (None, 1):
            self.report.note(f"the batch of {dims[place]} that the file has became a free one")
        self.batches.add(dims[place])
        label, sizes = identity(len(dims)), dims[1:]
        if place:
            label, sizes = (1, 0, 2), [dims[0], dims[2]]
            self.report.rewrote(name, f"the batch before the {dims[0]} cells", "a spec has the batch first")
        elif dims is one.dims and 3 <= len(dims) <= 5 and self._is_picture(one.name):
            label, sizes = channels_first(len(dims)), [*dims[2:], dims[1]]
            self.channels_first = True
            self.report.rewrote(name, f"{dims[1:]} as {sizes}", "channels come last in a spec, first in this file")
        params = {"shape": sizes, **({} if one.dtype == "float32" else {"dtype": one.dtype})}
        shape = self.place(name, "input", "Input", params, [])[0]
        return Value(name, shape, label, one.dtype)

    def _batch_place(self, one: Entrance) -> int:
        """1 where the file calls that axis so, or a recurrent operator reads the input with time first; else 0."""
        if one.batch == 1 and one.dims is not None and one.dims[0] is not None and one.dims[1] is None:
            return 1
        name = one.name
        users = self.source.users.get(name, [])
        first = any(
            user.op in recurrent.LAYERS
            and not user.attributes.get("layout")
            and name in (user.inputs[0], *user.inputs[5:7])
            for user in users
        )
        return int(first)

    def _is_picture(self, name: str) -> bool:
        """Whether the input reaches an operator that takes channels first, through others that keep the axes."""
        waiting, seen = [name], {name}
        while waiting:
            for user in self.source.users.get(waiting.pop(), []):
                if user.op in SPATIAL and user.inputs[0] in seen:
                    return True
                if user.op in _PASSING and user.outputs[0] not in seen:
                    seen.add(user.outputs[0])
                    waiting.append(user.outputs[0])
        return False

    def node(self, node: Node) -> None:
        """Read one node; a node that cannot be read leaves values behind that nothing is said of."""
        if node.outputs and node.outputs[0] in self.done:
            return
        try:
            read = node.op in OPERATORS or node.op in self.table or node.op in _CONSTANT
            if node.domain or not read:
                received = f"{node.domain}.{node.op}" if node.domain else node.op
                raise Unmappable("the operator must be one that VisualNN reads", received)
            if node.outputs[:1] != () and node.outputs[0] not in self.source.fused:
                check(node, self.source.opset)
            if self._folded(node):
                return
            self.values.update(dict.fromkeys(node.outputs))
            self._read(node)
        except REPORTED:
            pass
        except Unmappable as broken:
            self.values.update(dict.fromkeys(node.outputs))
            self.problems.append(broken.problem(spec_name(node.name)))
        except Exception as error:  # noqa: BLE001 - no file may end in a crash; the tests let none pass
            self.values.update(dict.fromkeys(node.outputs))
            self.problems.append(faults.answer(node.op, error).problem(spec_name(node.name)))

    def _read(self, node: Node) -> None:
        if node.op == "Resize" and self.source.opset < 11:
            node = replace(node, op="Upsample")
        inputs = [self.values[name] for name in node.inputs if name and name in self.values]
        if None in inputs:
            return
        if not inputs:
            raise Unmappable(f"{node.op} must read a tensor that the net computes", list(node.inputs)[:4])
        if node.op not in OPERATORS and node.op not in self.table and node.op != "Upsample":
            raise Unmappable(f"{node.op} must work on constants or on shapes that are known", list(node.inputs)[:4])
        whole = [one.dtype for one in inputs if one is not None and ("int" in one.dtype or one.dtype == "bool")]
        if whole and node.op not in MOVING:
            raise Unmappable(f"{node.op} must compute with floating-point numbers", whole[0])
        refuse_elsewhere(node, inputs)
        refuse_joined(node, inputs)
        name, special = self.name(node.name), OPERATORS.get(node.op)
        read = partial(self.mapped, node, name) if special is None else partial(special, self, node, name)
        made = through(self, node, read)
        self.values.update(zip(node.outputs, made, strict=False))
        extra = [one for one in node.outputs[len(made) :] if one in self.source.users or one in self.source.outputs]
        if extra:
            raise Unmappable(f"{node.op} must have one output that is used", extra)

    def _folded(self, node: Node) -> bool:
        """Whether the node's value is a constant, which it is where all its inputs are, or where it is a shape."""
        first = self.values.get(node.inputs[0]) if node.inputs else None
        if node.op == "Shape" and first is not None:
            sizes = file_sizes(first)
            if None in sizes:
                return False
            end = node.attributes.get("end", len(sizes))
            found: Array | None = np.array(sizes[node.attributes.get("start", 0) : end], np.int64)
        elif node.op == "Shape" and node.inputs[0] in self.constants:
            found = np.array(
                self.constants[node.inputs[0]].shape[node.attributes.get("start", 0) : node.attributes.get("end")]
            )
        elif all(name in self.constants for name in node.inputs if name):
            if node.op == "Split":
                return self._parted(node)
            found = folding.fold(node, [self.constants[name] for name in node.inputs if name])
        else:
            return False
        if found is not None:
            self.constants[node.outputs[0]] = found
        return found is not None

    def _parted(self, node: Node) -> bool:
        """Whether a constant is cut into pieces, which are constants."""
        pieces = folding.split(node, [self.constants[name] for name in node.inputs if name])
        self.constants.update(zip(node.outputs, pieces or (), strict=False))
        return pieces is not None

    def mapped(self, node: Node, name: str) -> list[Value]:
        """A node by the catalogue's maps."""
        op = "Resize" if node.op == "Upsample" else node.op
        constant_behind = node.op in WITH_WEIGHTS or node.op in ("Clip", "Pad", "Resize", "Upsample")
        names = node.inputs[:1] if constant_behind else node.inputs
        inputs = self._laid([self.value(one) for one in names], op, name)
        bag = attributes(node, self.constants, inputs[0].sizes, inputs[0].label)
        blobs = list(node.inputs[1:]) if node.op in WITH_WEIGHTS else []
        if node.op in ("Conv", "ConvTranspose") and blobs and "kernel_shape" not in bag:
            bag.put("kernel_shape", list(self.constant(blobs[0], "the kernel").shape[2:]))
        if op in ("Softmax", "LogSoftmax"):
            put_axis(bag, inputs[0].sizes, inputs[0].label, old=self.source.opset < 13)
        context = Context(
            input_shapes=[tuple(known(n) for n in value.shape) for value in inputs],
            labels=[value.label for value in inputs],
        )
        tensors = self._tensors(op, bag, context, blobs)
        context.tensors = {key: array.shape for key, array in tensors.items()}
        found = read_node(self.table, op, bag, context, name)
        if not isinstance(found, Read):
            self.problems += found
            raise REPORTED
        self.problems += found.problems
        if found.params.get("axis") == 0:
            raise Unmappable("axis must not be the batch's", bag.peek("axis"))
        left = [key for key, _ in bag.left()]
        if left and not found.problems:
            raise Unmappable(f"{left[0]} must be left out: VisualNN has no word for it", bag.peek(left[0]))
        if found.problems:
            raise REPORTED
        shape = self.place(name, node.op, found.entry.type, found.params, inputs, tensors, tuple(blobs))[0]
        return [result(name, shape, inputs[0], flat=node.op in ELEMENTWISE)]

    def _laid(self, inputs: list[Value], op: str, name: str) -> list[Value]:
        """Inputs with the axes that the operator needs: channels first, or all alike."""
        first = inputs[0]
        if op in SPATIAL:
            if not 3 <= first.rank <= 5:
                raise Unmappable(f"{op} must have an input of 3 to 5 axes", first.rank)
            return [self.laid(first, channels_first(first.rank), name)]
        if first.label[0] != 0 and op in _BATCH_FIRST:
            raise Unmappable("the batch must be the first axis here", list(first.label))
        if len({value.rank for value in inputs}) > 1:
            raise Unmappable(f"the inputs of {op} must have the same number of axes", [v.rank for v in inputs])
        return [self.laid(value, first.label, name) for value in inputs]

    def _tensors(self, op: str, bag: Bag, context: Context, blobs: list[str]) -> dict[str, Array]:
        """The weights in spec layout, by the map that reads the node."""
        chosen = self._chosen(op, bag, context)
        if chosen is None or not blobs:
            return {}
        found = {}
        for blob, (weight, steps) in zip(blobs, chosen.weight_steps(), strict=False):
            if not blob:
                continue
            array = self.weight(blob, weight)
            multiplier = array.shape[0] // max(bag.peek("group", 1), 1) if array.ndim else 1
            try:
                found[weight] = read_blob(array, steps, {"depth_multiplier": max(multiplier, 1)})
            except (ValueError, IndexError):
                raise Unmappable(f"{weight} must have a shape that {op} takes", list(array.shape)) from None
        return found

    def _chosen(self, op: str, bag: Bag, context: Context) -> Map | None:
        for _, found in self.table.get(op, ()):
            if all(lens.match(bag) for lens in found.lenses) and (found.when is None or found.when(bag, context)):
                return found
        return None

    def spec(self) -> Spec:
        """The spec; inputs that nothing reads go, outputs lie as in the file unless its pictures do not."""
        outputs: list[str] = []
        for name in self.source.outputs:
            try:
                value = self._output(self.value(name), name)
            except REPORTED:
                continue
            except Unmappable as broken:
                self.problems.append(broken.problem(None))
                continue
            if value.ref in outputs:
                self.report.note(f"the output {name!r} is another one's value, and is left out")
            else:
                outputs.append(value.ref)
        used = {ref for layer in self.layers.values() for ref in layer.inputs} | set(outputs)
        layers: list[Layer] = []
        for name, layer in self.layers.items():
            if layer.type == "Input" and name not in used:
                self.report.drops(name, "Input", "nothing of the net reads it")
            else:
                layers.append(layer)
        return Spec(name=spec_name(self.source.name), layers=tuple(layers), outputs=tuple(outputs))

    def _output(self, value: Value, name: str) -> Value:
        if isinstance(value, Scores):
            raise Unmappable("attention must be read to its end: its shares are no output", name)
        if isinstance(value, Joined):
            raise Unmappable("an output must have the batch as an axis of its own", name)
        place = value.label.index(0)
        plain: Label = (*range(1, place + 1), 0, *range(place + 1, value.rank))
        if place:
            self.report.note(f"the output {name!r} has the batch first; in the file it is axis {place}")
        if value.label == plain:
            return value
        if self.channels_first and value.label == channels_first(value.rank):
            self.report.note(f"the output {name!r} has its channels last, as its inputs; in the file they come first")
            return value
        return self.laid(value, plain, name)
