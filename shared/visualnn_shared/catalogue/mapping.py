"""The mapping engine: a layer to a node of a format and back, by the maps that the catalogue entries carry.

>>> write_layer("keras", "Dropout", {"rate": 0.2, "seed": None})
('Dropout', {'rate': 0.2, 'seed': None})
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from visualnn_shared.catalogue.entry import Entry
from visualnn_shared.catalogue.kinds import Refused
from visualnn_shared.catalogue.lenses import Is
from visualnn_shared.catalogue.maps import Bag, Context, Map, Unmappable, same
from visualnn_shared.catalogue.registry import CATALOGUE
from visualnn_shared.errors import Invalid
from visualnn_shared.spec.problem import Problem, problem

TITLES = {"caffe": "Caffe", "keras": "Keras", "onnx": "ONNX", "tensorflow": "TensorFlow", "torch": "PyTorch"}


@dataclass(frozen=True, slots=True)
class Written:
    """A layer as a node: operator, attributes, and the map that said so (for its blobs)."""

    op: str
    attributes: dict[str, Any]
    map: Map


@dataclass(frozen=True, slots=True)
class Read:
    """A node as a layer: clean parameters without those that have their default."""

    entry: Entry
    map: Map
    params: dict[str, Any]
    """Clean and complete."""
    problems: tuple[Problem, ...]


Index = Mapping[str, Sequence[tuple[Entry, Map]]]
"""Operator -> the maps that read it; those with a ``when`` first."""


def write_layer(
    format: str, layer_type: str, params: Mapping[str, Any], context: Context | None = None, *, layer: str | None = None
) -> tuple[str, dict[str, Any]]:
    """Operator name and attributes of a layer with clean, complete parameters.

    Raises ``Invalid`` with every problem where the format cannot say the layer.
    """
    entry = CATALOGUE[layer_type]
    written = write_node(format, entry, params, context or Context(), layer)
    if isinstance(written, list):
        raise Invalid(f"layer {layer or layer_type!r} in {TITLES.get(format, format)}", written)
    return written.op, written.attributes


def write_node(
    format: str,
    entry: Entry,
    params: Mapping[str, Any],
    ctx: Context,
    layer: str | None,
    maps: Sequence[Map] | None = None,
) -> Written | list[Problem]:
    """The first map that holds the layer; else the problems of the maps that came closest. ``maps``: try only these."""
    maps = entry.maps.get(format, ()) if maps is None else maps
    ctx.kinds = entry.kinds
    found: list[list[Problem]] = []
    for candidate in maps:
        if not _suits(candidate, ctx):
            continue
        bag = Bag()
        problems = [broken.problem(layer) for broken in _write(candidate, entry, params, bag, ctx)]
        if not problems:
            return Written(candidate.op, bag.as_dict(), candidate)
        found.append(problems)
    if found:
        return _closest(found)
    rule = f"the layer type must have a counterpart in {TITLES.get(format, format)}"
    return [problem(rule, entry.type, layer=layer, hint=entry.unsaid.get(format))]


def _closest(found: Sequence[list[Problem]]) -> list[Problem]:
    """The fewest problems; where several maps lack one parameter's value alone, with every value that would do."""
    least = min(found, key=len)
    first, param = least[0], least[0].where.param
    start = f"{param} must be "
    if len(least) > 1 or not first.rule.startswith(start):
        return least
    near = [one[0].rule for one in found if len(one) == 1 and one[0].where.param == param]
    ways = list(dict.fromkeys(rule.removeprefix(start) for rule in near if rule.startswith(start)))
    end = " in this format" if all(way.endswith(" in this format") for way in ways) else ""
    *several, last = [way.removesuffix(end) for way in ways]
    return [first.model_copy(update={"rule": f"{start}{', '.join(several)}{' or ' * bool(several)}{last}{end}"})]


def _suits(candidate: Map, ctx: Context) -> bool:
    """Whether number and rank of the inputs, where they are known, are the map's."""
    if candidate.arity is not None and ctx.input_shapes and len(ctx.input_shapes) != candidate.arity:
        return False
    return candidate.rank is None or ctx.rank is None or ctx.rank == candidate.rank


def _write(found: Map, entry: Entry, params: Mapping[str, Any], bag: Bag, ctx: Context) -> list[Unmappable]:
    """Fill the bag; what the map cannot say."""
    broken = [refusal for lens in found.lenses if (refusal := lens.refuses(params)) is not None]
    broken += [_unsaid(name, params[name]) for name in _uncovered(found, entry) if _is_set(entry, params, name)]
    for lens in found.lenses:
        try:
            lens.write(params, bag, ctx)
        except Unmappable as error:
            broken.append(error)
    return broken


_UNCOVERED: dict[tuple[int, str], tuple[str, ...]] = {}


def _uncovered(found: Map, entry: Entry) -> tuple[str, ...]:
    """Parameters that no lens of the map speaks for; worked out once for each map: maps live as long as the process."""
    key = (id(found), entry.type)
    if key not in _UNCOVERED:
        names = (name for name in entry.kinds if not any(lens.covers(name) for lens in found.lenses))
        _UNCOVERED[key] = tuple(names)
    return _UNCOVERED[key]


