"""A Caffe net to a spec: channels move to the end, blobs become references, heads become layers."""

from math import prod
from typing import Any, NamedTuple

from visualnn_shared.catalogue.entry import Broken
from visualnn_shared.catalogue.free import Shape
from visualnn_shared.catalogue.mapping import Index, Read, read_node, without_defaults
from visualnn_shared.catalogue.maps import Bag, Context, Unmappable, plain
from visualnn_shared.errors import ConversionImpossible
from visualnn_shared.spec.model import Layer, Spec
from visualnn_shared.spec.problem import Problem, problem
from visualnn_shared.spec.refs import Ref

from visualnn_converter.formats.caffe import fields, sequences
from visualnn_converter.formats.caffe.caffemodel import parse
from visualnn_converter.formats.caffe.forks import own_nodes
from visualnn_converter.formats.caffe.schema import ELEMENTWISE, HEADS, LOSSES, MEASURES, SOURCES, TRAINING_FIELDS
from visualnn_converter.formats.caffe.source import Node, Source, normalise
from visualnn_converter.formats.caffe.state import NetState
from visualnn_converter.formats.caffe.values import Value, carrier_of, file_label, flat_of, sample_shape, variables_of
from visualnn_converter.formats.caffe.weights import Carrier, gather
from visualnn_converter.lacking import SHAPE_HINT, lacks_shape
from visualnn_converter.layout import flat_order, identity, matters
from visualnn_converter.passes import canonical_types, merge_batchnorm_scale, padding_of_nothing
from visualnn_converter.report import Report
from visualnn_converter.rewriting import Names, Weights, resolved_once
from visualnn_converter.specnames import spec_name


def read_model(
    root: Bag,
    report: Report,
    input_shape: Any = None,
    weights_file: bytes | None = None,
    state: NetState | None = None,
) -> tuple[Spec, Weights | None]:
    """The spec, and the tensors of a binary file of weights where one came along.

    Raises ``ConversionImpossible`` with every obstacle, ``Unmappable`` where the text is no net.
    """
    source = normalise(root, report, state)
    reader = _Reader(source, report, input_shape, with_weights=weights_file is not None)
    reader.problems += [*fields.unknown(root), *(broken.problem(None) for broken in source.problems)]
    for node in source.nodes:
        reader.node(node)
    weights = None if weights_file is None else reader.weights(weights_file)
    if reader.problems:
        raise ConversionImpossible(reader.problems, report.source, report.target)
    spec = reader.spec()
    for rewrite in (merge_batchnorm_scale, canonical_types, padding_of_nothing):
        spec, weights = rewrite.run(spec, weights, report)
    problems = resolved_once(spec).problems
    if problems:
        raise ConversionImpossible(problems, report.source, report.target)
    return spec, weights


class _Worked(NamedTuple):
    """What a layer's type, parameters and inputs say of it: deep nets repeat their blocks."""

    found: Read
    params: dict[str, Any]
    """As the spec has them."""
    shapes: list[Shape]
    variables: dict[str, tuple[int, ...]]


