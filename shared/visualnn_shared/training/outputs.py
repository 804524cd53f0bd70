"""Nets with several outputs: a loss for each, all of the same labels, and what each counts in the sum."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from visualnn_shared.catalogue.kinds import closest
from visualnn_shared.datasets.schema import LabelSchema
from visualnn_shared.spec.problem import Problem, problem
from visualnn_shared.training.head import Head
from visualnn_shared.training.loss_options import clean_loss, name_of, options_of
from visualnn_shared.training.losses import Joined, join
from visualnn_shared.training.recipe import LossChoice, TrainParams


@dataclass(frozen=True, slots=True)
class End:
    """An output and the loss that it is trained with."""

    head: Head
    joined: Joined
    loss: str | LossChoice
    """In normal form."""
    weight: float

    @property
    def name(self) -> str:
        """As the spec names the output."""
        return str(self.head.ref)


def ends(heads: list[Head], label: LabelSchema, params: TrainParams) -> tuple[list[End], list[Problem]]:
    """Every output with its loss, the first of the net first; and every problem."""
    problems = _name_problems(heads, params)
    found = []
    for place, head in enumerate(heads):
        name = str(head.ref)
        where = f"params.losses.{name}"
        wanted: str | LossChoice | None = params.losses.get(name)
        if wanted is None and place == 0:
            wanted, where = params.loss, "params.loss"
        loss, wrong = clean_loss(wanted, where)
        joined = join(head, label, None if loss is None else name_of(loss), _options(loss))  # type: ignore[arg-type]
        problems += wrong or joined.problems
        if isinstance(loss, LossChoice) and not wrong and joined.loss == loss.name:
            chosen: str | LossChoice = loss
        else:
            chosen = joined.loss
        found.append(End(head, joined, chosen, params.loss_weights.get(name, 1.0)))
    return found, problems


def _options(loss: Any) -> Mapping[str, Any]:
    return options_of(loss) if isinstance(loss, LossChoice) else {}


def _name_problems(heads: list[Head], params: TrainParams) -> list[Problem]:
    """Losses and weights must be of outputs; each output of a layer of its own, which is how Keras tells them apart."""
    names = [str(head.ref) for head in heads]
    problems = []
    for field in ("losses", "loss_weights"):
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
    weights = [params.loss_weights.get(name, 1.0) for name in names]
    if not any(weights):
        problems.append(problem("loss_weights must have a weight above 0", weights, field="params.loss_weights"))
    return problems
