"""A prototxt in one normal form: nodes whose inputs and outputs are values, each written once.

Caffe lets a layer write over its input, and blobs of one name exist in several phases: order in the file has meaning.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from visualnn_shared.catalogue.maps import Bag, Unmappable, plain

from visualnn_converter.formats.caffe.oldest import upgrade
from visualnn_converter.formats.caffe.prototxt import START
from visualnn_converter.formats.caffe.schema import OLD_TYPES, PARAMS
from visualnn_converter.formats.caffe.state import NetState
from visualnn_converter.report import Report

MAX_LAYERS = 20_000


@dataclass(slots=True)
class Node:
    """A layer of one phase. Values are numbered: ``inputs`` and ``outputs`` are indices."""

    name: str
    op: str
    bag: Bag
    """Its parameters' message."""
    whole: Bag
    """The layer's own message."""
    line: int | None
    inputs: list[int] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)
    tops: list[str] = field(default_factory=list)
    shares: list[str] = field(default_factory=list)
    """Names of its ``param`` messages."""


@dataclass(slots=True)
class Source:
    """The net: nodes in file order, and the inputs that its head declares."""

    name: str
    nodes: list[Node] = field(default_factory=list)
    problems: list[Unmappable] = field(default_factory=list)
    users: dict[int, list[Node]] = field(default_factory=dict)
    """Value -> the nodes that read it."""


def normalise(root: Bag, report: Report, state: NetState | None = None) -> Source:
    """Nodes with numbered values. Raises ``Unmappable`` where the text is no net."""
    _check_is_net(root)
    source = Source(_text(root.one("name", "")) or "net")
    for key in ("force_backward", "debug_info"):
        root.one(key)
    state = (state or NetState()).over(root.one("state"))
    numbers: dict[str, int] = {}
    count = 0
    for node in [*_declared_inputs(root), *_layers(root, report, state, source.problems)]:
        bottoms = _words(node.whole, "bottom")
        missing = [bottom for bottom in bottoms if bottom not in numbers]
        for bottom in missing:
            rule = "a bottom must be the top of an earlier layer"
            source.problems.append(_named(Unmappable(rule, bottom, line=node.whole.line("bottom")), node.name))
            numbers[bottom] = -1
        node.inputs = [numbers[bottom] for bottom in bottoms]
        for value in node.inputs:
            source.users.setdefault(value, []).append(node)
        for top in node.tops:
            numbers[top] = count
            node.outputs.append(count)
            count += 1
        source.nodes.append(node)
    for key, line in root.left(deep=False):
        report.drops(source.name, f"field {key}" + (f", line {line}" if line else ""), "not understood")
    return source


def _named(broken: Unmappable, layer: str) -> Unmappable:
    broken.param = None
    broken.hint = f"layer {layer}"
    return broken


def _check_is_net(root: Bag) -> None:
    if "base_lr" in root or "net" in root or "solver_mode" in root:
        hint = "give the net's own prototxt; `visualnn recipe` reads solvers"
        raise Unmappable(
            "the file must describe a net; this one describes a solver", plain(root.peek("net")), hint=hint
        )
    if "layer" not in root and "layers" not in root:
        raise Unmappable("the file must have layers", sorted(root)[:5])


def _declared_inputs(root: Bag) -> Iterable[Node]:
    """``input: "data" input_dim: 1 ...`` or ``input_shape { dim: 1 ... }`` as Input layers."""
    names = [_text(name) for name in root.many("input")]
    dims, shapes = root.many("input_dim"), root.many("input_shape")
    for position, name in enumerate(names):
        own = dims[4 * position : 4 * position + 4]
        shape = shapes[position] if position < len(shapes) else Bag({"dim": own}) if own else None
        bag = Bag({"shape": shape} if isinstance(shape, Bag) else {})
        yield Node(name, "Input", bag, Bag(), root.line("input"), tops=[name])


def _layers(root: Bag, report: Report, state: NetState, problems: list[Unmappable]) -> Iterable[Node]:
    """Layers of the phase, in file order."""
    found = root.many("layer") + root.many("layers")
    if len(found) > MAX_LAYERS:
        raise Unmappable(f"a net must have at most {MAX_LAYERS:,} layers", len(found))
    seen: set[str] = set()
    old: list[tuple[str, Unmappable]] = []
    found = upgrade(found, old)
    problems += [_named(broken, name) for name, broken in old]
    for whole in found:
        if not isinstance(whole, Bag):
            raise Unmappable("a layer must be a message", whole, line=root.line("layer"))
        node = _node(whole)
        try:
            included = state.includes(whole)
        except Unmappable as broken:
            problems.append(_named(broken, node.name))
            included = True
        if not included:
            if node.name not in seen:
                report.drops(node.name, node.op, f"it is not in {state}")
            continue
        seen.add(node.name)
        yield node


def _node(whole: Bag) -> Node:
    line = whole.line(START)
    given = whole.one("type", "")
    op = OLD_TYPES.get(str(given), str(given)) if str(given).isupper() and str(given) not in PARAMS else str(given)
    name = _text(whole.one("name", "")) or op.lower() or "layer"
    message = PARAMS.get(op)
    bag = whole.one(message) if message else None
    shares = []
    for param in whole.many("param"):
        shared = param.one("name") if isinstance(param, Bag) else param
        if isinstance(param, Bag):
            param.one("share_mode")
        if shared:
            shares.append(_text(shared))
    return Node(name, op, bag if isinstance(bag, Bag) else Bag(), whole, line, tops=_words(whole, "top"), shares=shares)


def _words(bag: Bag, key: str) -> list[str]:
    return [_text(value) for value in bag.many(key)]


def _text(value: Any) -> str:
    if type(value) is str:
        return value
    return str(plain(value)) if isinstance(value, Bag) else str(value)
