"""The friendly dialect: samples in as lists of numbers or pictures, classes and scores out.

``{"inputs": [sample, ...]}``, or ``{"inputs": {"left": [...], "right": [...]}}`` for several inputs. A sample has the
raw shape or any other with as many values, or is ``{"b64": "<PNG or JPEG>"}``.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray
from visualnn_shared.spec.problem import Problem, problem
from visualnn_shared.spec.received import shown
from visualnn_shared.training.scores import scores as shares
from visualnn_shared.training.serving import Serving, TensorSpec

from visualnn_predictor.errors import RequestInvalid
from visualnn_predictor.model import Arrays, Model
from visualnn_predictor.pictures import read_picture
from visualnn_predictor.tensors import NotNumbers, fits, flatten, show, size_of, to_array

_MOST_PROBLEMS = 20


def read_request(body: Any, serving: Serving, max_samples: int) -> Arrays:
    """Raw arrays by input name from ``body`` (parsed JSON). Raises RequestInvalid with every problem."""
    if not isinstance(body, dict) or "inputs" not in body:
        hint = 'send {"inputs": [sample, ...]}'
        raise RequestInvalid(
            problem("the body must be a JSON object with inputs", shown(body), field="body", hint=hint)
        )
    problems = [problem("the key must be known", key, field=shown(key)) for key in body if key != "inputs"]
    given = _by_name(body["inputs"], serving, problems)
    arrays: Arrays = {}
    for spec in serving.inputs:
        if spec.name in given:
            where = f"inputs.{spec.name}" if len(serving.inputs) > 1 else "inputs"
            gaps = serving.may_miss(spec.name)
            _read_input(given[spec.name], spec, where, gaps, max_samples, arrays, problems)
    counts = {name: len(values) for name, values in arrays.items()}
    if len(set(counts.values())) > 1:
        problems.append(problem("all inputs must have the same number of samples", counts, field="inputs"))
    if problems:
        raise RequestInvalid(*problems[:_MOST_PROBLEMS])
    return arrays


def _by_name(given: Any, serving: Serving, problems: list[Problem]) -> dict[str, Any]:
    names = [spec.name for spec in serving.inputs]
    if isinstance(given, list):
        if len(names) == 1:
            return {names[0]: given}
        rule = f"inputs must be an object with the operator's inputs ({', '.join(names)})"
        problems.append(problem(rule, "a list", field="inputs"))
        return {}
    if not isinstance(given, dict):
        problems.append(problem("inputs must be a list of samples", shown(given), field="inputs"))
        return {}
    problems += [problem(f"an input must be one of {', '.join(names)}", shown(key), field="inputs") for key in given
                 if key not in names]  # fmt: skip
    problems += [
        problem("every input must be given", None, field=f"inputs.{name}") for name in names if name not in given
    ]
    return given


def _read_input(
    samples: Any, spec: TensorSpec, where: str, gaps: bool, max_samples: int, arrays: Arrays, problems: list[Problem]
) -> None:
    if not isinstance(samples, list) or not samples:
        problems.append(problem("there must be a list of at least one sample", shown(samples), field=where))
    elif len(samples) > max_samples:
        problems.append(problem(f"a request must have at most {max_samples:,} samples", len(samples), field=where))
    else:
        found = _samples(samples, spec, where, gaps, problems)
        if found is not None:
            arrays[spec.name] = found


def _samples(
    samples: list[Any], spec: TensorSpec, where: str, gaps: bool, problems: list[Problem]
) -> NDArray[Any] | None:
    """All samples of one input in one array; numbers are converted in one go, whatever their nesting."""
    size, broken = size_of(spec), len(problems)
    values: list[Any] = []
    pictures: dict[int, NDArray[Any]] = {}
    shape: Sequence[int] | None = None
    for index, sample in enumerate(samples):
        try:
            if isinstance(sample, dict):
                pictures[index] = _picture(sample, spec)
                own: Sequence[int] = pictures[index].shape
            else:
                own, numbers = flatten(sample)
                own = _raw_shape(own, len(numbers), spec, size, len(samples))
                values += numbers
            shape = own if shape is None else shape
            if own != shape:
                raise NotNumbers(f"all samples of a request must have the same shape, {list(shape)}", list(own))
        except NotNumbers as rule:
            problems.append(rule.at(f"{where}.{index}"))
            if len(problems) >= _MOST_PROBLEMS:
                return None
    if len(problems) > broken or shape is None:
        return None
    try:
        return _stacked(values, pictures, len(samples), tuple(shape), spec, gaps)
    except NotNumbers as rule:
        problems.append(_located(rule, samples, spec, where, gaps))
        return None


def _stacked(
    values: list[Any], pictures: dict[int, NDArray[Any]], count: int, shape: tuple[int, ...], spec: TensorSpec,
    gaps: bool,
) -> NDArray[Any]:  # fmt: skip
    numbers = to_array(values, spec.dtype, gaps).reshape(count - len(pictures), *shape)
    if not pictures:
        return numbers
    found: NDArray[Any] = np.empty((count, *shape), numbers.dtype)
    found[[index for index in range(count) if index not in pictures]] = numbers
    for index, picture in pictures.items():
        found[index] = picture
    return found


def _raw_shape(own: tuple[int, ...], count: int, spec: TensorSpec, size: int | None, samples: int) -> tuple[int, ...]:
    """The raw shape for a sample of shape ``own`` with ``count`` values."""
    if size is None:
        if fits(own, spec.shape):
            return own
        raise NotNumbers(f"a sample must have the shape {show(spec.shape)}, -1 being any size", list(own))
    if count == size:
        return spec.shape  # type: ignore[return-value]
    hint = "inputs is a list of samples: put a single sample in a list too" if not own and samples == size else None
    raise NotNumbers(
        f"a sample must have {size:,} values, as in the shape {show(spec.shape)}", f"{count:,} values", hint
    )


def _picture(sample: dict[str, Any], spec: TensorSpec) -> NDArray[Any]:
    if set(sample) != {"b64"}:
        raise NotNumbers("a sample must be numbers, or an object with b64", sorted(map(str, sample)))
    return read_picture(sample["b64"], spec)


def _located(rule: NotNumbers, samples: list[Any], spec: TensorSpec, where: str, gaps: bool) -> Problem:
    """The problem with the number of the sample that has the bad value."""
    for index, sample in enumerate(samples):
        if not isinstance(sample, dict):
            try:
                to_array(flatten(sample)[1], spec.dtype, gaps)
            except NotNumbers as own:
                return own.at(f"{where}.{index}")
    return rule.at(where)


def write_answer(model: Model, outputs: Arrays) -> bytes:
    """The answer's body: one prediction for each sample, from the operator's first output; others under ``outputs`` as
    their values, and under ``answers`` as predictions where training has told what they mean."""
    first, *more = model.outputs
    answer: dict[str, Any] = {
        "operator": model.name,
        "version": model.number,
        "predictions": _predictions(model.serving, outputs[first]),
    }
    if more:
        answer["outputs"] = {name: np.ascontiguousarray(outputs[name]) for name in more}
        known = [name for name in more if model.serving.meaning(name).label is not None]
        if known:
            answer["answers"] = {name: _predictions(model.serving.of(name), outputs[name]) for name in known}
    return orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY)


def _predictions(serving: Serving, values: NDArray[Any]) -> list[dict[str, Any]]:
    names = serving.classes
    values = shares(serving, values) if serving.task in ("binary", "classification") else values
    if serving.task == "binary" and values.size == len(values):
        second = values.reshape(-1)
        scores = np.ascontiguousarray(np.stack([1 - second, second], axis=1))
        return _classes(names or ("0", "1"), scores, (second > 0.5).astype(np.intp))
    if serving.task == "classification" and values.ndim == 2:
        names = names or tuple(str(index) for index in range(values.shape[1]))
        return _classes(names, np.ascontiguousarray(values), values.argmax(axis=1))
    return [{"values": row} for row in np.ascontiguousarray(values)]


def _classes(names: Sequence[str], scores: NDArray[Any], best: NDArray[np.intp]) -> list[dict[str, Any]]:
    return [
        {"class": names[index], "index": index, "score": row[index], "scores": row}
        for index, row in zip(best.tolist(), scores, strict=True)
    ]
