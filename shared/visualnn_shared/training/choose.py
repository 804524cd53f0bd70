"""From a net, a data set and what the user asked for to a complete recipe; every contradiction at once.

The gateway plans before a job is queued, the worker plans again before it trains: the same function, the same result.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from visualnn_shared.analysis.walk import Resolved, resolve
from visualnn_shared.datasets.schema import DatasetSchema
from visualnn_shared.errors import Invalid, SpecInvalid
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.problem import Problem, problem
from visualnn_shared.training.augmentation import augmentation_problems
from visualnn_shared.training.features import Feeding, feed
from visualnn_shared.training.fit import Fit, plan_evaluate, plan_predict
from visualnn_shared.training.freezing import freeze, frozen_layers
from visualnn_shared.training.head import Head, heads
from visualnn_shared.training.losses import Joined, class_weight_problems, join, metric_problems, metrics_for
from visualnn_shared.training.optimizers import clean_optimizer
from visualnn_shared.training.pipeline import Planned
from visualnn_shared.training.recipe import Chosen, Optimizer, TrainParams
from visualnn_shared.training.schedule import schedule_problems
from visualnn_shared.training.serving import Serving, TensorSpec
from visualnn_shared.training.sizes import size_problems
from visualnn_shared.training.stopping import monitor_problems

__all__ = ["Fit", "Plan", "plan", "plan_evaluate", "plan_predict"]

_ADAM = "adam adapts its step to each weight and works on most nets without tuning"


_NO_GRADIENT = {"ArgMax", "Threshold", "Discretization", "Hashing", "HashedCrossing", "IntegerLookup", "StringLookup"}
"""Layers whose outputs are places or kinds, or jump."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All that training needs to know."""

    params: TrainParams
    """Complete: optimizer with its learning rate, loss and metrics are set."""
    chosen: Chosen
    serving: Serving
    features: dict[str, str]
    """Input name -> the data set's feature that feeds it."""
    frozen: frozenset[str] = frozenset()
    """Layers that keep their weights."""
    preprocessing: Mapping[str, tuple[Planned, ...]] = field(default_factory=dict)
    """Input name -> all its steps, also those that the training split completes."""

    @property
    def waits(self) -> bool:
        """Whether the serving lacks preprocessing that is learned from the training split."""
        return dict(self.preprocessing) != self.serving.preprocessing


def plan(
    model: Spec | Resolved, schema: DatasetSchema | Mapping[str, Any], splits: Mapping[str, int], params: TrainParams
) -> Plan:
    """Fill in what ``params`` leave out. Raises SpecInvalid, or Invalid with every problem of the combination."""
    resolved = resolve(model) if isinstance(model, Spec) else model
    if resolved.problems:
        raise SpecInvalid(resolved.problems, resolved.name)
    schema = schema if isinstance(schema, DatasetSchema) else DatasetSchema.model_validate(schema)
    feeding = feed(resolved, schema, params.preprocessing)
    problems = list(feeding.problems)
    frozen, unknown = frozen_layers(resolved, params.frozen)
    problems += unknown or _net_problems(freeze(resolved, frozen))
    problems += _sample_problems(splits, params) + schedule_problems(params.schedule, params.epochs)
    problems += [] if feeding.problems else size_problems(resolved, feeding.fed)
    problems += augmentation_problems(params.augmentation, schema.features) + stratify_problems(params, schema)
    wanted = params.optimizer if isinstance(params.optimizer, Optimizer) else Optimizer(name=params.optimizer or "adam")
    optimizer, wrong = clean_optimizer(wanted, params.learning_rate)
    problems += wrong
    head, joined = _joined(resolved, schema, params, problems)
    if problems or head is None or joined is None:
        raise Invalid("the training job", problems)
    complete = params.model_copy(
        update={
            "optimizer": optimizer,
            "learning_rate": (optimizer.model_extra or {})["learning_rate"],
            "loss": joined.loss,
            "metrics": params.metrics if params.metrics is not None else metrics_for(joined),
            "batch_size": min(params.batch_size, _training_samples(splits, params)),
            "keep": params.keep or ("best" if params.early_stopping else "last"),
        }
    )
    serving = Serving(
        inputs=tuple(feeding.raw),
        outputs=(TensorSpec(name=str(head.ref), shape=head.shape, dtype="float32"),),
        preprocessing=feeding.ready,
        labels=joined.steps,
        task=joined.task,
        classes=joined.classes,
    )
    chosen = _chosen(params, complete, feeding, joined, serving)
    return Plan(complete, chosen, serving, feeding.features, frozenset(frozen), preprocessing=feeding.asked)


