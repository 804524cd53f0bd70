"""Spec and weights to a module: labels keep the permutations few, and every obstacle is reported at once."""

from collections.abc import Sequence
from dataclasses import replace

from visualnn_shared.analysis.walk import Resolved, ResolvedLayer, resolve
from visualnn_shared.catalogue.free import FREE
from visualnn_shared.catalogue.mapping import Written, write_node
from visualnn_shared.catalogue.maps import Context, Label, Map, Unmappable
from visualnn_shared.errors import ConversionImpossible, SpecInvalid
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.problem import Problem
from visualnn_shared.spec.refs import Ref

from visualnn_converter.formats.pytorch.around import AROUND
from visualnn_converter.formats.pytorch.emission import MOVES, Emission, State, Value
from visualnn_converter.formats.pytorch.names import RESERVED, Identifiers, class_name, words
from visualnn_converter.formats.pytorch.page import Page, helper_names
from visualnn_converter.layout import channel_second, channels_first, identity, read_by_dense_only
from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights
from visualnn_converter.tensors import weight_problems

LARGEST = 16 * 2**30
_AXES = {2: ("channels", "steps"), 3: ("channels", "height", "width"), 4: ("channels", "depth", "height", "width")}


def write_model(spec: Spec, weights: Weights | None, report: Report) -> tuple[Page, Weights]:
    """The text and the state dict. Raises ``ConversionImpossible`` with every obstacle."""
    resolved = resolve(spec)
    if resolved.problems:
        raise SpecInvalid(resolved.problems, spec.name)
    problems = weight_problems(resolved, weights, "PyTorch", LARGEST) if weights else []
    writer = _Writer(resolved, {} if problems else weights or {}, report)
    for layer in resolved.layers:
        writer.layer(layer)
    problems += writer.problems
    if problems:
        raise ConversionImpossible(problems, report.source, report.target)
    writer.finish()
    if not weights:
        report.note("no weights were given: PyTorch draws them by its own rules when the module is made")
    report.note("PyTorch starts weights by rules of its own: initialisers, regularisers and constraints are left out")
    return writer.page, writer.state.tensors


class _Writer:
    """Walks the layers in dependency order and keeps the value of every output."""

    def __init__(self, resolved: Resolved, weights: Weights, report: Report) -> None:
        self.resolved, self.report = resolved, report
        self.problems: list[Problem] = []
        name = class_name(resolved.name)
        self.page = Page(f"{name}Net" if name in helper_names() else name, resolved.name, weights=bool(weights))
        names = Identifiers([*RESERVED, *helper_names(), self.page.name])
        attributes = {layer.name: names.fresh(layer.name) for layer in resolved.layers}
        for old, new in attributes.items():
            if old != new:
                report.renamed[old] = new
        self.state = State(self.page, names, attributes, weights)
        self.values: dict[Ref, Value] = {}
        self.flattens = read_by_dense_only(resolved)
        self.first = input_labels(resolved)
        self.passing = _passing(resolved)
        for layer in resolved.inputs:
            self.page.inputs.append(attributes[layer.name])

    def layer(self, layer: ResolvedLayer) -> None:
        """Emit one layer; a layer that cannot be said leaves values behind, so that the others are still tried."""
        if layer.type == "Input":
            shape = layer.output_shapes[0]
            text = self.state.attributes[layer.name]
            self.values[Ref(layer.name)] = Value(text, self.first[layer.name], shape, layer.params["dtype"])
            return
        inputs = [self.values[ref] for ref in layer.inputs]
        try:
            made = self.emit(layer, inputs, self._variables(layer))
        except _Refused as refused:
            self.problems += refused.problems
            made = [Value("x", identity(len(shape) + 1), shape) for shape in layer.output_shapes]
        for index, value in enumerate(made):
            self.values[Ref(layer.name, index)] = value

    def emit(
        self, layer: ResolvedLayer, inputs: list[Value], variables: list[str], prefix: str = "", suffix: str = ""
    ) -> list[Value]:
        """Members and lines of one layer, also of one that another holds. Raises ``_Refused``."""
        written = self._written(layer, inputs)
        label = self._label(layer, written.map, inputs)
        laid = []
        for value in inputs:
            kept = layer.type in ("Embedding", "Identity", "Dropout") or layer.type in MOVES
            typed = value if kept else value.cast("float32")
            laid.append(typed.moved(label if typed.rank == len(label) else identity(typed.rank)))
        if layer.entry.group != "recurrent" and layer.type not in ("Bidirectional", "Dot"):
            laid = [_raised(value, len(label)) for value in laid]
        emission = Emission(self.state, layer, written, laid, variables, self.emit, prefix, suffix)
        try:
            made = AROUND[written.map.around](emission) if written.map.around else emission.plain()
        except Unmappable as error:
            raise _Refused([error.problem(layer.name)]) from None
        if not prefix:
            self._report(layer, written)
        return made

    def _written(self, layer: ResolvedLayer, inputs: list[Value]) -> Written:
        """The map that says the layer, with labels as it will have them."""
        problems: list[Problem] | None = None
        for candidate in layer.entry.maps.get("torch", ()):
            label = self._label(layer, candidate, inputs)
            context = Context(
                input_shapes=[tuple(None if n is FREE else n for n in shape) for shape in layer.input_shapes],
                output_shapes=[tuple(None if n is FREE else n for n in shape) for shape in layer.output_shapes],
                labels=[label] * len(inputs),
            )
            found = write_node("torch", layer.entry, layer.params, context, layer.name, [candidate])
            if isinstance(found, Written):
                return found
            if problems is None or len(found) < len(problems):
                problems = found
        if problems is None:
            nothing = write_node("torch", layer.entry, layer.params, Context(), layer.name, [])
            problems = nothing if isinstance(nothing, list) else []
        raise _Refused(problems)

    def _label(self, layer: ResolvedLayer, chosen: Map, inputs: list[Value]) -> Label:
        """The label in which the operator wants its inputs."""
        first = inputs[0]
        layout = chosen.layout or layer.entry.layout
        if layout == "plain" or len({value.rank for value in inputs}) > 1:
            return identity(max(value.rank for value in inputs))
        if layout == "spatial":
            return channels_first(first.rank)
        if layout == "channel":
            axis = layer.params["axis"]
            return channel_second(first.label, axis[0] if isinstance(axis, tuple) else axis)
        if layout == "flatten":
            fixed = FREE not in first.shape
            return first.label if fixed and layer.name in self.flattens else identity(first.rank)
        return max((value.label for value in inputs), key=[value.label for value in inputs].count)

    def _variables(self, layer: ResolvedLayer) -> list[str]:
        """Names of the outputs: ``x`` for what the next layer alone reads."""
        if layer.name in self.passing:
            return ["x"]
        name, count = self.state.attributes[layer.name], len(layer.output_shapes)
        return [name, *(self.state.names.fresh(f"{name}_{index}") for index in range(1, count))]

    def _report(self, layer: ResolvedLayer, written: Written) -> None:
        if written.map.around == "nothing" and layer.type not in ("Identity", "Split"):
            self.report.drops(layer.name, layer.type, "it acts in training only, or changes nothing")
        else:
            self.report.maps(layer.name, layer.type, written.op)

    def finish(self) -> None:
        """Outputs, and what is to be known of them and of the inputs."""
        returned = []
        for layer in self.resolved.inputs:
            value = self.values[Ref(layer.name)]
            self.page.told.append(f"{value.text}: {value.dtype} {_told(value)}")
        for number, (ref, _) in enumerate(self.resolved.outputs):
            value = self.values[ref]
            if value.label not in (identity(value.rank), channels_first(value.rank)):
                value = value.moved(identity(value.rank))
            returned.append(value.text)
            name = "returns" if len(self.resolved.outputs) == 1 else f"returns [{number}]"
            self.page.told.append(f"{name}: {words(str(ref))} {_told(value)}")
        self.page.forward.append(f"return {', '.join(returned)}")


