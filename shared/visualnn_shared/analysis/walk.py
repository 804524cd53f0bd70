"""One pass over a spec in dependency order: clean parameters, shapes, weights; every failure becomes a problem.

No cascades: what follows a layer that failed is still read and its parameters checked, but rules about shapes are
skipped where an input's shape is not known.
"""

import marshal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from visualnn_shared.analysis.expand import expanded
from visualnn_shared.analysis.graph import MOST_PROBLEMS, Wiring, unused, wire
from visualnn_shared.analysis.params import clean_params
from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.catalogue.entry import Broken, Entry
from visualnn_shared.catalogue.free import FREE, Shape
from visualnn_shared.catalogue.kinds import LARGEST_INT, closest
from visualnn_shared.catalogue.suiting import unsuited
from visualnn_shared.spec.model import Layer, Spec
from visualnn_shared.spec.problem import Problem, problem
from visualnn_shared.spec.refs import Ref

MAX_RANK = 64
"""NumPy's limit."""


class Variable(NamedTuple):
    """A weight of a layer, with its shape in this net."""

    name: str
    shape: Shape
    trainable: bool


class ResolvedLayer(NamedTuple):
    """A layer with everything the catalogue derives for it. Shapes have no batch axis."""

    name: str
    type: str
    entry: Entry
    params: Mapping[str, Any]
    """Clean and complete. One object for all layers that are alike, of equal type, parameters and inputs' shapes: its
    ``id`` names what they have in common."""
    inputs: tuple[Ref, ...]
    input_shapes: tuple[Shape, ...]
    output_shapes: tuple[Shape, ...]
    weights: tuple[Variable, ...]
    """Its variables; with ``weights_of`` those of the named layer, which are counted there."""
    weights_of: str | None


