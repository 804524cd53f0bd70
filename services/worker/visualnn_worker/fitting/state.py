"""Everything that the rest of a training depends on, as named arrays and a small record; equal state, equal end.

The order of the samples needs no state: it is a function of the seed and the epoch.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
from numpy.typing import NDArray

from visualnn_worker.network import safetensors
from visualnn_worker.parallel import shares

Arrays = dict[str, NDArray[Any]]
_KEY = "visualnn.position"


class CheckpointUnfit(RuntimeError):  # noqa: N818 - says what is wrong with it
    """A checkpoint is not of this net: it was written by another version of VisualNN or of Keras."""

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__(f"a checkpoint must hold the model's own variables; they differ in {sorted(names)[:5]}")


@dataclass(frozen=True, slots=True)
class Position:
    """Where a training stands: ``batches`` of epoch ``epoch`` (counted from 0) are done."""

    epoch: int = 0
    batches: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    """One entry for each epoch done: its number from 1, and its metrics."""
    devices: int = 1
    """Among how many of them batches were shared out."""


def state_variables(model: keras.Model) -> dict[str, keras.Variable]:
    """Weights, states of random generators, the optimizer's slots and count of steps, and running metrics.

    Named by place: the same spec, compiled the same, has them in the same order in every process. Keras' own names hold
    counters that depend on what the process built before.
    """
    groups = {"model": model.variables, "optimizer": model.optimizer.variables, "metrics": model.metrics_variables}
    seen: set[int] = set()
    found: dict[str, keras.Variable] = {}
    for group, variables in groups.items():
        for number, variable in enumerate(variables):
            if id(variable) not in seen:
                seen.add(id(variable))
                found[f"{group}/{number}"] = variable
    return found


def snapshot(model: keras.Model) -> Arrays:
    """Copies of all state."""
    return {name: shares.held(variable) for name, variable in state_variables(model).items()}


def restore(model: keras.Model, arrays: Mapping[str, NDArray[Any]], groups: tuple[str, ...]) -> None:
    """Put the state of these groups back. Raises ``CheckpointUnfit`` where the model has other variables."""
    own = {name: v for name, v in state_variables(model).items() if name.split("/")[0] in groups}
    given = {name: array for name, array in arrays.items() if name.split("/")[0] in groups}
    differing = own.keys() ^ given.keys() or {n for n in own if not shares.fits(own[n], given[n])}
    if differing:
        raise CheckpointUnfit(differing)
    for name, variable in own.items():
        shares.put(variable, given[name])


def save(path: Path, arrays: Arrays, position: Position) -> None:
    """Write both into one file."""
    safetensors.write(path, arrays, {_KEY: json.dumps(asdict(position))})


def load(path: Path) -> tuple[Arrays, Position]:
    """Read what ``save`` wrote."""
    arrays, metadata = safetensors.read(path)
    return arrays, Position(**json.loads(metadata[_KEY]))
