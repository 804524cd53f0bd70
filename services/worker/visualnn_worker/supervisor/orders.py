"""From a claimed row to a complete order for a child."""

from sqlalchemy.orm import Session
from visualnn_shared.datasets.schema import DatasetSchema
from visualnn_shared.ensembling.planning import ALONG, SEED, epochs_of
from visualnn_shared.errors import NotFound
from visualnn_shared.jobs.model import Claim
from visualnn_shared.store.tables import Dataset, Job, ModelVersion
from visualnn_shared.training.recipe import WITHOUT_DATASET, EnsembleParams
from visualnn_shared.training.snapshots import snapshot_name
from visualnn_shared.training.weights import WEIGHTS
from visualnn_shared.tuning import reading

from visualnn_worker.order import DatasetRef, JobOrder, MemberRef

_OF_MODELS = ("train", "check", "dqn", "ensemble")
"""Kinds of jobs that take a model; the others take the weights of a train job."""


def make_order(s: Session, claim: Claim, checkpoint_s: float) -> JobOrder:
    """Everything the child needs. Raises ``NotFound`` where a row was deleted, ``ValueError`` for an unknown kind."""
    job = claim.job
    return JobOrder(
        kind=job.kind,
        job_id=job.id,
        attempt=job.attempt,
        prefix=claim.lease.prefix(),
        spec=_spec(s, job) if job.kind in _OF_MODELS else None,
        params=job.params,
        chosen=job.chosen,
        dataset=_dataset(s, job) if job.kind not in WITHOUT_DATASET else None,
        weights=_weights(s, job) if job.kind not in _OF_MODELS or job.params.get("initial_weights") else None,
        members=_members(s, job) if job.kind == "ensemble" else (),
        checkpoint=claim.checkpoint_manifest,
        checkpoint_s=checkpoint_s,
        gpu=job.params.get("device", "any") != "cpu",
    )


def _dataset(s: Session, job: Job) -> DatasetRef:
    found = s.get(Dataset, job.dataset_id) if job.dataset_id else None
    if found is None:
        raise NotFound("data set", job.dataset_id)
    schema = DatasetSchema.model_validate(found.schema)
    return DatasetRef(
        id=found.id, name=found.name, key=found.key, format=found.format, schema_=schema, splits=found.splits,
        sha256=found.sha256,
    )  # fmt: skip


def _spec(s: Session, job: Job) -> dict[str, object]:
    version = s.get(ModelVersion, (job.model_id, job.model_version)) if job.model_id else None
    if version is None:
        raise NotFound("model version", f"{job.model_id}@{job.model_version}")
    return version.spec


def _members(s: Session, job: Job) -> tuple[MemberRef, ...]:
    """Weights of an ensemble's members, in their order. Raises ``NotFound`` where one was deleted."""
    params = EnsembleParams.model_validate(job.params)
    found = []
    for row in reading.rows(s, job.id):
        if row.state != "complete":
            continue
        member = s.get(Job, row.job_id)
        manifest = (member.result_manifest if member else None) or {}
        epochs = epochs_of(params) if params.method in ALONG else (None,)
        for epoch in epochs:
            name = WEIGHTS if epoch is None else snapshot_name(epoch)
            if name not in manifest:
                raise NotFound(f"{name} of a member", row.job_id)
            seed = row.values.get(SEED)
            found.append(MemberRef(key=manifest[name]["key"], job=str(row.job_id), seed=seed, epoch=epoch))
    return tuple(found)


def _weights(s: Session, job: Job) -> str:
    source_id = job.source_job_id or str(job.params.get("job", ""))
    source = s.get(Job, source_id)
    manifest = (source.result_manifest if source else None) or {}
    if WEIGHTS not in manifest:
        raise NotFound("weights of the source job", source_id)
    return str(manifest[WEIGHTS]["key"])
