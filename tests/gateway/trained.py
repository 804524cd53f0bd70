"""Stands in for the worker where a test needs a job's result: the real protocol, real objects, results from NumPy."""

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save
from visualnn_shared.jobs import events, protocol
from visualnn_shared.jobs.model import QUEUES, Claim, JobError
from visualnn_shared.objects import ObjectStore
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.reading import canonical_json
from visualnn_shared.store import operators
from visualnn_shared.store.database import Database
from visualnn_shared.store.tables import Dataset, Job, ModelVersion, OperatorVersion
from visualnn_shared.training.choose import plan
from visualnn_shared.training.recipe import TrainParams
from visualnn_shared.training.serving import Serving

Array = NDArray[Any]


class Trainer:
    """Claims jobs and ends them as a test wants."""

    def __init__(self, db: Database, objects: ObjectStore) -> None:
        self._db, self._objects = db, objects

    def claim(self, job_id: str) -> Claim:
        """Claim this job, whatever else waits before it."""
        while True:
            with self._db.session() as s:
                claim = protocol.claim(s, queues=QUEUES, worker_id="worker-test")
            assert claim is not None, f"{job_id} is not waiting"
            if claim.job.id == job_id:
                return claim

    def register(self, name: str, job_id: str) -> None:
        """A ready operator that the job became, without a file to serve."""
        serving = Serving(inputs=(), outputs=(), task="regression").model_dump(mode="json")
        with self._db.session() as s:
            owner = s.get_one(Job, job_id).owner
            operator_id, number = operators.reserve(s, owner, name)
            row = OperatorVersion(
                operator_id=operator_id, number=number, serving=serving, onnx_key="none", onnx_sha256="0" * 64,
                lineage={"job": job_id}, replay=None,
            )  # fmt: skip
            operators.add_version(s, row)
            operators.publish(s, operator_id, number, {})

    def say(self, claim: Claim, *said: tuple[str, Mapping[str, Any]]) -> None:
        """Write events of the attempt."""
        with self._db.session() as s:
            assert events.append(s, claim.lease, said)

    def commit(self, claim: Claim, files: Mapping[str, bytes], metrics: Mapping[str, float] | None = None) -> None:
        """Store the files and make them the job's result."""
        manifest = {}
        for name, data in files.items():
            key = claim.lease.prefix() + name
            self._objects.put(key, data)
            manifest[name] = {"key": key, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        with self._db.session() as s:
            assert protocol.commit(s, claim.lease, manifest, metrics or {"loss": 0.25}, None)

    def fail(self, claim: Claim, error: JobError) -> None:
        with self._db.session() as s:
            protocol.fail(s, claim.lease, error)

    def train(
        self,
        job_id: str,
        tensors: Mapping[str, Array],
        samples: Mapping[str, Array],
        more: Mapping[str, bytes] | None = None,
    ) -> dict[str, bytes]:
        """End a train job, or an ensemble, with these weights and samples (``x:<input>``, ``y:<output>``), and more
        files; the files that it left."""
        claim = self.claim(job_id)
        with self._db.reading() as s:
            version = s.get(ModelVersion, (claim.job.model_id, claim.job.model_version))
            dataset = s.get(Dataset, claim.job.dataset_id)
        assert version is not None
        assert dataset is not None
        params = TrainParams.model_validate(claim.job.params if claim.job.kind == "train" else {})
        serving = plan(_spec(version), dataset.schema, dataset.splits, params).serving
        files = {
            "weights.safetensors": weights_file(_spec(version), serving, tensors, job_id),
            "samples.npz": npz(samples),
            "model.keras": b"keras" * 1000,
            "model.weights.h5": b"h5" * 1000,
            "serving.json": serving.model_dump_json().encode(),
            "history.json": json.dumps([{"epoch": 1, "loss": 0.25}]).encode(),
            **(more or {}),
        }
        self.commit(claim, files)
        return files


def _spec(version: ModelVersion) -> Spec:
    return Spec.model_validate(version.spec)


def weights_file(spec: Spec, serving: Serving, tensors: Mapping[str, Array], job_id: str) -> bytes:
    """Weights as the worker writes them: the file says what it is."""
    metadata = {
        "visualnn.spec": canonical_json(spec).decode(),
        "visualnn.serving": serving.model_dump_json(),
        "visualnn.job": job_id,
    }
    return bytes(save(dict(tensors), metadata))


def npz(arrays: Mapping[str, Array]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **dict[str, Any](arrays))
    return buffer.getvalue()


def line_csv(points: Sequence[tuple[float, float]] = ((-1, -3), (0, -1), (1, 1), (2, 3), (3, 5), (4, 7))) -> bytes:
    """Points of y = 2x - 1."""
    return b"x,y\n" + b"".join(f"{x},{y}\n".encode() for x, y in points)
