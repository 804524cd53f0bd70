"""Registering an operator: weights become ONNX, the predictor loads it, and stored samples must give what training did.

A version is ready only after the replay; one that differs is removed again, and its number is never used twice.
"""

import io
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from anyio import to_thread
from numpy.typing import NDArray
from sqlalchemy.orm import Session
from visualnn_shared.datasets.gaps import listed
from visualnn_shared.errors import Invalid, NotFound, VisualNNError
from visualnn_shared.spec.problem import Problem, problem
from visualnn_shared.store import jobs, operators
from visualnn_shared.store.tables import Artifact, Dataset, Job, OperatorVersion
from visualnn_shared.training.serving import V2_TYPES
from visualnn_shared.training.weights import WEIGHTS

from visualnn_api.converting import Conversion, convert
from visualnn_api.parts import Parts
from visualnn_api.results import trained_job
from visualnn_api.upstream import Upstream
from visualnn_api.views.operators import OperatorView, Register, operator_view
from visualnn_api.weights import SAMPLES, Trained, trained


class ReplayDiffers(VisualNNError):  # noqa: N818 - named as its family
    """Serving does not answer as training did, so the operator would mislead its callers."""

    code: ClassVar[str] = "replay-differs"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "The served network answers differently than the trained one"

    def __init__(self, tolerance: float, problems: list[Problem]) -> None:
        super().__init__(
            f"served outputs must equal trained outputs within {tolerance:g} (absolute plus relative); "
            f"{len(problems)} of them do not; nothing was registered",
            problems,
        )


@dataclass(frozen=True, slots=True)
class _Source:
    """What an operator is made from."""

    job: Job
    weights: Artifact
    samples: Artifact
    dataset: Dataset | None
    """None once it is deleted."""


async def register(parts: Parts, owner: str, body: Register) -> OperatorView:
    """The ready operator version. Raises Invalid, Conflict, Refused by the converter, Unavailable, ReplayDiffers."""
    source = await parts.db.read(_source, owner, body.job)
    known = await to_thread.run_sync(trained, parts.objects, source.weights.key)
    operator_id, number = await parts.db.run(operators.reserve, owner, body.name)
    key = f"operators/{operator_id}/{number}/model.onnx"
    digest = await _write_onnx(parts, source, known, key)
    row = OperatorVersion(
        operator_id=operator_id,
        number=number,
        serving=known.serving.model_dump(mode="json"),
        onnx_key=key,
        onnx_sha256=digest,
        lineage=_lineage(source),
        ready=False,
    )
    await parts.db.run(operators.add_version, row)
    try:
        replay = await _replay(parts, source, known, f"/v2/models/{body.name}/versions/{number}/infer")
    except BaseException:
        await parts.db.run(operators.drop_version, operator_id, number)
        await to_thread.run_sync(parts.objects.delete, key)
        raise
    return await parts.db.run(_published, owner, body.name, operator_id, number, replay)


def _source(s: Session, owner: str, job_id: str) -> _Source:
    try:
        job, weights = trained_job(s, owner, job_id)
    except NotFound:
        raise Invalid("the operator", [problem("job must be the id of a train job", job_id, field="job")]) from None
    dataset = s.get(Dataset, job.dataset_id) if job.dataset_id else None
    return _Source(job, weights, jobs.artifact(s, owner, job_id, SAMPLES), dataset)


def _lineage(source: _Source) -> dict[str, Any]:
    job, dataset = source.job, source.dataset
    return {
        "model": job.model_id,
        "model_version": job.model_version,
        "job": job.id,
        "dataset": job.dataset_id,
        "dataset_sha256": dataset.sha256 if dataset else None,
        "weights_sha256": source.weights.sha256,
    }


