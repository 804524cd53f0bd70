"""What layers give before anything is learnt: values that vanish, grow or no longer change teach nothing."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from visualnn_shared.analysis.walk import Resolved
from visualnn_shared.training.checking import CheckItem

from visualnn_worker.checking.bench import Bench, numbers
from visualnn_worker.checking.calls import calls, values_of

SMALL, LARGE = 1e-4, 100.0
DEAD, SATURATED = 0.5, 0.25
_BOUNDS = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0)}


def check_activations(bench: Bench) -> list[CheckItem]:
    """One item for the net, with a row for each layer; and one for each layer that is worth a look."""
    found = calls(bench.network)
    rows, items = [], []
    inputs = bench.network.pack(bench.many.inputs(slice(None)))
    for call, (_before, after) in zip(found, values_of(bench.network, found, inputs), strict=True):
        array = numbers(after[0])
        if not np.issubdtype(array.dtype, np.floating):
            continue
        row = {
            "layer": call.name,
            **statistics(array.astype(np.float64), _activation(bench.network.resolved, call.name)),
        }
        rows.append(row)
        items += _judge(row)
    if items:
        items[0] = items[0].model_copy(update={"values": {**items[0].values, "layers": rows}})
        return items
    spread = [row["std"] for row in rows] or [0.0]
    reason = f"outputs of {len(rows)} layers have standard deviations from {min(spread):.3g} to {max(spread):.3g}"
    return [CheckItem(name="activations", verdict="pass", reason=reason, values={"layers": rows})]


def statistics(array: NDArray[np.float64], function: str) -> dict[str, Any]:
    """Mean and standard deviation; shares of zeros, of units that are 0 for all samples, of values at the ends."""
    if not np.isfinite(array).all():
        return {"mean": None, "std": None, "finite": False, "zeros": 0.0, "dead": 0.0, "saturated": 0.0}
    units = array.reshape(-1, array.shape[-1]) if array.ndim > 1 else array.reshape(-1, 1)
    low, high = _BOUNDS.get(function, (-np.inf, np.inf))
    near = 0.02 * (high - low) if np.isfinite(high) else 0.0
    ends = (array <= low + near) | (array >= high - near) if np.isfinite(high) else np.zeros(1, bool)
    return {
        "mean": float(array.mean()),
        "std": float(array.std()),
        "finite": True,
        "zeros": float((array == 0).mean()),
        "dead": float((units == 0).all(axis=0).mean()) if function == "relu" else 0.0,
        "saturated": float(ends.mean()),
    }


def _activation(resolved: Resolved, name: str) -> str:
    for layer in resolved.layers:
        if layer.name == name:
            given = layer.params.get("activation")
            return {"ReLU": "relu"}.get(layer.type, given if isinstance(given, str) else "")
    return ""


def _judge(row: dict[str, Any]) -> list[CheckItem]:
    name = row["layer"]

    def item(verdict: Any, reason: str, hint: str) -> list[CheckItem]:
        told = CheckItem(name="activations", verdict=verdict, layer=name, reason=reason, hint=hint, values={"row": row})
        return [told]

    if not row["finite"]:
        return item("fail", f"{name} gives values that are NaN or infinite", "scale the data, or start with less")
    if row["dead"] > DEAD:
        hint = "start with he_normal weights and zero biases, and scale the data"
        return item("warn", f"{row['dead']:.0%} of the units of {name} are 0 for every sample", hint)
    if row["saturated"] > SATURATED:
        hint = "start with smaller weights: at the ends of its function a unit hardly learns"
        return item("warn", f"{row['saturated']:.0%} of the values of {name} are at the ends of its function", hint)
    if row["std"] < SMALL:
        return item("warn", f"outputs of {name} hardly differ (standard deviation {row['std']:.2g})",
                    "start with larger weights, or normalise before it")  # fmt: skip
    if row["std"] > LARGE:
        return item("warn", f"outputs of {name} are large (standard deviation {row['std']:.2g})",
                    "scale the data, start with smaller weights, or normalise before it")  # fmt: skip
    return []
