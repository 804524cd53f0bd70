"""Are the inputs, as they reach the net, numbers of a size that nets learn from?"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from visualnn_shared.training.checking import CheckItem

from visualnn_worker.checking.bench import Bench

LARGE = 10.0
"""First layers are made for values of about 1."""


def check_data(bench: Bench) -> list[CheckItem]:
    """One item for each input."""
    inputs = bench.many.inputs(slice(None))
    return [_look(name, array) for name, array in inputs.items()]


def _look(name: str, array: NDArray[Any]) -> CheckItem:
    if not np.issubdtype(array.dtype, np.floating):
        values = {"dtype": str(array.dtype), "min": int(array.min()), "max": int(array.max())}
        return CheckItem(name="data", verdict="pass", layer=name, values=values,
                    reason=f"{name} takes whole numbers, here {values['min']} to {values['max']}")  # fmt: skip
    finite = np.isfinite(array)
    if not finite.all():
        bad = int(array.size - finite.sum())
        return CheckItem(name="data", verdict="fail", layer=name, reason=f"{bad} values of {name} are NaN or infinite",
                    hint="remove those samples, or fill the values", values={"not_finite": bad})  # fmt: skip
    wide = array.astype(np.float64)
    found = {"min": wide.min(), "max": wide.max(), "mean": wide.mean(), "std": wide.std()}
    told = {key: round(float(value), 6) for key, value in found.items()}
    text = (
        f"{name} is {told['min']:g} to {told['max']:g}, mean {told['mean']:.3g}, standard deviation {told['std']:.3g}"
    )
    if told["std"] == 0:
        reason = f"{text}: every value is the same"
        return CheckItem(name="data", verdict="fail", layer=name, reason=reason, values=told)
    if max(abs(told["min"]), abs(told["max"])) > LARGE and abs(told["mean"]) + told["std"] > LARGE / 3:
        hint = "scale or standardise it: first layers are made for values of about 1"
        return CheckItem(name="data", verdict="warn", layer=name, reason=text, hint=hint, values=told)
    if told["std"] < 1e-3:
        hint = "scale or standardise it: samples hardly differ"
        return CheckItem(name="data", verdict="warn", layer=name, reason=text, hint=hint, values=told)
    return CheckItem(name="data", verdict="pass", layer=name, reason=text, values=told)
