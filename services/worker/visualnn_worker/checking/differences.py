"""Gradients of one layer against centred differences in float64, on some entries of its weights and its inputs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from visualnn_worker.checking.bench import numbers
from visualnn_worker.network.gradients import gradient

Array = NDArray[np.float64]
STEP, SMALL_STEP = 1e-3, 1e-6
"""Of a smooth function, extrapolated to an error of the fourth order; of one with corners, to meet few."""
_CORNER = 1e-4


@dataclass(slots=True)
class Compared:
    """What a layer's gradients are, and what differences say."""

    error: float = 0.0
    """The largest relative error of a tensor: |a - n| / (|a| + |n|), of the vectors of its entries."""
    entries: int = 0
    corners: int = 0
    """Entries left out, because the function has a corner within the step."""
    worst: str = ""


def compare(
    run: Callable[[list[Any]], Any], variables: list[keras.Variable], tensors: list[Any], *, entries: int,
    kinked: bool, rng: np.random.Generator,
) -> Compared:  # fmt: skip
    """``run(tensors)`` gives a tensor, or several; a random sum of their values is what is differentiated."""
    outputs = [numbers(one) for one in keras.tree.flatten(run(tensors))]
    weights = [rng.normal(size=one.shape) for one in outputs]

    def value(given: list[Any]) -> Any:
        parts = zip(keras.tree.flatten(run(given)), weights, strict=True)
        return sum(keras.ops.sum(keras.ops.cast(one, "float64") * weight) for one, weight in parts)

    floating = [np.issubdtype(numbers(one).dtype, np.floating) for one in tensors]
    by_variables, by_tensors = gradient(value, variables, tensors)
    found = Compared()
    places: list[tuple[str, Array, Callable[[Array], float]]] = []
    for variable, wanted in zip(variables, by_variables, strict=True):
        places.append((variable.name, wanted, _of_variable(variable, value, tensors)))
    for number, wanted in enumerate(by_tensors):
        if floating[number]:
            places.append((f"input {number}" if number else "input", wanted, _of_tensor(tensors, number, value)))
    starts = [numbers(v.value) for v in variables]
    starts += [numbers(one) for one, is_float in zip(tensors, floating, strict=True) if is_float]
    for (name, wanted, at), start in zip(places, starts, strict=True):
        _tensor(found, name, wanted, at, np.asarray(start, np.float64), entries, kinked, rng)
    return found


def _of_variable(variable: keras.Variable, value: Any, tensors: list[Any]) -> Callable[[Array], float]:
    before = numbers(variable.value).copy()

    def at(array: Array) -> float:
        variable.assign(array)
        try:
            return float(numbers(value(tensors)))
        finally:
            variable.assign(before)

    return at


def _of_tensor(tensors: list[Any], number: int, value: Any) -> Callable[[Array], float]:
    def at(array: Array) -> float:
        given = list(tensors)
        given[number] = keras.ops.convert_to_tensor(array, dtype="float64")
        return float(numbers(value(given)))

    return at


def _tensor(
    found: Compared, name: str, wanted: Array, at: Callable[[Array], float], start: Array, entries: int, kinked: bool,
    rng: np.random.Generator,
) -> None:  # fmt: skip
    told, said = [], []
    for place in _places(start, wanted, entries, rng):
        slope = _slope(at, start, place, kinked)
        found.entries += 1
        if slope is None:
            found.corners += 1
            continue
        told.append(float(wanted[place]))
        said.append(slope)
    if not told:
        return
    a, n = np.array(told), np.array(said)
    size = float(np.linalg.norm(a) + np.linalg.norm(n))
    error = float(np.linalg.norm(a - n)) / size if size > 1e-9 else 0.0
    if not np.isfinite(error) or error > found.error:
        found.error, found.worst = error if np.isfinite(error) else float("inf"), name


def _places(start: Array, wanted: Array, entries: int, rng: np.random.Generator) -> Iterator[tuple[Any, ...]]:
    """Half of them where the gradient is largest, the rest anywhere."""
    largest = np.argsort(-np.abs(np.asarray(wanted)).reshape(-1), kind="stable")[: entries // 2]
    others = rng.choice(start.size, size=min(entries, start.size), replace=False)
    for flat in dict.fromkeys([*largest.tolist(), *others.tolist()][:entries]):
        yield np.unravel_index(flat, start.shape)


def _slope(at: Callable[[Array], float], start: Array, place: tuple[Any, ...], kinked: bool) -> float | None:
    """The derivative by one entry; None where the function has a corner there."""
    step = (SMALL_STEP if kinked else STEP) * max(1.0, abs(float(start[place])))

    def centred(h: float) -> float:
        moved = start.copy()
        moved[place] = start[place] + h
        up = at(moved)
        moved[place] = start[place] - h
        return (up - at(moved)) / (2 * h)

    wide, near = centred(step), centred(step / 2)
    if kinked:
        return None if abs(wide - near) > _CORNER * max(abs(wide), abs(near), 1e-3) else near
    return (4 * near - wide) / 3
