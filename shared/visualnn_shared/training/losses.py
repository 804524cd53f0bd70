"""Labels and a net's head: which loss joins them, how labels are prepared for it, and which metrics mean something."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from visualnn_shared.datasets.schema import LabelSchema
from visualnn_shared.spec.problem import Problem, problem
from visualnn_shared.training.features import same_shape, show
from visualnn_shared.training.head import Head
from visualnn_shared.training.labels import (
    as_floats,
    class_names,
    class_problems,
    pair_problems,
    range_problems,
    sequence_problems,
    size_problems,
)
from visualnn_shared.training.names import Loss, Metric
from visualnn_shared.training.serving import Cast, OneHot, Scale, ScoresBy, Step, Task

Reading = Literal["index", "one_hot", "rows", "binary", "flags", "real", "sign", "pair", "sequence"]
"""How labels are used: class indexes; indexes made rows; rows of shares, one per class; 0 or 1; several of 0 or 1;
numbers; -1 or 1; 1 for two that are alike; a row of symbols."""

_ELEMENTWISE: frozenset[Loss] = frozenset({"mse", "mae", "huber", "poisson"})
_PER_CLASS: frozenset[Loss] = _ELEMENTWISE | {
    "categorical_crossentropy", "kl_divergence", "categorical_hinge", "cosine_similarity", "binary_crossentropy",
}  # fmt: skip
LOSSES: dict[Reading, frozenset[Loss]] = {
    "index": frozenset({"sparse_categorical_crossentropy", "multiclass_hinge"}),
    "one_hot": _PER_CLASS,
    "rows": _PER_CLASS,
    "binary": _ELEMENTWISE | {"binary_crossentropy"},
    "flags": _ELEMENTWISE | {"binary_crossentropy", "cosine_similarity"},
    "real": _ELEMENTWISE | {"cosine_similarity"},
    "sign": frozenset({"hinge", "squared_hinge"}),
    "pair": frozenset({"contrastive"}),
    "sequence": frozenset({"ctc"}),
}
"""Losses that mean something for labels used so."""

_TOP: frozenset[Metric] = frozenset({"accuracy", "top_5_accuracy"})
_ACCURACY: frozenset[Metric] = frozenset({"accuracy"})
_FLAGS: frozenset[Metric] = frozenset({"auc", "precision", "recall"})
_ERRORS: frozenset[Metric] = frozenset({"mse", "mae"})
METRICS: dict[Reading, frozenset[Metric]] = {
    "index": _TOP,
    "one_hot": _TOP | _FLAGS | _ERRORS,
    "rows": _TOP | _FLAGS | _ERRORS,
    "binary": _ACCURACY | _FLAGS | _ERRORS,
    "flags": _ACCURACY | _FLAGS | _ERRORS,
    "real": _ERRORS,
    "sign": _ACCURACY | _FLAGS,
    "pair": frozenset(),
    "sequence": frozenset(),
}
"""Metrics that mean something for labels used so."""


@dataclass(slots=True)
class Joined:
    """A loss for a head and labels."""

    loss: Loss
    why: str
    reading: Reading
    task: Task
    steps: tuple[Step, ...] = ()
    classes: tuple[str, ...] | None = None
    problems: list[Problem] = field(default_factory=list)
    scores_by: ScoresBy | None = None
    """What makes shares of the head's values; None where they are shares, or none are meant."""


def join(head: Head, label: LabelSchema, loss: Loss | None, options: Mapping[str, Any] | None = None) -> Joined:
    """The loss (the given one, checked, or the one that fits), the label steps, the task and the class names.

    ``options``: the loss's parameters; with ``from_logits`` the head is read as if its function followed it.
    """
    if not (options or {}).get("from_logits"):
        return _join(head, label, loss)
    function: ScoresBy = "sigmoid" if loss == "binary_crossentropy" else "softmax"
    found = _join(replace(head, activation=function), label, loss)
    found.scores_by = function
    return found