class _Refused(Exception):  # noqa: N818 - a signal inside the writer
    """Why a layer cannot be said."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("refused")
        self.problems = list(problems)


def _raised(value: Value, rank: int) -> Value:
    """A merge of different ranks: axes of one behind the batch, as Keras broadcasts."""
    if value.rank >= rank:
        return value
    more = rank - value.rank
    text = value.text + ".unsqueeze(1)" * more
    return replace(value, text=text, label=identity(rank), shape=(*[1] * more, *value.shape))


def _told(value: Value) -> str:
    """The sizes, and what they are where channels come first."""
    if value.rank > 2 and value.label == channels_first(value.rank) and value.rank - 1 in _AXES:
        return f"{value.sizes}: batch, {', '.join(_AXES[value.rank - 1])}"
    return value.sizes


def input_labels(resolved: Resolved) -> dict[str, Label]:
    """How each input lies: channels first where a layer over space reads it, or where it looks like a picture."""
    users: dict[str, list[ResolvedLayer]] = {}
    for layer in resolved.layers:
        for ref in layer.inputs:
            users.setdefault(ref.layer, []).append(layer)
    labels = {}
    for layer in resolved.inputs:
        shape = layer.output_shapes[0]
        picture = len(shape) == 3 and shape[-1] in (1, 3, 4)
        spatial = picture or _reaches_space(layer.name, users)
        labels[layer.name] = channels_first(len(shape) + 1) if spatial and len(shape) > 1 else identity(len(shape) + 1)
    return labels


def _reaches_space(name: str, users: dict[str, list[ResolvedLayer]]) -> bool:
    seen, rest = {name}, [name]
    while rest:
        for user in users.get(rest.pop(), ()):
            if user.entry.layout == "spatial":
                return True
            if user.entry.layout == "any" and user.name not in seen:
                seen.add(user.name)
                rest.append(user.name)
    return False


def output_labels(spec: Spec) -> tuple[dict[str, Label], list[Label]]:
    """How inputs and outputs of the written module lie: for each axis the spec's axis. For those that compare."""
    resolved = resolve(spec)
    writer = _Writer(resolved, {}, Report(source="native", target="pytorch"))
    for layer in resolved.layers:
        writer.layer(layer)
    outputs = []
    for ref, _ in resolved.outputs:
        label = writer.values[ref].label
        plain = identity(len(label))
        outputs.append(label if label in (plain, channels_first(len(label))) else plain)
    return writer.first, outputs


def _passing(resolved: Resolved) -> set[str]:
    """Layers whose one output only the very next layer reads, or that are the end."""
    counts: dict[str, int] = {}
    for layer in resolved.layers:
        for ref in layer.inputs:
            counts[ref.layer] = counts.get(ref.layer, 0) + 1
    outputs = [ref.layer for ref, _ in resolved.outputs]
    layers = [layer for layer in resolved.layers if layer.type != "Input"]
    found = set()
    for number, layer in enumerate(layers):
        if len(layer.output_shapes) != 1:
            continue
        following = layers[number + 1] if number + 1 < len(layers) else None
        if following is None:
            if outputs == [layer.name]:
                found.add(layer.name)
        elif layer.name not in outputs and counts.get(layer.name) == 1 and _feeds(layer, following):
            found.add(layer.name)
    return found


def _feeds(layer: ResolvedLayer, following: ResolvedLayer) -> bool:
    return any(ref.layer == layer.name for ref in following.inputs)