class _Reader:
    def __init__(self, source: Source, report: Report, input_shape: Any, *, with_weights: bool = False) -> None:
        self.source, self.report, self.input_shape = source, report, input_shape
        self.with_weights = with_weights
        self.layers: dict[str, Layer] = {}
        self.problems: list[Problem] = []
        self.values: dict[int, Value] = {-1: Value("", None, None)}
        self._names = Names()
        self._table: Index = sequences.table()
        self._owners: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._silenced: set[str] = set()
        self._carriers: dict[str, Carrier] = {}
        self._between = -1
        self._alike: dict[tuple[Any, ...], _Worked] = {}

    def node(self, node: Node) -> None:
        """One layer of the file."""
        if node.op == "Input":
            self._inputs(node)
        elif node.op in SOURCES or (node.op == "Python" and not node.inputs):
            self._samples(node)
        elif node.op == "Silence":
            self._silence(node)
        elif node.op in MEASURES:
            self._ends(node, node.op, "it measures or ends training; it is no part of the net")
        elif node.op in LOSSES:
            self._ends(node, node.op, f"a loss is no part of the net; train with {LOSSES[node.op]}")
        elif node.op in HEADS:
            self._head(node)
        else:
            broken = sequences.obstacle(node)
            if broken is not None:
                self.problems.append(broken.problem(self._name(node.name)))
                self._unknown(node)
                return
            inputs = [self.values[number] for number in node.inputs]
            for own in own_nodes(node, inputs, self._fresh, self.report):
                self._layer(own)
        for name, line in node.whole.left(deep=False):
            if name not in TRAINING_FIELDS:
                self.report.drops(node.name, f"field {name}" + (f", line {line}" if line else ""), "not understood")

    def _fresh(self) -> int:
        """A number for a value that the file does not have."""
        self._between -= 1
        return self._between

    def _silence(self, node: Node) -> None:
        """What it swallows is no output of the net; it is no layer itself."""
        for key in list(node.whole):
            node.whole.one(key)
        self._silenced.update(self.values[number].ref for number in node.inputs)

    def _ends(self, node: Node, what: str, why: str) -> None:
        self.report.drops(node.name, what, why)
        for key in list(node.whole):
            node.whole.one(key)
        for number in node.outputs:
            self.values[number] = Value("", None, None, is_label=True)

    def _head(self, node: Node) -> None:
        """A loss on logits: the net keeps its activation."""
        op, loss = HEADS[node.op]
        given = node.whole.peek("softmax_param")
        for key in list(node.whole):
            node.whole.one(key)
        self.report.rewrote(node.name, f"{node.op} as {op}", f"train with {loss}")
        kept = Node(
            node.name,
            op,
            given if isinstance(given, Bag) else Bag(),
            Bag(),
            node.line,
            node.inputs[:1],
            node.outputs[:1],
        )
        self._layer(kept)

    def _inputs(self, node: Node) -> None:
        shapes = node.bag.many("shape")
        for position, number in enumerate(node.outputs):
            shape = shapes[min(position, len(shapes) - 1)] if shapes else None
            dims = shape.many("dim") if isinstance(shape, Bag) else []
            name = node.name if len(node.outputs) == 1 else node.tops[position]
            if sequences.only_marks(self.source, number):
                self._marks(name, node, number)
                continue
            first = sequences.has_steps_first(self.source, number)
            given = sequences.sample_dims(dims, steps_first=first) if dims else None
            self.values[number] = self._input(name, given, node, steps_first=first)

    def _samples(self, node: Node) -> None:
        """A layer that reads a data base: the first top is the input, the others labels."""
        dims = sample_shape(node)
        if "transform_param" in node.whole:
            what = f"transform_param {plain(node.whole.peek('transform_param'))}"[:200]
            self.report.drops(node.name, what, "scale, mean and crop are preprocessing of the data set")
        for key in list(node.whole):
            node.whole.one(key)
        self.report.drops(node.name, node.op, "samples come from data sets; it became an Input")
        for position, number in enumerate(node.outputs):
            if sequences.only_marks(self.source, number):
                self._marks(node.tops[position], node, number)
            elif position and not sequences.is_read_as_data(self.source, number):
                self.values[number] = Value("", None, None, is_label=True)
            else:
                first = sequences.has_steps_first(self.source, number)
                own = dims if position == 0 else None
                self.values[number] = self._input(node.tops[position], own, node, steps_first=first)

    def _marks(self, name: str, node: Node, number: int) -> None:
        """What says where sequences begin: of a spec, a sample is one sequence."""
        self.report.drops(name, node.op, "it marks where sequences begin; here every sample is one whole sequence")
        self.values[number] = Value("", None, None)

    def _input(self, wanted: str, dims: list[Any] | None, node: Node, *, steps_first: bool = False) -> Value:
        """An Input layer; ``dims`` without the batch, channels first where there are three."""
        name = self._name(wanted)
        given = self.input_shape.get(wanted) if isinstance(self.input_shape, dict) else self.input_shape
        if given is None and dims is not None and all(type(dim) is int and dim > 0 for dim in dims):
            given = [*dims[1:], dims[0]] if len(dims) == 3 else dims
        if given is None:
            hint = f'give input_shape, such as {{"{wanted}": [20]}}: the number of steps' if steps_first else SHAPE_HINT
            self.problems.append(lacks_shape(dims, name, node.line, hint))
            return Value(name, None, None)
        self.layers[name] = Layer(name=name, type="Input", params={"shape": list(given)})
        self.report.maps(name, node.op, "Input")
        if steps_first:
            self.report.rewrote(name, "the batch before the steps", "a spec has the batch first; in the file steps are")
        if len(given) == 3:
            self.report.note(
                "inputs of pictures are height, width, channels: Caffe's channels, height, width reordered"
            )
        return Value(name, tuple(given), file_label(len(given) + 1))

    def _name(self, wanted: str) -> str:
        name = self._names.fresh(spec_name(wanted))
        if name != wanted:
            self.report.renamed[wanted] = name
        return name

    def _layer(self, node: Node) -> None:
        """A layer that computes."""
        inputs = [self.values[number] for number in node.inputs]
        name = self._name(node.name)
        if any(value.is_label for value in inputs):
            rule = "a layer must not read the samples' labels: they are no part of the net"
            self.problems.append(problem(rule, node.op, layer=name, line=node.line))
            inputs = [Value("", None, None) for _ in inputs]
        inputs = self._prepared(node, name, inputs)
        key = (node.op, node.bag.text(), len(node.outputs), *((value.shape, value.label) for value in inputs))
        worked = self._alike.get(key)
        if worked is None:
            worked = self._worked(node, name, inputs, key)
        if worked is None:
            self._unknown(node)
        else:
            self._place(node, name, worked, inputs)

    def _worked(self, node: Node, name: str, inputs: list[Value], key: tuple[Any, ...]) -> _Worked | None:
        """The layer by its map; None where it has a problem. Kept for others like it if nothing is to be told."""
        context = Context(
            input_shapes=[value.shape for value in inputs],
            labels=[value.label for value in inputs if value.label is not None],
            output_shapes=[None] * len(node.outputs),
        )
        found = read_node(self._table, node.op, node.bag, context, name, node.line)
        if not isinstance(found, Read):
            self.problems += found
            return None
        self.problems += found.problems
        told = self._leftovers(node, name)
        shapes = None if found.problems else self._shapes(node, name, found, inputs)
        if shapes is None:
            if found.entry.has_weights:
                self._owner(node, name)
            return None
        params = plain(without_defaults(found.entry, found.params))
        worked = _Worked(found, params, shapes, variables_of(found, inputs))
        if not told:
            self._alike[key] = worked
        return worked

    def _place(self, node: Node, name: str, worked: _Worked, inputs: list[Value]) -> None:
        found, shapes = worked.found, worked.shapes
        owner = self._owner(node, name) if found.entry.has_weights else None
        refs = tuple([value.ref for value in inputs])
        params = dict(worked.params)
        self.layers[name] = Layer(name=name, type=found.entry.type, params=params, inputs=refs, weights_of=owner)
        self.report.maps(name, node.op, found.entry.type)
        self._counts[name] = len(shapes)
        if self.with_weights and found.entry.has_weights:
            self._carriers[name] = carrier_of(node, name, found, worked.variables, inputs, owner)
        flat = flat_of(node, inputs)
        for position, (number, shape) in enumerate(zip(node.outputs, shapes, strict=False)):
            self.values[number] = Value(str(Ref(name, position)), shape, file_label(len(shape) + 1), flat=flat)
        for number in node.outputs[len(shapes) :]:
            self.values[number] = Value(name, None, None)
            tops = "one top" if len(shapes) == 1 else f"{len(shapes)} tops"
            self.problems.append(problem(f"the layer must have {tops}", node.tops, layer=name, line=node.line))

    def _unknown(self, node: Node) -> None:
        for number in node.outputs:
            self.values[number] = Value("", None, None)

    def _shapes(self, node: Node, name: str, found: Read, inputs: list[Value]) -> list[Shape] | None:
        """Output shapes; None where an input's is unknown or a rule is broken."""
        ports = found.entry.ports
        if not ports.least <= len(inputs) <= (ports.most or len(inputs)):
            wanted = ports.least if ports.least == ports.most else f"at least {ports.least}"
            rule = f"{node.op} must have {wanted} bottoms here"
            self.problems.append(problem(rule, len(inputs), layer=name, line=node.line))
            return None
        if any(value.shape is None for value in inputs):
            return None
        try:
            return list(found.entry.shape(found.params, [value.shape for value in inputs if value.shape is not None]))
        except Broken as broken:
            found_wrong = Unmappable(broken.rule, broken.received, broken.param, node.line, broken.hint)
            self.problems.append(found_wrong.problem(name))
            return None

    def _prepared(self, node: Node, name: str, inputs: list[Value]) -> list[Value]:
        """Inputs as the spec's layer needs them: flattened for a Dense, in the file's order where order is seen."""
        first = inputs[0] if inputs else None
        if first is None or first.shape is None:
            return inputs
        rank = len(first.shape) + 1
        if node.op == "InnerProduct" and rank > 2 and node.bag.peek("axis", 1) == 1:
            node.bag.one("axis")
            return [self._flattened(f"{name}/flatten", first, node), *inputs[1:]]
        order = node.op in ("Flatten", "Reshape") and matters(first.label or identity(rank), first.shape)
        if order and not (node.op == "Flatten" and self._dense_only(node)):
            return [self._in_file_order(name, first, node), *inputs[1:]]
        return inputs

    def _flattened(self, wanted: str, value: Value, node: Node) -> Value:
        """The Flatten that InnerProduct does by itself."""
        name = self._name(wanted)
        self.layers[name] = Layer(name=name, type="Flatten", inputs=(value.ref,))
        self.report.rewrote(node.name, "implicit flatten as a layer", "InnerProduct flattens; Dense does not")
        flat = flat_order(value.label or (), value.shape or ())
        return Value(name, (prod(value.shape or ()),), identity(2), flat=flat)

    def _in_file_order(self, name: str, value: Value, node: Node) -> Value:
        """The tensor with its axes as Caffe has them, because their order is seen here."""
        label, shape = value.label or (), value.shape or ()
        moved = self._name(f"{name}/permute")
        dims = list(label[1:])
        self.layers[moved] = Layer(name=moved, type="Permute", params={"dims": dims}, inputs=(value.ref,))
        self.report.rewrote(
            node.name, "Permute before it", "it sees the order of values, which Caffe has channels first"
        )
        return Value(moved, tuple(shape[dim - 1] for dim in dims), identity(len(label)))

    def _dense_only(self, node: Node) -> bool:
        """Whether the flattened values reach InnerProduct layers only, directly or through element-wise ones."""
        waiting, seen = list(node.outputs), set[int]()
        while waiting:
            number = waiting.pop()
            users = self.source.users.get(number, [])
            if number in seen or not users:
                return False
            seen.add(number)
            for user in users:
                if user.op in ELEMENTWISE:
                    waiting += user.outputs
                elif user.op != "InnerProduct":
                    return False
        return True

    def _owner(self, node: Node, name: str) -> str | None:
        """The layer whose weights this one shares by ``param { name }``."""
        owners = {self._owners.get(shared) for shared in node.shares}
        if not node.shares or owners == {None}:
            self._owners.update(dict.fromkeys(node.shares, name))
            return None
        if len(owners) > 1 or None in owners:
            rule = "a layer must share all its weights with one other layer, or none"
            self.problems.append(problem(rule, node.shares, layer=name, line=node.whole.line("param")))
        return next(iter(owners - {None}))

    def _leftovers(self, node: Node, name: str) -> bool:
        """Tell what was not understood; whether there was any."""
        left = node.bag.left()
        for key, line in left:
            self.report.drops(name, f"{key} = {str(plain(node.bag.within(key)))[:80]}, line {line}", "not understood")
        return bool(left)

    def weights(self, data: bytes) -> Weights:
        """The tensors of a file of weights; what does not fit is a problem."""
        try:
            found, problems = gather(self._carriers, parse(data), self.report)
        except Unmappable as damaged:
            found, problems = {}, [damaged.problem(None)]
        self.problems += problems
        return found

    def spec(self) -> Spec:
        """Outputs are what nothing reads; inputs that nothing reads go."""
        used = {ref for layer in self.layers.values() for ref in layer.inputs}
        for name, layer in list(self.layers.items()):
            if layer.type == "Input" and name not in used:
                self.report.drops(name, "Input", "nothing of the net reads it")
                del self.layers[name]
        made = [str(Ref(name, i)) for name in self.layers for i in range(self._counts.get(name, 1))]
        outputs = tuple(ref for ref in made if ref not in used and ref not in self._silenced)
        return Spec(name=spec_name(self.source.name), layers=tuple(self.layers.values()), outputs=outputs)