def _join(head: Head, label: LabelSchema, loss: Loss | None) -> Joined:
    if loss == "contrastive":
        return Joined(loss, "", "pair", "regression", as_floats(head, label), problems=pair_problems(head, label))
    if loss == "ctc":
        cast = (Cast(dtype="int32"),)
        return Joined(loss, "", "sequence", "sequence", cast, problems=sequence_problems(head, label))
    if loss in ("hinge", "squared_hinge"):
        return _signs(head, label, loss)
    if head.activation == "softmax":
        return _softmax(head, label, loss)
    if head.activation == "sigmoid":
        return _one_sigmoid(head, label, loss) if head.units == 1 else _sigmoids(head, label, loss)
    if loss in ("categorical_hinge", "multiclass_hinge"):
        return _class_rows(head, label, loss)
    return _numbers(head, label, loss)


def metrics_for(joined: Joined) -> tuple[Metric, ...]:
    """What to report where the user does not say: accuracy of classes, the mean error of numbers."""
    if not METRICS[joined.reading]:
        return ()
    if joined.reading == "real":
        return ("mse",) if joined.loss == "mae" else ("mae",)
    return ("accuracy",)


def metrics_that_fit(joined: Joined) -> frozenset[Metric]:
    """Those that mean something; from logits, only what looks at order or at a threshold."""
    known = METRICS[joined.reading]
    if joined.scores_by in (None, "margin"):
        return known
    return known & (_TOP if joined.scores_by == "softmax" else _ACCURACY | _FLAGS)


def metric_problems(joined: Joined, metrics: tuple[Metric, ...], head: Head, field: str) -> list[Problem]:
    """Metrics that say nothing about these labels and this head; ``field`` is where they are given."""
    problems = []
    for index, metric in enumerate(metrics):
        where = f"{field}.{index}"
        if metric in metrics[:index]:
            problems.append(problem("metrics must differ", metric, field=where))
        elif metric not in metrics_that_fit(joined):
            known = ", ".join(sorted(metrics_that_fit(joined)))
            hint = f"these fit: {known}" if known else "there is none: leave metrics empty"
            if joined.reading == "index" and metric in METRICS["one_hot"]:
                hint += "; with loss categorical_crossentropy labels are one-hot and it fits too"
            problems.append(
                problem(f"a metric must mean something for {_USED[joined.reading]}", metric, field=where, hint=hint)
            )
        elif metric == "top_5_accuracy" and head.units <= 5:
            problems.append(problem("top_5_accuracy must come with more than 5 classes", head.units, field=where))
    return problems


def weighs(joined: Joined) -> bool:
    """Whether the labels are of classes, each of which can count more or less."""
    return joined.classes is not None and joined.reading in ("index", "one_hot", "binary", "sign")


def class_weight_problems(joined: Joined, weights: Literal["balanced"] | tuple[float, ...] | None) -> list[Problem]:
    """Weights of classes must be of classes: one for each that the head tells apart, and not all 0."""
    if weights is None:
        return []
    where = "params.class_weight"
    if joined.classes is None or not weighs(joined):
        rule = "class_weight must come with labels that are class numbers"
        return [problem(rule, _USED[joined.reading], field=where)]
    if weights == "balanced":
        return []
    if len(weights) != len(joined.classes):
        return [problem(f"class_weight must have one weight for each of {len(joined.classes)} classes", len(weights),
                        field=where)]  # fmt: skip
    return [] if any(weights) else [problem("class_weight must have a weight above 0", list(weights), field=where)]


_USED: dict[Reading, str] = {
    "index": "labels that are class numbers", "one_hot": "one-hot labels", "rows": "labels with a share for each class",
    "binary": "labels of two classes", "flags": "several yes/no labels", "real": "labels that are real numbers",
    "sign": "labels of -1 and 1", "pair": "labels of pairs", "sequence": "labels that are rows of symbols",
}  # fmt: skip


def _softmax(head: Head, label: LabelSchema, loss: Loss | None) -> Joined:
    if head.units == 1:
        found = Joined("sparse_categorical_crossentropy", "", "index", "classification")
        hint = "use sigmoid for one unit, or a unit for each class"
        rule = "a softmax head must have more than one unit (over one, it is always 1)"
        found.problems.append(problem(rule, head.units, layer=head.ref.layer, hint=hint))
        return found
    if label.classes is None and same_shape(head.shape, label.shape) and label.shape:
        return _shares(head, label, loss)
    return _class_rows(head, label, loss)


