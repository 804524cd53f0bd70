"""Parameters of one layer: clean values, defaults, and every rule that they break."""

from collections.abc import Mapping
from typing import Any

from visualnn_shared.catalogue.entry import Entry, no_rules
from visualnn_shared.catalogue.kinds import Refused, closest
from visualnn_shared.spec.problem import Problem, problem

MOST_UNKNOWN = 50
_ELSEWHERE = {
    "data_format": "a spec is always channels-last; leave it out",
    "name": "the name stands beside the type, not in the parameters",
    "input_shape": "add an Input layer with this shape",
    "batch_input_shape": "add an Input layer with this shape",
    "dtype": "only Input has a type of values",
}
"""Parameters of Keras that a spec says in another way."""


def clean_params(
    entry: Entry, params: Mapping[str, Any], layer: str | None = None
) -> tuple[dict[str, Any], list[Problem]]:
    """``params`` as normal values with every default filled in, and a problem for each that breaks a rule."""
    clean = dict(entry.defaults)
    problems: list[Problem] = []
    kinds = entry.kinds
    derived = dict(entry.derived) if entry.derived else {}
    for name, value in params.items():
        kind = kinds.get(name)
        if kind is None:
            problems.append(_unknown(entry, name, layer))
            if len(problems) > MOST_UNKNOWN:
                break
        elif value is not None or name not in derived:  # null leaves a derived default to be derived, as in Keras
            try:
                clean[name] = kind.clean(value)
            except Refused as refused:
                problems.append(refused_param(name, refused, layer))
                clean.pop(name, None)
    problems += [_missing(entry, name, layer) for name in entry.required if name not in params]
    for name, other in derived.items():
        if other in clean and name not in clean and params.get(name) is None:
            clean[name] = clean[other]
    if not problems and entry.rules is not no_rules:
        problems += [
            problem(broken.rule, broken.received, layer=layer, param=broken.param, hint=broken.hint)
            for broken in entry.rules(clean)
        ]
    return clean, problems


def refused_param(name: str, refused: Refused, layer: str | None) -> Problem:
    """A kind's refusal, as a problem of a parameter."""
    path = f"{name}{refused.path}"
    return problem(f"{path} must be {refused.must_be}", refused.received, layer=layer, param=path, hint=refused.hint)


def _unknown(entry: Entry, name: str, layer: str | None) -> Problem:
    hint = closest(name, list(entry.kinds)) or _ELSEWHERE.get(name)
    if hint is None:
        hint = f"{entry.type} has {', '.join(entry.kinds)}" if entry.kinds else f"{entry.type} has no parameters"
    return problem(f"the parameter must be one that {entry.type} has", name, layer=layer, param=name[:200], hint=hint)


def _missing(entry: Entry, name: str, layer: str | None) -> Problem:
    doc = next(p.doc for p in entry.params if p.name == name)
    return problem(f"{name} must be given", None, layer=layer, param=name, hint=doc)
