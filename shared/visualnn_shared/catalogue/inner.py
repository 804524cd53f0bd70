"""Parameters that hold a layer: what a wrapper applies, as ``{"type": ..., "params": {...}}``.

Such a layer has no name and no inputs of its own, and is built by Keras from what its Keras map writes. Problems carry
the path: ``layer.params.units``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from visualnn_shared.catalogue.entry import Broken, Entry, Params, Shapes, Weight
from visualnn_shared.catalogue.free import Dim, Shape
from visualnn_shared.catalogue.kinds import Refused, closest
from visualnn_shared.catalogue.mapping import Written, without_defaults, write_node
from visualnn_shared.catalogue.maps import Context
from visualnn_shared.catalogue.registry import CATALOGUE
from visualnn_shared.catalogue.suiting import unsuited

DEEPEST = 4
"""Wrappers within wrappers."""


@dataclass(frozen=True, slots=True)
class Inner:
    """A layer of one of ``types``, or without these of any type that Keras has and that takes one input.

    Normal form: the type, and clean parameters without those that have their default.
    """

    types: tuple[str, ...] = ()
    must_be: str = "a layer: an object with its type and params"

    @property
    def choices(self) -> list[str]:
        """The types that may be named here."""
        if self.types:
            return [name for name in self.types if name in CATALOGUE]
        return sorted(name for name, entry in CATALOGUE.items() if _takes_one(entry))

    def clean(self, value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping) or not set(value) <= {"type", "params"}:
            raise Refused(self.must_be, value)
        name, given = value.get("type"), value.get("params", {})
        if _depth(value) > DEEPEST:
            raise Refused(f"a layer with at most {DEEPEST} wrappers within each other", name, path=".type")
        if not isinstance(name, str) or name not in self.choices:
            rule = f"one of {', '.join(self.types)}" if self.types else "the type of a Keras layer with one input"
            raise Refused(rule, name, path=".type", hint=closest(name, self.choices))
        if not isinstance(given, Mapping):
            raise Refused("an object", given, path=".params")
        entry = CATALOGUE[name]
        params = _complete(entry, _cleaned(entry, given))
        _need_rules(entry, params)
        return {"type": name, "params": without_defaults(entry, params)}

    def as_json(self) -> dict[str, Any]:
        return {"kind": "layer", "choices": self.choices}


def _takes_one(entry: Entry) -> bool:
    ports = entry.ports
    return ports.least == 1 and entry.palette and entry.keras_class is None and bool(entry.maps.get("keras"))


def _depth(value: Any) -> int:
    """How many layers are nested, counted no further than is allowed."""
    depth, level = 0, [value]
    while level and depth <= DEEPEST:
        depth += 1
        params = [one.get("params") for one in level]
        level = [
            inner
            for given in params
            if isinstance(given, Mapping)
            for inner in given.values()
            if isinstance(inner, Mapping) and "type" in inner
        ]
    return depth


def _cleaned(entry: Entry, given: Mapping[Any, Any]) -> dict[str, Any]:
    derived = {name for name, _ in entry.derived}
    clean: dict[str, Any] = {}
    for name, value in given.items():
        kind = entry.kinds.get(name)
        if kind is None:
            hint = closest(name, list(entry.kinds))
            raise Refused(f"a parameter that {entry.type} has", name, path=f".params.{str(name)[:100]}", hint=hint)
        if value is None and name in derived:
            continue
        try:
            clean[name] = kind.clean(value)
        except Refused as refused:
            path = f".params.{name}{refused.path}"
            raise Refused(refused.must_be, refused.received, path=path, hint=refused.hint) from None
    for name in entry.required:
        if name not in clean:
            raise Refused("given", None, path=f".params.{name}")
    return clean


def _complete(entry: Entry, clean: Mapping[str, Any]) -> dict[str, Any]:
    params = {**entry.defaults, **clean}
    for name, other in entry.derived:
        params.setdefault(name, params[other])
    return params


def _need_rules(entry: Entry, params: Params) -> None:
    for broken in entry.rules(params):
        path = f".params.{broken.param}" if broken.param else ".params"
        raise Refused(f"valid: {broken.rule}", broken.received, path=path, hint=broken.hint)
    written = write_node("keras", entry, params, Context(), None)
    if not isinstance(written, Written):
        found = written[0]
        path = f".params.{found.where.param}" if found.where.param else ""
        raise Refused(f"such that Keras can wrap the layer: {found.rule}", found.received, path=path, hint=found.hint)


@dataclass(frozen=True, slots=True)
class Applied:
    """A layer that a wrapper holds, at the inputs it is given there. ``param`` is the wrapper's parameter."""

    param: str
    entry: Entry
    params: Params
    inputs: Shapes

    def shapes(self) -> list[Shape]:
        """Its outputs. Raises ``Broken`` with the path of the parameter."""
        try:
            outs = self.entry.shape(self.params, self.inputs)
        except Broken as broken:
            raise Broken(broken.rule, broken.received, param=self.path(broken.param), hint=broken.hint) from None
        for weight, shape in self._variables():
            found = unsuited(weight, self.params, shape)
            if found is not None:
                raise Broken(found.rule, found.received, param=self.path(found.param), hint=found.hint)
        return outs

    def path(self, param: str | None) -> str:
        """Where a parameter of the layer stands in the wrapper's."""
        return f"{self.param}.params.{param}" if param else self.param

    def weights(self, prefix: str) -> list[Weight]:
        """Its variables under ``prefix/name``, in Keras' order."""
        trains = bool(self.params.get("trainable", True))
        return [_named(f"{prefix}/{weight.name}", shape, trains and weight.trainable)
                for weight, shape in self._variables()]  # fmt: skip

    def macs(self) -> Dim:
        """Its multiply-accumulates for one sample."""
        return self.entry.macs(self.params, self.inputs, self.entry.shape(self.params, self.inputs))

    def _variables(self) -> list[tuple[Weight, Shape]]:
        if not self.entry.has_weights:
            return []
        found = self.entry.variables(self.params, self.inputs)
        return [(weight, weight.shape(self.params, self.inputs)) for weight in found]


def _named(name: str, shape: Shape, trainable: bool) -> Weight:
    return Weight(name, lambda _p, _ins: shape, trainable=trainable)


def applied(value: Mapping[str, Any], inputs: Sequence[Shape], param: str = "layer", **changed: Any) -> Applied:
    """The layer of a clean value at ``inputs``, with some parameters ``changed``."""
    entry = CATALOGUE[value["type"]]
    return Applied(param, entry, {**_complete(entry, value["params"]), **changed}, inputs)
