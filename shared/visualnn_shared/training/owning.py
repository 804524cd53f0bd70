"""Which labels each output of a net learns from: those of its name, else those that all outputs share."""

import re
from collections.abc import Mapping, Sequence

from visualnn_shared.catalogue.kinds import closest
from visualnn_shared.datasets.schema import LabelSchema
from visualnn_shared.spec.problem import Problem, problem

_APART = re.compile(r"[^0-9A-Za-z]+")


def own_labels(
    outputs: Sequence[str], labels: Sequence[LabelSchema], asked: Mapping[str, str]
) -> tuple[dict[str, LabelSchema], list[Problem]]:
    """Output -> its labels, and every problem: outputs without labels, labels without an output.

    ``asked``: what the user says, before all; where he does, labels that no output takes are left out.
    """
    by_name = {label.name: label for label in labels}
    problems = _unknown(outputs, by_name, asked)
    shared = _shared(outputs, labels)
    found: dict[str, LabelSchema] = {}
    for name in outputs:
        label = by_name.get(asked.get(name, ""), _named(name, labels) or shared)
        if label is not None:
            found[name] = label
        elif name not in asked:
            rule = "every output must have labels: of its own name, or one array y for all"
            hint = (
                f'name the arrays y_train_{plain(name)}, or say it with "labels_of": {{"{name}": "{labels[0].name}"}}'
            )
            received = f"output {name}; the data set has labels {_listed(labels)}"
            problems.append(problem(rule, received, layer=name, field="params.labels_of", hint=hint))
    taken = {label.name for label in found.values()}
    for label in labels if not asked else ():
        if label.name not in taken:
            rule = "all labels must be of an output"
            hint = 'name the output so, say whose they are with "labels_of", or leave them out of the data set'
            received = f"labels {label.name}; outputs are {', '.join(outputs[:10])}"
            problems.append(problem(rule, received, field=label.name, hint=hint))
    return found, problems


def plain(name: str) -> str:
    """A name as arrays have it: other characters than letters and digits are one underscore."""
    return _APART.sub("_", name)


def _named(output: str, labels: Sequence[LabelSchema]) -> LabelSchema | None:
    exact = next((label for label in labels if label.name == output), None)
    return exact or next((label for label in labels if plain(label.name) == plain(output)), None)


def _shared(outputs: Sequence[str], labels: Sequence[LabelSchema]) -> LabelSchema | None:
    """Labels for every output that has none of its own: those called y, or the only ones, if they are nobody's own."""
    named = next((label for label in labels if label.plain), None)
    if named is not None or len(labels) != 1:
        return named
    own = any(_named(output, labels) for output in outputs)
    return None if own and len(outputs) > 1 else labels[0]


def _unknown(outputs: Sequence[str], labels: Mapping[str, LabelSchema], asked: Mapping[str, str]) -> list[Problem]:
    found = []
    for output, name in asked.items():
        where = f"params.labels_of.{output}"[:200]
        if output not in outputs:
            rule = f"labels_of must name outputs of the network ({', '.join(outputs[:10])})"
            found.append(problem(rule, output, field=where, hint=closest(output, list(outputs))))
        if name not in labels:
            rule = f"labels_of must name labels of the data set ({_listed(list(labels.values()))})"
            found.append(problem(rule, name, field=where, hint=closest(name, list(labels))))
    return found


def _listed(labels: Sequence[LabelSchema]) -> str:
    return ", ".join(label.name for label in labels[:10])
