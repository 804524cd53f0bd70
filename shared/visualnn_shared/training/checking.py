"""The plan of a check job: the net as it is checked, its loss, and what its loss should begin with."""

import math
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from visualnn_shared.analysis.check import check
from visualnn_shared.analysis.walk import Resolved, resolve
from visualnn_shared.datasets.schema import DatasetSchema
from visualnn_shared.errors import Invalid
from visualnn_shared.spec.model import Spec
from visualnn_shared.training.choose import Plan, plan
from visualnn_shared.training.loss_options import name_of, options_of
from visualnn_shared.training.outputs import End
from visualnn_shared.training.recipe import CheckParams, TrainParams

REPORT = "check.json"
"""The name of a check job's report among its files."""
OF_RECIPE = ("loss", "losses", "loss_weights", "labels_of", "preprocessing", "seed", "device", "memory_limit_mb")
"""Fields of a recipe that mean the same for a check; the editor takes the same."""
Verdict = Literal["pass", "warn", "fail", "skip"]


class CheckItem(BaseModel):
    """One thing that was looked at."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Literal["data", "initial_loss", "regularization", "overfit", "gradients", "activations"]
    verdict: Verdict
    reason: str
    """A sentence: what was found, and what was expected."""
    hint: str | None = None
    layer: str | None = None
    """The layer that it is about, where it is about one."""
    values: dict[str, Any] = Field(default_factory=dict)


class CheckReport(BaseModel):
    """What a check job found."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    verdict: Verdict
    """The worst of all items."""
    notes: list[str]
    items: list[CheckItem]


def of_recipe(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """What a check takes of a training's recipe: what it is about, not how long it would train. Unknown keys stay."""
    return {name: one for name, one in recipe.items() if name in OF_RECIPE or name not in TrainParams.model_fields}


def worst(items: list[CheckItem]) -> Verdict:
    """fail, else warn, else pass."""
    found = {item.verdict for item in items}
    return "fail" if "fail" in found else "warn" if "warn" in found else "pass"


def plan_check(
    spec: Spec, schema: DatasetSchema | Mapping[str, Any], splits: Mapping[str, int], params: CheckParams
) -> tuple[Plan, Spec, list[str]]:
    """The plan, the net as it is checked, and notes on what differs. Raises Invalid, SpecInvalid.

    A net with one input that takes samples of another size is checked at the data set's size where it can be built so:
    what is looked at (losses, gradients, beginnings) does not depend on it.
    """
    schema = schema if isinstance(schema, DatasetSchema) else DatasetSchema.model_validate(schema)
    wanted = TrainParams(
        loss=params.loss, losses=params.losses, loss_weights=params.loss_weights, labels_of=params.labels_of,
        preprocessing=params.preprocessing, seed=params.seed,
        batch_size=params.samples, learning_rate=params.learning_rate, optimizer="adam",
    )  # fmt: skip
    try:
        return plan(spec, schema, splits, wanted), spec, []
    except Invalid:
        resized = _resized(spec, schema)
        if resized is None:
            raise
        try:
            planned = plan(resized, schema, splits, wanted)
        except Invalid:
            resized = None
    if resized is None:
        return plan(spec, schema, splits, wanted), spec, []
    old, new = (resolve(one).inputs[0].params["shape"] for one in (spec, resized))
    return planned, resized, [f"the input takes {list(new)} here, as the data set has; the network has {list(old)}"]


def _resized(spec: Spec, schema: DatasetSchema) -> Spec | None:
    """The net with its one input at the size of the data set's one feature; None where that cannot be."""
    inputs = [layer for layer in spec.layers if layer.type == "Input"]
    if len(inputs) != 1 or len(schema.features) != 1:
        return None
    wanted, has = list(inputs[0].params.get("shape") or []), list(schema.features[0].shape)
    shape = has
    if len(wanted) == 1:
        shape = [math.prod(has)]
    elif len(has) == len(wanted) - 1 and wanted[-1] == 1:
        shape = [*has, 1]
    if len(shape) != len(wanted) or shape == wanted:
        return None
    first = inputs[0].model_copy(update={"params": {**inputs[0].params, "shape": shape}})
    layers = tuple(first if layer.name == first.name else layer for layer in spec.layers)
    resized = spec.model_copy(update={"layers": layers})
    return None if check(resized) else resized


def expected_loss(end: End) -> tuple[float, str] | None:
    """What an output's loss begins with where the net knows nothing yet, and the formula; None where none is known."""
    name, options = name_of(end.loss), options_of(end.loss)
    classes = end.head.units
    if name in ("sparse_categorical_crossentropy", "categorical_crossentropy") and classes > 1:
        return math.log(classes), f"-ln(1/{classes})"
    if name == "binary_crossentropy":
        return math.log(2), "-ln(1/2)"
    if name == "multiclass_hinge" and classes > 1:
        margin = float(options["margin"])
        return (classes - 1) * margin, f"{classes - 1} wrong classes x margin {margin:g}"
    if name in ("hinge", "squared_hinge", "categorical_hinge"):
        return 1.0, "the margin, 1"
    return None


def least_loss(end: End, labels: NDArray[Any]) -> float | None:
    """What a loss can come down to where every sample is known by heart; None where no formula is known.

    ``labels`` as the loss takes them, (samples, ...). Cross-entropy with shares has the labels' own entropy, which is 0
    where each is 0 or 1.
    """
    name, options = name_of(end.loss), options_of(end.loss)
    if name == "poisson" or options.get("label_smoothing") or name in ("kl_divergence", "contrastive"):
        return None
    if end.joined.reading in ("rows", "flags") and name.endswith("crossentropy"):
        shares = np.asarray(labels, np.float64)
        if name == "binary_crossentropy":
            return float(np.mean(_entropy(shares) + _entropy(1 - shares)))
        total = shares.sum(axis=-1, keepdims=True)
        whole = np.divide(shares, total, out=np.zeros_like(shares), where=total > 0)
        return float(np.mean((total * _entropy(whole)).sum(axis=-1)))
    return -1.0 if name == "cosine_similarity" else 0.0


def _entropy(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """-p ln p, and 0 for what is not above 0."""
    return -shares * np.log(np.where(shares > 0, shares, 1.0))


_KINKED_LAYERS = frozenset({"ReLU", "LeakyReLU", "PReLU", "Maximum", "Minimum", "Abs", "AbsVal", "Threshold", "Clip"})
_KINKED = frozenset({"relu", "relu6", "leaky_relu", "hard_sigmoid", "hard_silu", "hard_tanh", "hard_shrink",
                     "soft_shrink", "threshold", "sparse_plus", "squareplus", "elu", "selu", "celu"})  # fmt: skip
_KINKED_LOSSES = frozenset({"mae", "huber", "hinge", "squared_hinge", "categorical_hinge", "multiclass_hinge",
                            "contrastive"})  # fmt: skip


def kinked(resolved: Resolved) -> set[str]:
    """Layers whose functions have corners, where a gradient is one of several."""
    found = set()
    for layer in resolved.layers:
        texts = {str(value) for value in layer.params.values() if isinstance(value, str)}
        inner = layer.params.get("layer")
        if isinstance(inner, Mapping):
            texts |= {str(inner.get("type")), str((inner.get("params") or {}).get("activation"))}
        if layer.type in _KINKED_LAYERS or "Max" in layer.type or texts & (_KINKED | _KINKED_LAYERS):
            found.add(layer.name)
    return found


def has_corners(end: End) -> bool:
    """Whether the loss of an output has."""
    return name_of(end.loss) in _KINKED_LOSSES