@dataclass(slots=True)
class Resolved:
    """A spec, resolved. Where there are problems, ``layers`` holds those that were understood."""

    name: str
    layers: list[ResolvedLayer] = field(default_factory=list)
    """In dependency order."""
    inputs: list[ResolvedLayer] = field(default_factory=list)
    """The Input layers, in the spec's order."""
    outputs: list[tuple[Ref, Shape]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def layer(self, name: str) -> ResolvedLayer:
        """The layer of this name. Raises ``KeyError``."""
        for found in self.layers:
            if found.name == name:
                return found
        raise KeyError(name)


def resolve(spec: Spec, catalogue: Mapping[str, Entry] = CATALOGUE) -> Resolved:
    """Everything that is known of the net, and every problem. Never raises."""
    spec, wrong = expanded(spec, catalogue)
    if wrong:  # of blocks that cannot be replaced nothing more can be said
        return Resolved(spec.name, problems=wrong)
    wiring = wire(spec)
    problems = wiring.problems
    resolved = Resolved(spec.name, problems=problems)
    walk = _Walk(wiring, catalogue, problems)
    for name in wiring.order:
        layer = walk.layer(wiring.layers[name])
        if layer is not None:
            resolved.layers.append(layer)
        elif len(problems) > MOST_PROBLEMS:
            break
    for loose in (*(wiring.layers[name] for name in wiring.unordered), *wiring.repeated):
        if len(problems) > MOST_PROBLEMS:
            break
        walk.loose(loose)
    if walk.sharers:
        _share_weights(resolved, wiring)
    _ends(resolved, wiring, walk)
    if len(problems) > MOST_PROBLEMS:
        hint = "there may be more; mend these first"
        problems[MOST_PROBLEMS:] = [problem(f"a spec must have fewer than {MOST_PROBLEMS} problems", None, hint=hint)]
    return resolved


class _Worked(NamedTuple):
    """What a layer's type, parameters and input shapes say of it."""

    entry: Entry
    params: dict[str, Any]
    inputs: tuple[Shape, ...]
    outputs: tuple[Shape, ...]
    weights: tuple[Variable, ...]


class _Walk:
    """The state of one pass: output shapes of the layers behind it."""

    def __init__(self, wiring: Wiring, catalogue: Mapping[str, Entry], problems: list[Problem]) -> None:
        self.wiring = wiring
        self.catalogue = catalogue
        self.problems = problems
        self.shapes: dict[str, tuple[Shape, ...]] = {}
        self.sharers = False
        self._alike: dict[tuple[str, bytes | str, tuple[Shape, ...]], _Worked] = {}

    def params_only(self, layer: Layer) -> tuple[Entry, dict[str, Any]] | None:
        """Entry and clean parameters, or None where either has problems."""
        entry = self.catalogue.get(layer.type)
        if entry is None:
            rule = "the layer type must be one of the catalogue"
            self.problems.append(
                problem(rule, layer.type, layer=layer.name, hint=closest(layer.type, list(self.catalogue)))
            )
            return None
        params, problems = clean_params(entry, layer.params, layer.name)
        self.problems += problems
        return None if problems else (entry, params)

    def loose(self, layer: Layer) -> None:
        """What can be said of a layer whose inputs are not known: on a cycle, behind one, or of a taken name."""
        self.params_only(layer)
        entry = self.catalogue.get(layer.type)
        if entry is not None:
            self._arity(layer, entry, len(layer.inputs))

    def layer(self, layer: Layer) -> ResolvedLayer | None:
        """The layer resolved, or None where it, or what feeds it, has a problem."""
        refs = self.wiring.inputs[layer.name]
        known = self.shapes.get(refs[0].layer) if len(refs) == 1 and not refs[0].output else None
        ins = known[:1] if known is not None else self._input_shapes(layer.name, refs)
        # Deep nets repeat their blocks: what is known of a layer holds for every other of the same type, parameters
        # and inputs.
        key = (layer.type, _text(layer.params), ins or ())
        worked = self._alike.get(key) if ins is not None else None
        if worked is None:
            before = len(self.problems)
            worked = self._work(layer, refs, ins)
            if worked is None:
                return None
            if len(self.problems) == before:
                self._alike[key] = worked
        entry, params, ins, outs, weights = worked
        self.shapes[layer.name] = outs
        self.sharers = self.sharers or layer.weights_of is not None
        return ResolvedLayer(layer.name, layer.type, entry, params, refs, ins, outs, weights, layer.weights_of)

    def _work(self, layer: Layer, refs: Sequence[Ref], ins: tuple[Shape, ...] | None) -> _Worked | None:
        known = self.params_only(layer)
        entry = known[0] if known else self.catalogue.get(layer.type)
        arity = entry is None or self._arity(layer, entry, len(refs))
        if known is None or ins is None or not arity:
            return None
        entry, params = known
        try:
            outs = _bounded(entry.shape(params, ins))
        except Broken as broken:
            self._broken(layer.name, broken)
            return None
        weights = self._weights(layer, entry, params, ins) if entry.has_weights else ()
        return _Worked(entry, params, ins, outs, weights)

    def _arity(self, layer: Layer, entry: Entry, count: int) -> bool:
        ports = entry.ports
        if count >= ports.least and (ports.most is None or count <= ports.most):
            return True
        limits = f"at least {ports.least}" if ports.most is None else f"{ports.least} to {ports.most}"
        wanted = str(ports.least) if ports.least == ports.most else limits
        word = "input" if wanted == "1" else "inputs"
        rule = f"{layer.type} must have {wanted} {word}" if wanted != "0" else f"{layer.type} must have no inputs"
        self.problems.append(problem(rule, list(layer.inputs), layer=layer.name, field="inputs"))
        return False

    def _input_shapes(self, name: str, refs: Sequence[Ref]) -> tuple[Shape, ...] | None:
        """Shapes of the inputs, or None where one is not known; an output that a layer does not have is a problem."""
        found: list[Shape] = []
        for ref in refs:
            outs = self.shapes.get(ref.layer)
            if outs is not None and ref.output < len(outs):
                found.append(outs[ref.output])
            elif outs is not None:
                self.problems.append(_no_such_output(ref, len(outs), layer=name, field="inputs"))
        return tuple(found) if len(found) == len(refs) else None

    def _weights(
        self, layer: Layer, entry: Entry, params: Mapping[str, Any], ins: Sequence[Shape]
    ) -> tuple[Variable, ...]:
        found: list[Variable] = []
        unknown: dict[str, Shape] = {}
        trains = params["trainable"]
        for weight in entry.variables(params, ins):
            shape = weight.shape(params, ins)
            found.append(Variable(weight.name, shape, trains and weight.trainable))
            for n in shape:
                if n is FREE:
                    unknown[weight.name] = shape
            if weight.initializer is not None:
                broken = unsuited(weight, params, shape)
                if broken is not None:
                    self._broken(layer.name, broken)
        if unknown:
            hint = "give the Input layer a fixed size along this axis"
            self.problems.append(problem("weights must have a known shape", unknown, layer=layer.name, hint=hint))
        return tuple(found)

    def _broken(self, name: str, broken: Broken) -> None:
        found = problem(broken.rule, broken.received, layer=name, param=broken.param, hint=broken.hint)
        self.problems.append(found)


def _text(params: Any) -> bytes | str:
    """A text that only equal parameters have."""
    try:
        return marshal.dumps(params, 2)  # half the time of repr; version 2 does not depend on shared objects
    except ValueError:
        return repr(params)


def _bounded(outs: list[Shape]) -> tuple[Shape, ...]:
    """The shapes, or ``Broken`` where no framework could hold one; a chain of layers cannot grow without end."""
    for out in outs:
        if len(out) > MAX_RANK:
            raise Broken(f"a tensor must have at most {MAX_RANK} axes", len(out))
        for n in out:
            if n > LARGEST_INT:
                raise Broken(f"an axis must have at most {LARGEST_INT} cells", out)
    return tuple(outs)


def _no_such_output(ref: Ref, count: int, layer: str | None = None, field: str | None = None) -> Problem:
    has = "one output" if count == 1 else f"{count} outputs"
    rule = "a reference must name an output that the layer has"
    return problem(rule, str(ref), layer=layer, field=field, hint=f"{ref.layer} has {has}, counted from 0")


def _share_weights(resolved: Resolved, wiring: Wiring) -> None:
    """Check every ``weights_of`` and give the sharing layer its owner's variables."""
    by_name = {layer.name: layer for layer in resolved.layers}
    for i, layer in enumerate(resolved.layers):
        owner_name = layer.weights_of
        if owner_name is None:
            continue
        owner = by_name.get(owner_name)
        wrong = _sharing_problem(layer, owner_name, owner, wiring)
        if wrong is not None:
            resolved.problems.append(wrong)
        elif owner is not None:
            resolved.layers[i] = layer._replace(weights=owner.weights)


def _sharing_problem(
    layer: ResolvedLayer, owner_name: str, owner: ResolvedLayer | None, wiring: Wiring
) -> Problem | None:
    def wrong(rule: str, received: Any, hint: str | None = None) -> Problem:
        return problem(rule, received, layer=layer.name, field="weights_of", hint=hint)

    spec_owner = wiring.layers.get(owner_name)
    if spec_owner is None:
        return wrong("weights_of must name a layer of the spec", owner_name, closest(owner_name, wiring.layers))
    if not layer.entry.has_weights:
        return wrong("weights_of must be left out for a layer without weights", owner_name)
    if spec_owner.weights_of is not None or owner_name == layer.name:
        return wrong(
            "weights_of must name a layer with weights of its own", owner_name, "name the layer that owns them"
        )
    if spec_owner.type != layer.type:
        return wrong(
            f"weights_of must name a layer of the same type, {layer.type}", f"{owner_name}, a {spec_owner.type}"
        )
    if owner is None:  # it has problems of its own, which are reported
        return None
    mine, theirs = ({w.name: w.shape for w in one.weights} for one in (layer, owner))
    if mine != theirs:
        return wrong("weights_of must name a layer whose weights have the same shapes", theirs, f"needed are {mine}")
    return None


def _ends(resolved: Resolved, wiring: Wiring, walk: _Walk) -> None:
    """Inputs and outputs of the net; layers that lead nowhere, unless broken wiring already explains them."""
    inputs = {layer.name: layer for layer in resolved.layers if layer.type == "Input"}
    resolved.inputs = [inputs[name] for name in wiring.layers if name in inputs]
    for ref in wiring.outputs:
        outs = walk.shapes.get(ref.layer)
        if outs is not None and ref.output < len(outs):
            resolved.outputs.append((ref, outs[ref.output]))
        elif outs is not None:
            resolved.problems.append(_no_such_output(ref, len(outs), field="outputs"))
    if any(p.where.field in ("inputs", "outputs", "layers") for p in resolved.problems) or wiring.repeated:
        return
    if not any(layer.type == "Input" for layer in wiring.layers.values()):
        resolved.problems.append(problem("a spec must have an Input layer", None, field="layers"))
    for name in unused(wiring):
        hint = "connect it, name it in outputs, or remove it"
        resolved.problems.append(problem("a layer must lead to an output", name, layer=name, hint=hint))
