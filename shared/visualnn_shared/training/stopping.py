"""When a training ends before its last epoch, and which epoch's weights are its result."""

import math
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from visualnn_shared.spec.problem import Problem, problem

Keep = Literal["last", "best"]

_HIGHER_IS_BETTER = frozenset({"accuracy", "auc", "precision", "recall", "top_5_accuracy"})


def higher_is_better(monitor: str) -> bool:
    """Whether more of this metric is better; of losses and errors less is."""
    name = monitor.removeprefix("val_")  # of an output but the first: parity_accuracy
    return any(name == one or name.endswith(f"_{one}") for one in _HIGHER_IS_BETTER)


class EarlyStopping(BaseModel):
    """Stop where the watched metric has not got better by ``min_delta`` for ``patience`` epochs."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    monitor: str | None = None
    """``val_loss`` where samples are set aside, else ``loss``."""
    patience: Annotated[int, Field(strict=True, ge=1)] = 5
    """Epochs without a better value."""
    min_delta: Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)] = 0.0
    """What counts as better: by more than this."""


def watched(monitor: str | None, validates: bool) -> str:
    """The metric to watch."""
    return monitor or ("val_loss" if validates else "loss")


def monitor_problems(monitor: str | None, metrics: Iterable[str], validates: bool, field: str) -> list[Problem]:
    """``monitor`` must be one of the metrics that the training's history will have."""
    own = ["loss", *metrics]
    known = own + ([f"val_{name}" for name in own] if validates else [])
    if monitor is None or monitor in known:
        return []
    hint = None
    if monitor.removeprefix("val_") in own:
        hint = "give validation_split, so that there are samples to validate with"
    return [problem(f"monitor must be one of {', '.join(known)}", monitor, field=field, hint=hint)]


class Watch:
    """Follows one metric: its best value, in which epoch that was, and for how many epochs there was no better.

    A pure function of the epochs it was told, so that a training which goes on from a checkpoint tells it the history.
    """

    def __init__(self, monitor: str, min_delta: float = 0.0) -> None:
        self.monitor = monitor
        self._sign = -1.0 if higher_is_better(monitor) else 1.0
        self._min_delta = min_delta
        self._best: float | None = None
        self.waited = 0

    def tell(self, metrics: Mapping[str, float]) -> bool:
        """Whether this epoch is the best so far."""
        value = self._sign * metrics[self.monitor]
        if self._best is None or math.isnan(self._best) or value < self._best - self._min_delta:
            self._best, self.waited = value, 0
            return True
        self.waited += 1
        return False