async def _write_onnx(parts: Parts, source: _Source, known: Trained, key: str) -> str:
    """Store the network as ONNX; the file's sha256."""
    with tempfile.TemporaryDirectory(prefix="visualnn-", dir=parts.settings.spool_dir or None) as folder:
        weights = Path(folder) / WEIGHTS
        await to_thread.run_sync(parts.objects.get_file, source.weights.key, weights)
        async with convert(parts.converter, target="onnx", spool_dir=folder, spec=known.spec, weights=weights) as made:
            return await to_thread.run_sync(_store, parts, made, key)


def _store(parts: Parts, made: Conversion, key: str) -> str:
    file = made.file()
    with file.open(0, file.size) as reader:
        parts.objects.put(key, reader)
    return file.sha256


async def _replay(parts: Parts, source: _Source, known: Trained, path: str) -> dict[str, Any]:
    """What serving the stored samples gave. Raises ReplayDiffers with every output that is off."""
    samples = await to_thread.run_sync(_samples, parts, source.samples.key)
    inputs = [_tensor(spec.name, spec.dtype, samples[f"x:{spec.name}"]) for spec in known.serving.inputs]
    served = await _infer(parts.predictor, path, inputs)
    tolerance = parts.settings.replay_tolerance
    count, worst, problems = 0, 0.0, []
    for spec in known.serving.outputs:
        expected = samples[f"y:{spec.name}"]
        error, off = largest_error(expected, served.get(spec.name), tolerance)
        count, worst = len(expected), max(worst, error)
        if off is not None:
            problems.append(problem(off, error, field=spec.name, hint="report it: the conversion to ONNX is wrong"))
    if problems:
        raise ReplayDiffers(tolerance, problems)
    return {"samples": count, "max_abs_error": worst, "tolerance": tolerance}


def largest_error(expected: NDArray[Any], received: NDArray[Any] | None, tolerance: float) -> tuple[float, str | None]:
    """The largest |received - expected|, element by element, and what is wrong with it, if anything.

    Allowed is ``tolerance + tolerance * |expected|``; NaN differs from everything, shapes must be equal.
    """
    if received is None or received.shape != expected.shape:
        shape = None if received is None else list(received.shape)
        return float("inf"), f"the output must have the shape {list(expected.shape)}; it has {shape}"
    wanted = expected.astype(np.float64)
    difference = np.abs(received.astype(np.float64) - wanted)
    worst = float(np.max(difference, initial=0.0))
    if bool(np.all(difference <= tolerance + tolerance * np.abs(wanted))):
        return worst, None
    return worst, f"each value must be within {tolerance:g} of the trained one"


def _samples(parts: Parts, key: str) -> dict[str, NDArray[Any]]:
    with np.load(io.BytesIO(parts.objects.get(key)), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def _tensor(name: str, dtype: str, values: NDArray[Any]) -> dict[str, Any]:
    """A V2 tensor; its data is flat, in C order, null where a value is missing."""
    return {
        "name": name,
        "shape": list(values.shape),
        "datatype": V2_TYPES[dtype],
        "data": listed((values if dtype == "text" else values.astype(dtype)).ravel()),
    }


async def _infer(predictor: Upstream, path: str, inputs: list[dict[str, Any]]) -> dict[str, NDArray[Any]]:
    async with predictor.stream("POST", path, json={"inputs": inputs}) as answer:
        body = json.loads(await answer.aread())
    # JSON has no NaN: the predictor writes null, which is NaN again as a float
    return {one["name"]: np.asarray(one["data"], np.float64).reshape(one["shape"]) for one in body["outputs"]}


def _published(
    s: Session, owner: str, name: str, operator_id: str, number: int, replay: dict[str, Any]
) -> OperatorView:
    operators.publish(s, operator_id, number, replay)
    return read(s, owner, name, number)


def read(s: Session, owner: str, name: str, which: int | str | None = None) -> OperatorView:
    """A version by number or alias, by default the newest. Raises NotFound."""
    operator = operators.get(s, owner, name)
    version = operators.version(s, owner, name, which)
    return operator_view(operator, version, operators.aliases(s, [operator.id])[operator.id])