def lost(found: Map, entry: Entry, params: Mapping[str, Any]) -> list[str]:
    """Parameters that say something and that the map leaves out of the file."""
    speakers = {name: next((lens for lens in found.lenses if lens.covers(name)), None) for name in entry.kinds}
    gone = [name for name, lens in speakers.items() if lens is not None and name in lens.loses(params)]
    return [name for name in gone if _is_set(entry, params, name)]


def left(found: Map, entry: Entry, params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that reading gives back: what was lost is what the format means by nothing."""
    gone = lost(found, entry, params)
    silent = {name: value for lens in found.lenses for name, value in lens.instead().items() if name in gone}
    return {**{name: value for name, value in params.items() if name not in gone}, **silent}


def _unsaid(name: str, value: Any) -> Unmappable:
    return Unmappable(f"{name} must have its default value: this format has no word for it", value, name)


def _is_set(entry: Entry, params: Mapping[str, Any], name: str) -> bool:
    """Whether the parameter differs from its default."""
    value = params[name]
    if name in entry.defaults:
        default = entry.defaults[name]
        return value is not default and not same(value, default)
    for derived, source in entry.derived:
        if derived == name:
            return not same(value, params[source])
    return True


def without_defaults(entry: Entry, params: Mapping[str, Any]) -> dict[str, Any]:
    """The clean parameters that say something: the others have their default anyway."""
    return {name: value for name, value in params.items() if _is_set(entry, params, name)}


@cache
def index(format: str) -> Index:
    """The maps of all entries by the operator they read."""
    return build_index((entry, found) for entry in CATALOGUE.values() for found in entry.maps.get(format, ()))


def build_index(maps: Iterable[tuple[Entry, Map]]) -> Index:
    """Maps by operator; for a format that brings a table of its own too."""
    table: dict[str, list[tuple[Entry, Map]]] = {}
    for entry, found in maps:
        if found.reads:
            table.setdefault(found.op, []).append((entry, found))
    for candidates in table.values():
        candidates.sort(key=lambda pair: pair[1].when is None)
    return table


def read_node(
    table: Index, op: str, bag: Bag, ctx: Context, layer: str, line: int | None = None
) -> Read | list[Problem]:
    """The first map that may read the node, with the parameters it finds; else why none may."""
    candidates = table.get(op)
    if candidates is None:
        return [problem("the layer type must be one that VisualNN knows", op, layer=layer, line=line)]
    for entry, found in candidates:
        if all(lens.match(bag) for lens in found.lenses) and (found.when is None or found.when(bag, ctx)):
            return _read(entry, found, bag, ctx, layer, line)
    return _mismatch(candidates, bag, op, layer, line)


def _read(entry: Entry, found: Map, bag: Bag, ctx: Context, layer: str, line: int | None) -> Read:
    ctx.kinds = entry.kinds
    params: dict[str, Any] = {}
    problems: list[Problem] = []
    broken: set[str | None] = set()
    for lens in found.lenses:
        try:
            lens.read(bag, params, ctx)
        except Unmappable as error:
            problems.append(error.problem(layer, line))
            broken.update((error.param, *lens.owns()))
    clean, refused = clean_params(entry, params, layer, line, skip=broken)
    return Read(entry, found, clean, (*problems, *refused))


def clean_params(
    entry: Entry, params: Mapping[str, Any], layer: str, line: int | None, skip: Iterable[str | None] = ()
) -> tuple[dict[str, Any], list[Problem]]:
    """Clean, complete parameters, and what is wrong with those given; ``skip`` names some that are reported already."""
    clean, problems, skipped = dict(entry.defaults), [], set(skip)
    derived = dict(entry.derived)
    for name, value in params.items():
        if value is None and name in derived:
            continue
        try:
            clean[name] = entry.kinds[name].clean(value)
        except Refused as refused:
            path = f"{name}{refused.path}"
            rule = f"{path} must be {refused.must_be}"
            found = problem(rule, refused.received, layer=layer, param=path, line=line, hint=refused.hint)
            problems.append(found)
            skipped.add(name)
    for name, other in derived.items():
        if name not in clean and other in clean:
            clean[name] = clean[other]
    missing = [name for name in entry.required if name not in clean and name not in skipped]
    problems += [problem(f"{name} must be given", None, layer=layer, param=name, line=line) for name in missing]
    return clean, problems


def _mismatch(
    candidates: Sequence[tuple[Entry, Map]], bag: Bag, op: str, layer: str, line: int | None
) -> list[Problem]:
    """Which key keeps every map from reading the node."""
    wanted: dict[str, list[Any]] = {}
    for _, found in candidates:
        for lens in found.lenses:
            if isinstance(lens, Is):
                wanted.setdefault(lens.key, []).append(lens.value)
    for key, values in wanted.items():
        if not any(same(bag.peek(key, values[0]), value) for value in values):
            rule = f"{key} must be {' or '.join(dict.fromkeys(map(str, values)))}"
            return [Unmappable(rule, bag.peek(key), line=bag.line(key)).problem(layer, line)]
    keys = {key: bag.peek(key) for key in wanted if key in bag}
    return [Unmappable(f"this form of {op} must be one that VisualNN knows", keys or None).problem(layer, line)]
