"""The scores of classes from what a net gives: its own values, or shares of them where it was trained from
logits or by margins."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from visualnn_shared.training.serving import Serving


def scores(serving: Serving, values: NDArray[Any]) -> NDArray[Any]:
    """Values of the first output, classes along the last axis, in the same shape."""
    if serving.scores_by is None:
        return values
    shares: NDArray[Any]
    if serving.scores_by == "sigmoid":
        shares = 0.5 * (1.0 + np.tanh(0.5 * values))  # 1 / (1 + exp(-x)) without an overflow
        return shares
    if serving.scores_by == "margin":
        shares = np.clip(0.5 + 0.5 * values, 0.0, 1.0)
        return shares
    raised = np.exp(values - values.max(axis=-1, keepdims=True))
    shares = raised / raised.sum(axis=-1, keepdims=True)
    return shares
