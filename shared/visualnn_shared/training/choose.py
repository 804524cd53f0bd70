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
from visualnn_shared.training.accumulating import accumulation_problems
from visualnn_shared.training.augmentation import augmentation_problems
from visualnn_shared.training.features import Feeding, feed
from visualnn_shared.training.fit import Fit, plan_evaluate, plan_predict
from visualnn_shared.training.freezing import freeze, frozen_layers
from visualnn_shared.training.full_batch import full_batch_problems
from visualnn_shared.training.head import heads
from visualnn_shared.training.loss_options import as_choice
from visualnn_shared.training.losses import class_weight_problems, weighs
from visualnn_shared.training.optimizers import OPTIMIZERS, clean_optimizer
from visualnn_shared.training.outputs import End, ends, measured
from visualnn_shared.training.parallel import devices_problems
from visualnn_shared.training.pipeline import Planned
from visualnn_shared.training.recipe import Chosen, Optimizer, TrainParams
from visualnn_shared.training.schedule import schedule_problems
from visualnn_shared.training.serving import Meaning, Serving, TensorSpec
from visualnn_shared.training.sizes import size_problems
from visualnn_shared.training.snapshots import snapshot_problems
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
    ends: tuple[End, ...] = ()
    """Every output with its loss, in order."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Output -> name of the data set's labels that it learns from."""
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
    problems += unknown or _net_problems(freeze(resolved, frozen), params)
    problems += _sample_problems(splits, params) + schedule_problems(params.schedule, params.epochs)
    problems += snapshot_problems(params)
    problems += [] if feeding.problems else size_problems(resolved, feeding.fed)
    problems += augmentation_problems(params.augmentation, schema.features) + stratify_problems(params, schema)
    problems += full_batch_problems(resolved, params) + devices_problems(params, _training_samples(splits, params))
    wanted = params.optimizer if isinstance(params.optimizer, Optimizer) else Optimizer(name=params.optimizer or "adam")
    optimizer, wrong = clean_optimizer(wanted, params.learning_rate)
    problems += wrong
    if not problems:
        steps = (optimizer.model_extra or {}).get("gradient_accumulation_steps")
        problems += accumulation_problems(params, steps, _training_samples(splits, params), params.batch_size)
    found = _ends(resolved, schema, params, problems)
    if problems or not found:
        raise Invalid("the training job", problems)
    joined = found[0].joined
    complete = params.model_copy(
        update={
            "optimizer": optimizer,
            "learning_rate": (optimizer.model_extra or {})["learning_rate"],
            "loss": found[0].loss,
            "losses": {end.name: as_choice(end.loss) for end in found[1:]},
            "labels_of": {end.name: end.label.name for end in found} if len(schema.labels) > 1 else {},
            "metrics": found[0].metrics,
            "output_metrics": {end.name: end.metrics for end in found[1:] if end.metrics},
            "batch_size": min(params.batch_size, _training_samples(splits, params)),
            "keep": params.keep or ("best" if params.early_stopping else "last"),
        }
    )
    serving = Serving(
        inputs=tuple(feeding.raw),
        outputs=tuple(TensorSpec(name=end.name, shape=end.head.shape, dtype="float32") for end in found),
        preprocessing=feeding.ready,
        labels=joined.steps,
        task=joined.task,
        classes=joined.classes,
        label=found[0].label.name,
        others={end.name: _meaning(end) for end in found[1:]},
        scores_by=joined.scores_by,
    )
    chosen = _chosen(params, complete, feeding, found, serving)
    return Plan(
        complete, chosen, serving, feeding.features, frozenset(frozen), tuple(found),
        {end.name: end.label.name for end in found}, feeding.asked,
    )  # fmt: skip


def _meaning(end: End) -> Meaning:
    joined = end.joined
    return Meaning(
        label=end.label.name, labels=joined.steps, scores_by=joined.scores_by, task=joined.task, classes=joined.classes
    )


def _ends(resolved: Resolved, schema: DatasetSchema, params: TrainParams, problems: list[Problem]) -> list[End]:
    """Outputs and losses; what is wrong with them goes to ``problems``."""
    if not schema.labels:
        hint = "add y_train to an npz, or a column named label to a csv"
        problems.append(problem("a data set must have labels to train on", "none", field="dataset", hint=hint))
        return []
    found, wrong = ends(heads(resolved), schema.labels, params)
    problems += wrong
    if not wrong:
        classes = [end for end in found if weighs(end.joined)] if params.class_weight == "balanced" else []
        problems += class_weight_problems((classes or found)[0].joined, params.class_weight)
        problems += _watch_problems(found, params)
    return found


def _watch_problems(found: list[End], params: TrainParams) -> list[Problem]:
    """What is watched must be measured."""
    names = measured(found)
    problems = []
    for name in ("schedule", "early_stopping"):
        monitor = getattr(getattr(params, name), "monitor", None)
        problems += monitor_problems(monitor, names, params.validation_split > 0, f"params.{name}.monitor")
    return problems


def _net_problems(resolved: Resolved, params: TrainParams) -> list[Problem]:
    if not any(weight.trainable for layer in resolved.layers for weight in layer.weights):
        if params.frozen:
            rule = "frozen must leave weights that can be trained"
            return [problem(rule, list(params.frozen), field="params.frozen", hint="freeze fewer layers")]
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


def _chosen(params: TrainParams, complete: TrainParams, feeding: Feeding, found: list[End], serving: Serving) -> Chosen:
    """What was chosen, and why; only what the user left open."""
    chosen: Chosen = {}
    joined = found[0].joined
    optimizer = complete.optimizer
    assert isinstance(optimizer, Optimizer)
    if params.optimizer is None:
        chosen["optimizer"] = {"value": optimizer.name, "why": _ADAM}
    given = isinstance(params.optimizer, Optimizer) and "learning_rate" in (params.optimizer.model_extra or {})
    if params.learning_rate is None and not given:
        whose = "Keras' default" if OPTIMIZERS[optimizer.name].keras_class else "the first step of a line search"
        why = f"{whose} for {optimizer.name}"
        chosen["learning_rate"] = {"value": complete.learning_rate, "why": why}
    if params.loss is None and found[0].name not in params.losses:
        chosen["loss"] = {"value": joined.loss, "why": joined.why}
    left = [end for end in found[1:] if end.name not in params.losses]
    if left:
        losses = {end.name: end.joined.loss for end in left}
        chosen["losses"] = {"value": losses, "why": "; ".join(dict.fromkeys(end.joined.why for end in left))}
    if len({end.label.name for end in found}) > 1 and complete.labels_of != params.labels_of:
        why = "an output learns from the labels of its name, or those that all share"
        chosen["labels_of"] = {"value": complete.labels_of, "why": why}
    if complete.output_metrics != params.output_metrics:
        why = "the usual measures of outputs with labels of their own"
        measures = {name: list(metrics) for name, metrics in complete.output_metrics.items()}
        chosen["output_metrics"] = {"value": measures, "why": why}
    if params.metrics is None and found[0].name not in params.output_metrics:
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
