"""Why a loss became NaN or infinite, as far as the run itself tells: the cause, and the step to take next."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from visualnn_shared.training.loss_options import name_of
from visualnn_shared.training.optimizers import OPTIMIZERS
from visualnn_shared.training.recipe import Optimizer, TrainParams

from visualnn_worker.fitting.reporting import NotFinite
from visualnn_worker.fitting.train import Training

GREW = 5.0
"""A loss that is so many times its smallest one was on its way out."""
_LOGS = ("kl_divergence", "poisson")


def why_not_finite(params: TrainParams, inputs: Any, labels: Any, losses: Sequence[float]) -> tuple[str, str]:
    """(cause, next step). ``losses``: running ones before it; ``inputs`` and ``labels`` of the batch it happened in."""
    for what, arrays in (("inputs", inputs), ("labels", labels)):
        bad = sum(_bad(array) for array in keras.tree.flatten(arrays))
        if bad:
            return (
                f"{bad} values of the batch's {what} are NaN or infinite",
                "Remove those samples or fill their values, and submit a new job; a check job finds them.",
            )
    rate, lower = params.learning_rate or 0.0, _lower(params)
    known = [loss for loss in losses if math.isfinite(loss)]
    loss = name_of(params.loss or "")
    if loss in _LOGS and (not known or max(known) <= GREW * max(min(known), 1e-12)):
        return f"{loss} takes the logarithm of values that may be 0 or negative", (
            "End the network with softmax, sigmoid or softplus, and submit a new job."
        )
    if not known:
        return (
            "the very first loss was not finite, so no step has been taken: the values in the net are too large",
            "Scale the data, or start with smaller weights; a check job says which layer's values grow first.",
        )
    if params.precision == "mixed_float16":
        return "numbers grew beyond float16", "Use precision mixed_bfloat16 or float32, or a lower learning rate."
    if max(known) > GREW * max(min(known), 1e-12):
        return (
            f"the loss had grown from {min(known):.3g} to {max(known):.3g}: the learning rate {rate:g} is too high",
            f"Lower the learning rate to {lower:g} or clip gradients (global_clipnorm 1.0), and submit a new job.",
        )
    return (
        f"a step at learning rate {rate:g} led from a loss of {known[-1]:.3g} beyond all numbers",
        f"Lower the learning rate to {lower:g} or clip gradients (global_clipnorm 1.0); a check job says more.",
    )


def _lower(params: TrainParams) -> float:
    """A tenth, or the optimizer's own default where the learning rate is far above that."""
    rate, chosen = params.learning_rate or 0.0, params.optimizer or "adam"
    usual = OPTIMIZERS[chosen.name if isinstance(chosen, Optimizer) else chosen].params["learning_rate"][1]
    return float(usual) if rate > 10 * usual else rate / 10


@contextmanager
def explained(training: Training) -> Iterator[None]:
    """Inside, a loss that is no number is given its cause and the step to take."""
    try:
        yield
    except NotFinite as error:
        epochs = training.epochs()
        inputs, labels, *_weights = epochs[(error.epoch - 1) * epochs.per_epoch + error.batch - 1]
        error.cause, error.next_step = why_not_finite(training.params, inputs, labels, error.losses)
        raise


def _bad(array: Any) -> int:
    values = np.asarray(array)
    return int(values.size - np.isfinite(values).sum()) if np.issubdtype(values.dtype, np.floating) else 0