def _class_rows(head: Head, label: LabelSchema, loss: Loss | None) -> Joined:
    """One class for each sample (or position), a unit for each class."""
    classes = class_names(label, head.units)
    if loss is None or loss in LOSSES["index"]:
        why = f"{head.ref} is a softmax over {head.units} classes and labels are class numbers"
        found = Joined(
            loss or "sparse_categorical_crossentropy", why, "index", "classification", (Cast(dtype="int32"),), classes
        )
        found.problems += _loss_problems(found, head)
    else:
        steps = (Cast(dtype="int32"), OneHot(classes=head.units))
        found = Joined(loss, "", "one_hot", "classification", steps, classes)
        found.problems += _loss_problems(found, head)
    if not same_shape(head.shape[:-1], label.shape):
        found.problems.append(_unlike(head, label))
    else:
        found.problems += class_problems(head, label, head.units)
    return found


def _unlike(head: Head, label: LabelSchema) -> Problem:
    """A net that tells classes at other positions than the labels have."""
    if not head.shape[:-1]:
        rule, hint = "labels must be one class for each sample", None
    else:
        answers = show(head.shape[:-1])
        rule = f"labels must be one class for each answer of {head.ref}, which gives {answers} of them a sample"
        hint = "a Flatten, or a global pooling, before the net's last Dense layers makes it one answer"
    return problem(
        rule, show(label.shape), layer=head.ref.layer, field=label.name, hint=hint if not label.shape else None
    )


def _shares(head: Head, label: LabelSchema, loss: Loss | None) -> Joined:
    """Labels that are rows already, one number for each class."""
    why = f"{head.ref} is a softmax and labels have a number for each of its {head.units} classes"
    steps = as_floats(head, label)
    found = Joined(
        loss or "categorical_crossentropy", why, "rows", "classification", steps, class_names(label, head.units)
    )
    found.problems += _loss_problems(found, head) + range_problems(label, "rows of shares, one for each class")
    return found


def _one_sigmoid(head: Head, label: LabelSchema, loss: Loss | None) -> Joined:
    steps = as_floats(head, label)
    if label.whole or label.classes:
        why = f"{head.ref} is one sigmoid unit and labels have two classes"
        found = Joined(loss or "binary_crossentropy", why, "binary", "binary", steps, class_names(label, 2))
        found.problems += class_problems(head, label, 2)
    else:
        why = f"{head.ref} gives numbers from 0 to 1 and so are the labels"
        found = Joined(loss or "mse", why, "real", "regression", steps)
        if loss == "binary_crossentropy":  # soft labels: a share instead of 0 or 1
            found.reading = "binary"
        found.problems += range_problems(label, "what a sigmoid can give")
    found.problems += _loss_problems(found, head) + size_problems(head, label)
    return found


def _sigmoids(head: Head, label: LabelSchema, loss: Loss | None) -> Joined:
    yes_or_no = label.classes is None or len(label.classes) == 2
    if yes_or_no and same_shape(head.shape, label.shape):
        why = f"{head.ref} has {head.units} sigmoid units and labels have as many values"
        found = Joined(loss or "binary_crossentropy", why, "flags", "regression", as_floats(head, label))
        found.problems += _loss_problems(found, head) + range_problems(label, "what sigmoids can give")
        return found
    found = _class_rows(head, label, loss or "binary_crossentropy")
    found.why = f"{head.ref} has a sigmoid unit for each of {head.units} classes"
    return found