def _joined(
    resolved: Resolved, schema: DatasetSchema, params: TrainParams, problems: list[Problem]
) -> tuple[Head | None, Joined | None]:
    """Head and loss; what is wrong with them goes to ``problems``."""
    ends = heads(resolved)
    if len(ends) != 1:
        rule = "a net must have one output to be trained"
        problems.append(problem(rule, [str(head.ref) for head in ends], field="outputs"))
    if schema.label is None:
        hint = "add y_train to an npz, or a column named label to a csv"
        problems.append(problem("a data set must have labels to train on", "none", field="dataset", hint=hint))
    if len(ends) != 1 or schema.label is None:
        return None, None
    joined = join(ends[0], schema.label, params.loss)
    problems += joined.problems
    if not joined.problems:
        problems += metric_problems(joined, params.metrics or (), ends[0])
        problems += class_weight_problems(joined, params.class_weight) + _watch_problems(joined, params)
    return ends[0], joined


def _watch_problems(joined: Joined, params: TrainParams) -> list[Problem]:
    """What is watched must be measured."""
    measured = params.metrics if params.metrics is not None else metrics_for(joined)
    found = []
    for name in ("schedule", "early_stopping"):
        monitor = getattr(getattr(params, name), "monitor", None)
        found += monitor_problems(monitor, measured, params.validation_split > 0, f"params.{name}.monitor")
    return found


def _net_problems(resolved: Resolved) -> list[Problem]:
    if not any(weight.trainable for layer in resolved.layers for weight in layer.weights):
        return [problem("a net must have weights that can be trained", "none", field="layers")]
    reached = {ref.layer for ref, _shape in resolved.outputs}
    blocking = []
    for layer in reversed(resolved.layers):
        if layer.name not in reached:
            continue
        if layer.type in _NO_GRADIENT:
            blocking.append(layer)
        elif any(weight.trainable for weight in layer.weights):
            return []
        else:
            reached.update(ref.layer for ref in layer.inputs)
    rule = "a loss must reach weights that can be trained; no gradient passes this layer"
    return [problem(rule, layer.type, layer=layer.name, hint="train without it") for layer in blocking]


def _sample_problems(splits: Mapping[str, int], params: TrainParams) -> list[Problem]:
    """Keras sets aside the tail: the first floor(n (1 - validation_split)) samples train."""
    samples = splits.get("train", 0)
    if samples < 1:
        return [problem("the training split must have samples", samples, field="dataset")]
    train = _training_samples(splits, params)
    if params.validation_split and (train < 1 or train == samples):
        rule = "validation_split must leave samples both to train and to validate"
        received = f"{params.validation_split} of {samples} samples"
        return [problem(rule, received, field="params.validation_split")]
    return []


def stratify_problems(params: TrainParams, schema: DatasetSchema) -> list[Problem]:
    """Shares of classes can be kept where there are classes, and a part that is set aside."""
    if not params.stratify:
        return []
    found = []
    if not params.validation_split:
        found.append(problem("stratify must come with a validation_split", True, field="params.stratify"))
    if schema.label is None or schema.label.n_classes is None or schema.label.shape != ():
        found.append(problem("stratify must have labels that are classes", "none", field="params.stratify"))
    return found


def _training_samples(splits: Mapping[str, int], params: TrainParams) -> int:
    samples = splits.get("train", 0)
    return int(samples * (1 - params.validation_split)) if params.validation_split else samples


def _chosen(params: TrainParams, complete: TrainParams, feeding: Feeding, joined: Joined, serving: Serving) -> Chosen:
    """What was chosen, and why; only what the user left open."""
    chosen: Chosen = {}
    optimizer = complete.optimizer
    assert isinstance(optimizer, Optimizer)
    if params.optimizer is None:
        chosen["optimizer"] = {"value": optimizer.name, "why": _ADAM}
    given = isinstance(params.optimizer, Optimizer) and "learning_rate" in (params.optimizer.model_extra or {})
    if params.learning_rate is None and not given:
        chosen["learning_rate"] = {"value": complete.learning_rate, "why": f"Keras' default for {optimizer.name}"}
    if params.loss is None:
        chosen["loss"] = {"value": joined.loss, "why": joined.why}
    if params.metrics is None:
        what = "numbers" if joined.task == "regression" else "classes"
        chosen["metrics"] = {
            "value": list(complete.metrics or ()),
            "why": f"the usual measure where {what} are predicted",
        }
    if params.keep is None and params.early_stopping:
        chosen["keep"] = {"value": complete.keep, "why": "what comes after the best epoch got no better"}
    if complete.batch_size != params.batch_size:
        why = f"there are only {complete.batch_size} samples to train on: each epoch is one batch"
        chosen["batch_size"] = {"value": complete.batch_size, "why": why}
    if any(feeding.steps.values()):
        value = {name: _plain(steps) for name, steps in feeding.steps.items() if steps}
        chosen["preprocessing"] = {"value": value, "why": "; ".join(feeding.whys) or "the net takes float32"}
    if serving.labels:
        why = f"{joined.loss} takes labels in this form"
        chosen["labels"] = {"value": _plain(serving.labels), "why": why}
    return chosen


def _plain(steps: Iterable[BaseModel]) -> list[dict[str, Any]]:
    return [step.model_dump(mode="json") for step in steps]
