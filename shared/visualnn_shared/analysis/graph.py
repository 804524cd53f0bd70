"""The wiring of a spec: which layer feeds which, in dependency order, and everything wrong with it."""

from dataclasses import dataclass, field

from visualnn_shared.catalogue.kinds import closest
from visualnn_shared.spec.model import Layer, Spec
from visualnn_shared.spec.problem import Problem, problem
from visualnn_shared.spec.refs import Ref, split_ref

MOST_PROBLEMS = 500
"""What is listed at once; beyond it the input is not a net with mistakes."""


@dataclass(slots=True)
class Wiring:
    """Layers by name (the first of each name), their inputs, and an order in which every input comes first.

    Layers on a cycle, and behind one, are not in ``order`` but in ``unordered``.
    """

    layers: dict[str, Layer] = field(default_factory=dict)
    repeated: list[Layer] = field(default_factory=list)
    inputs: dict[str, tuple[Ref, ...]] = field(default_factory=dict)
    """Layer -> its inputs; a reference to a missing layer is there too."""
    users: dict[str, list[str]] = field(default_factory=dict)
    """Layer -> those that it feeds, for layers that feed any."""
    outputs: list[Ref] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    unordered: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def wire(spec: Spec) -> Wiring:
    """Resolve every reference of the spec and sort its layers."""
    wiring = Wiring()
    _collect(spec, wiring)
    _connect(wiring)
    _sort(wiring)
    _outputs(spec, wiring)
    return wiring


def _collect(spec: Spec, wiring: Wiring) -> None:
    layers = wiring.layers
    for layer in spec.layers:
        name = layer.name
        if name in layers:
            wiring.repeated.append(layer)
            continue
        layers[name] = layer
        if not name.isidentifier() and (":" in name or not name.isprintable() or name != name.strip()):
            rule = "a layer's name must be printable, without a colon and without spaces at its ends"
            wiring.problems.append(problem(rule, name, layer=name, hint='a colon names an output: "lstm:1"'))
    for name in dict.fromkeys(layer.name for layer in wiring.repeated):
        count = 1 + sum(layer.name == name for layer in wiring.repeated) if len(wiring.repeated) < 100 else "several"
        wiring.problems.append(problem("a layer's name must occur once", f"{count} layers of this name", layer=name))
    if not layers:
        hint = "add an Input layer and at least one more"
        wiring.problems.append(problem("a spec must have layers", [], field="layers", hint=hint))


def _connect(wiring: Wiring) -> None:
    layers, inputs = wiring.layers, wiring.inputs
    alone: dict[str, tuple[Ref, ...]] = {name: (Ref(name),) for name in layers}  # what nearly every layer has
    for name, layer in layers.items():
        texts = layer.inputs
        refs = alone.get(texts[0]) if len(texts) == 1 else None
        if refs is None:
            refs = tuple([_ref(text, layers) for text in texts])
            for ref in refs:
                if ref.layer not in layers:
                    _missing(wiring, str(ref), ref.layer, "inputs", name)
        inputs[name] = refs
    for layer in wiring.repeated:
        for text in layer.inputs:
            if _ref(text, layers).layer not in layers:
                _missing(wiring, text, text, "inputs", layer.name)


def _missing(wiring: Wiring, received: str, name: str, where: str, layer: str | None = None) -> None:
    # Looking for a similar name is slow in a large net, so only the first ones get a hint.
    few = len(wiring.problems) * len(wiring.layers) < 20_000
    hint = closest(name, wiring.layers) if few else None
    wiring.problems.append(
        problem(f"{where} must name layers of the spec", received, layer=layer, field=where, hint=hint)
    )


def _ref(text: str, layers: dict[str, Layer]) -> Ref:
    return Ref(text) if text in layers else split_ref(text)


def _sort(wiring: Wiring) -> None:
    """Kahn's algorithm, stable: among layers that are ready, the one that stands first in the spec comes first."""
    layers, users = wiring.layers, wiring.users
    waiting: dict[str, int] = {}
    for name, refs in wiring.inputs.items():
        sources = {ref.layer for ref in refs} if len(refs) != 1 else (refs[0].layer,)
        count = 0
        for source in sources:
            if source in layers:
                count += 1
                users.setdefault(source, []).append(name)
        waiting[name] = count
    wiring.order = _release([name for name, count in waiting.items() if not count], users, waiting)
    if len(wiring.order) == len(layers):
        return
    stuck = dict.fromkeys(layers)
    for name in wiring.order:
        del stuck[name]
    wiring.unordered = list(stuck)
    while stuck and len(wiring.problems) <= MOST_PROBLEMS:
        cycle = _cycle(stuck, wiring.inputs)
        wiring.problems.append(_feeds_back(cycle))
        waiting.update(dict.fromkeys(cycle, -1))  # treated as known, so that what is merely behind it is no cycle
        for name in _release(cycle, users, waiting):
            del stuck[name]


def _release(ready: list[str], users: dict[str, list[str]], waiting: dict[str, int]) -> list[str]:
    """``ready`` and every layer that waited for nothing but these, in the order in which they become ready."""
    order = list(ready)
    for name in order:  # grows while it is walked
        for user in users.get(name, ()):
            waiting[user] -= 1
            if not waiting[user]:
                order.append(user)
    return order


def _cycle(stuck: dict[str, None], inputs: dict[str, tuple[Ref, ...]]) -> list[str]:
    """Walking back along inputs from a layer that never became ready always ends on a cycle; each feeds the next."""
    path: dict[str, None] = {}
    name = next(iter(stuck))
    while name not in path:
        path[name] = None
        name = next(ref.layer for ref in inputs[name] if ref.layer in stuck)
    walked = list(path)
    cycle = walked[walked.index(name) :][::-1]
    place = {name: i for i, name in enumerate(stuck)}
    first = min(range(len(cycle)), key=lambda i: place[cycle[i]])
    return cycle[first:] + cycle[:first]


def _feeds_back(cycle: list[str]) -> Problem:
    shown = [*cycle, cycle[0]] if len(cycle) <= 12 else [*cycle[:10], "...", cycle[-1], cycle[0]]
    rule, hint = "layers must not feed back into themselves", f"remove one of the connections {' -> '.join(shown)}"
    return problem(rule, cycle, layer=cycle[0], field="inputs", hint=hint)


def _outputs(spec: Spec, wiring: Wiring) -> None:
    layers = wiring.layers
    if not layers:
        return  # reported, and no output could name one
    if not spec.outputs:
        hint = f"candidates: {', '.join(sinks(wiring)[:10])}" if sinks(wiring) else None
        wiring.problems.append(problem("outputs must name at least one layer", [], field="outputs", hint=hint))
    found: dict[Ref, None] = {}
    for text in spec.outputs:
        ref = _ref(text, layers)
        if ref.layer not in layers:
            _missing(wiring, text, ref.layer, "outputs")
        elif ref in found:
            wiring.problems.append(problem("outputs must be different", text, field="outputs"))
        else:
            found[ref] = None
    wiring.outputs = list(found)


def sinks(wiring: Wiring) -> list[str]:
    """Layers that feed no other, in the spec's order."""
    return [name for name in wiring.layers if name not in wiring.users]


def unused(wiring: Wiring) -> list[str]:
    """Of the layers from which no output can be reached, those that feed no other. Presumes that there is no cycle."""
    outputs = {ref.layer for ref in wiring.outputs}
    return [name for name in sinks(wiring) if name not in outputs]