def _numbers(head: Head, label: LabelSchema, loss: Loss | None) -> Joined:
    why = f"{head.ref} gives real numbers ({head.activation}) and labels are numbers"
    found = Joined(loss or "mse", why, "real", "regression", as_floats(head, label))
    if label.classes is not None:
        rule = f"labels that are classes must come with a softmax head of {len(label.classes)} units"
        rule += ", or one sigmoid unit" if len(label.classes) == 2 else ""
        where: dict[str, Any] = {"layer": head.ref.layer, "param": "activation"}
        found.problems.append(problem(rule, head.activation, hint=_as_classes(head, loss), **where))
        return found
    found.problems += _loss_problems(found, head) or size_problems(head, label)
    if loss == "poisson" and head.activation in _BELOW_0:
        rule = "poisson must come with a head that is above 0: it takes the logarithm of what the head gives"
        where = {"layer": head.ref.layer, "param": "activation", "field": "params.loss"}
        hint = f"give {head.ref} the activation softplus or exponential"
        found.problems.append(problem(rule, head.activation, hint=hint, **where))
    if loss == "poisson" and label.min < 0:
        found.problems.append(problem("labels must not be negative with loss poisson", label.min, field=label.name))
    return found


def _as_classes(head: Head, loss: Loss | None) -> str:
    """Both ways from a head without a function to classes."""
    function, cross = ("sigmoid", "binary_crossentropy") if head.units == 1 else ("softmax", "categorical_crossentropy")
    if loss in _ELEMENTWISE:
        return f"give {head.ref} the activation {function}: {loss} of its shares is taken too"
    if head.units > 1 and loss != cross:
        cross = f"sparse_{cross}"
    return f'give {head.ref} the activation {function}, or the loss {{"name": "{cross}", "from_logits": true}}'


def _signs(head: Head, label: LabelSchema, loss: Loss) -> Joined:
    """A value whose sign tells two classes apart; of several values each one does, and no class has a name.

    Labels become 0 and 1, as accuracy takes them; Keras makes -1 and 1 of them for the loss.
    """
    found = Joined(loss, "", "sign", "regression", as_floats(head, label))
    if label.min < 0:
        found.steps += (Scale(factor=0.5, offset=0.5),)
    if math.prod(dim or 0 for dim in head.shape) == 1:
        found.task, found.scores_by = "binary", "margin"
        found.classes = class_names(label, 2) if label.min >= 0 else ("-1", "1")
    if head.activation in ("softmax", "sigmoid"):
        rule = f"{loss} must come with a head that can be negative (linear or tanh)"
        where: dict[str, Any] = {"layer": head.ref.layer, "param": "activation", "field": "params.loss"}
        found.problems.append(problem(rule, head.activation, **where))
        return found
    if not (label.whole and {label.min, label.max} <= {-1, 0, 1} and (label.min, label.max) != (-1, 0)):
        rule = f"labels must be 0 and 1, or -1 and 1, with loss {loss}"
        found.problems.append(problem(rule, f"{label.min:g} to {label.max:g}", field=label.name))
    found.problems += size_problems(head, label)
    return found


_BELOW_0 = frozenset({
    "linear", "tanh", "elu", "selu", "celu", "leaky_relu", "gelu", "silu", "swish", "mish", "softsign", "hard_tanh",
    "hard_silu", "hard_swish", "hard_shrink", "soft_shrink", "tanh_shrink", "log_softmax", "log_sigmoid",
})  # fmt: skip
"""Functions that give values below 0 too."""
_NEEDS_HEAD: dict[str, tuple[str, ...]] = {
    "sparse_categorical_crossentropy": ("softmax",),
    "categorical_crossentropy": ("softmax",),
    "binary_crossentropy": ("sigmoid", "softmax"),
    "kl_divergence": ("softmax", "sigmoid"),
}


def _loss_problems(found: Joined, head: Head) -> list[Problem]:
    needs = _NEEDS_HEAD.get(found.loss)
    if needs and head.activation not in needs:
        rule = f"{found.loss} must come with a head that gives shares ({' or '.join(needs)})"
        hint = f"give {head.ref} that activation"
        if found.loss.endswith("crossentropy"):
            hint += f', or the loss {{"name": "{found.loss}", "from_logits": true}}'
        return [
            problem(rule, head.activation, layer=head.ref.layer, param="activation", field="params.loss", hint=hint)
        ]
    if found.loss not in LOSSES[found.reading]:
        hint = f"these fit: {', '.join(sorted(LOSSES[found.reading]))}"
        return [
            problem(
                f"the loss must mean something for {_USED[found.reading]}", found.loss, field="params.loss", hint=hint
            )
        ]
    return []
