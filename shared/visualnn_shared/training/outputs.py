"""Nets with several outputs: for each its labels, its loss, its metrics, and what the loss counts in the sum."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from visualnn_shared.catalogue.kinds import closest
from visualnn_shared.datasets.schema import LabelSchema
from visualnn_shared.spec.problem import Problem, problem
from visualnn_shared.training.head import Head
from visualnn_shared.training.loss_options import clean_loss, name_of, options_of
from visualnn_shared.training.losses import Joined, join, metric_problems, metrics_for
from visualnn_shared.training.names import Metric
from visualnn_shared.training.owning import own_labels
from visualnn_shared.training.recipe import LossChoice, TrainParams


@dataclass(frozen=True, slots=True)
class End:
    """An output and the loss that it is trained with."""

    head: Head
    joined: Joined
    loss: str | LossChoice
    """In normal form."""
    weight: float
    label: LabelSchema
    """What it learns from."""
    metrics: tuple[Metric, ...]

    @property
    def name(self) -> str:
        """As the spec names the output."""
        return str(self.head.ref)


def ends(heads: list[Head], labels: Sequence[LabelSchema], params: TrainParams) -> tuple[list[End], list[Problem]]:
    """Every output with its labels and loss, the first of the net first; and every problem."""
    problems = _name_problems(heads, params)
    names = [str(head.ref) for head in heads]
    owned, wrong = own_labels(names, labels, params.labels_of)
    problems += wrong
    found: list[End] = []
    for place, (name, head) in enumerate(zip(names, heads, strict=True)):
        if name not in owned:
            continue
        label = owned[name]
        where = f"params.losses.{name}"
        wanted: str | LossChoice | None = params.losses.get(name)
        if wanted is None and place == 0:
            wanted, where = params.loss, "params.loss"
        loss, wrong = clean_loss(wanted, where)
        joined = join(head, label, None if loss is None else name_of(loss), _options(loss))  # type: ignore[arg-type]
        problems += wrong or [_placed(one, where) for one in joined.problems]
        if isinstance(loss, LossChoice) and not wrong and joined.loss == loss.name:
            chosen: str | LossChoice = loss
        else:
            chosen = joined.loss
        end = End(head, joined, chosen, params.loss_weights.get(name, 1.0), label, ())
        end = replace(end, metrics=_metrics(end, place == 0, owned.get(names[0]), params))
        found.append(end)
        if not wrong and not joined.problems:
            at = "params.metrics" if place == 0 and name not in params.output_metrics else _at("output_metrics", name)
            problems += metric_problems(joined, end.metrics, head, at)
    return found, problems


def measured(found: Sequence[End]) -> list[str]:
    """Names of what is measured besides the whole loss, as logs and a job's metrics have them."""
    names: list[str] = list(found[0].metrics)
    names += [f"{end.name}_loss" for end in found] if len(found) > 1 else []
    return names + [f"{end.name}_{metric}" for end in found[1:] for metric in end.metrics]


def _placed(wrong: Problem, where: str) -> Problem:
    """A problem of an output's loss, where that loss is given."""
    if wrong.where.field != "params.loss":
        return wrong
    return wrong.model_copy(update={"where": wrong.where.model_copy(update={"field": where})})


def _metrics(end: End, first: bool, label_of_first: LabelSchema | None, params: TrainParams) -> tuple[Metric, ...]:
    """What the user says; else what suits the output, and nothing where it answers as the first one does."""
    if end.name in params.output_metrics:
        return params.output_metrics[end.name]
    if first and params.metrics is not None:
        return params.metrics
    return metrics_for(end.joined) if first or end.label != label_of_first else ()


def _at(field: str, name: str) -> str:
    return f"params.{field}.{name}"[:200]


def _options(loss: Any) -> Mapping[str, Any]:
    return options_of(loss) if isinstance(loss, LossChoice) else {}


def _name_problems(heads: list[Head], params: TrainParams) -> list[Problem]:
    """Losses and weights must be of outputs; each output of a layer of its own, which is how Keras tells them apart."""
    names = [str(head.ref) for head in heads]
    problems = []
    for field in ("losses", "loss_weights", "output_metrics"):
        for name in getattr(params, field).keys() - set(names):
            rule = f"{field} must name outputs of the network ({', '.join(names[:10])})"
            problems.append(problem(rule, name, field=f"params.{field}.{name}"[:200], hint=closest(name, names)))
    layers = [head.ref.layer for head in heads]
    for layer in sorted({layer for layer in layers if layers.count(layer) > 1}):
        rule = "outputs that are trained must be of different layers"
        problems.append(problem(rule, layer, layer=layer, hint="put a layer, such as Activation linear, after each"))
    if params.loss is not None and names[0] in params.losses:
        rule = "the first output's loss must be given once, as loss or in losses"
        problems.append(problem(rule, names[0], field=f"params.losses.{names[0]}"[:200]))
    if params.metrics is not None and names[0] in params.output_metrics:
        rule = "the first output's metrics must be given once, as metrics or in output_metrics"
        problems.append(problem(rule, names[0], field=_at("output_metrics", names[0])))
    weights = [params.loss_weights.get(name, 1.0) for name in names]
    if not any(weights):
        problems.append(problem("loss_weights must have a weight above 0", weights, field="params.loss_weights"))
    return problems
