"""Jobs as answers and requests."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from visualnn_shared.jobs.model import ENSEMBLE, FINAL, State, may_go_on
from visualnn_shared.spec.problem import Problem
from visualnn_shared.store.tables import Artifact, Job
from visualnn_shared.training.weights import TRAINED

from visualnn_api.views.common import Links, Timestamp, View

PREFIX = "/api/v1/jobs"
Kind = Literal["train", "evaluate", "predict", "check", "export", "tune", "dqn", "ensemble"]

_TAKES = ("Train", "Evaluate", "Predict", "Check", "Export", "Tune", "Dqn", "Ensemble")
_PARAMS = {
    "description": "What the kind of job takes: " + ", ".join(f"{kind}Params" for kind in _TAKES),
    "anyOf": [{"$ref": f"#/components/schemas/{kind}Params"} for kind in _TAKES],
}
EXAMPLES: dict[str, dict[str, Any]] = {
    "train": {
        "summary": "Train; what is left out is chosen and told in `chosen`",
        "value": {
            "kind": "train",
            "model": "zoo:mnist-dnn",
            "dataset": "dataset-01jd2k3m4n5p6q7r8s9t0v1w2x",
            "params": {"epochs": 20, "batch_size": 128, "optimizer": "rmsprop"},
        },
    },
    "evaluate": {
        "summary": "Loss and metrics of a train job's weights on a data set",
        "value": {
            "kind": "evaluate",
            "dataset": "dataset-01jd2k3m4n5p6q7r8s9t0v1w2x",
            "params": {"job": "job-01jd2k3m4n5p6q7r8s9t0v1w2x", "split": "test"},
        },
    },
    "predict": {
        "summary": "Predictions of a train job's weights for a whole data set",
        "value": {
            "kind": "predict",
            "dataset": "dataset-01jd2k3m4n5p6q7r8s9t0v1w2x",
            "params": {"job": "job-01jd2k3m4n5p6q7r8s9t0v1w2x"},
        },
    },
    "check": {
        "summary": "Is a network, with its loss and a data set, fit to be trained? The answer is check.json",
        "value": {"kind": "check", "model": "zoo:mnist-dnn", "dataset": "dataset-01jd2k3m4n5p6q7r8s9t0v1w2x"},
    },
    "tune": {
        "summary": "Search for a recipe or a network: trials are train jobs, as many at a time as `parallel` says",
        "value": {
            "kind": "tune",
            "model": "zoo:mnist-dnn",
            "dataset": "dataset-01jd2k3m4n5p6q7r8s9t0v1w2x",
            "params": {
                "space": {"params.learning_rate": {"type": "float", "low": 1e-4, "high": 0.1, "log": True}},
                "recipe": {"epochs": 9},
                "trials": 20,
                "parallel": 2,
                "pruner": "asha",
            },
        },
    },
    "dqn": {
        "summary": "Deep Q-learning in an environment of gymnasium; it takes no data set",
        "value": {
            "kind": "dqn",
            "model": "zoo:dqn-cartpole",
            "params": {"environment": "CartPole-v1", "seed": 1},
        },
    },
    "ensemble": {
        "summary": "Train a network several times and make one of them: the mean of their predictions",
        "value": {
            "kind": "ensemble",
            "model": "zoo:mnist-dnn",
            "dataset": "dataset-01jd2k3m4n5p6q7r8s9t0v1w2x",
            "params": {"method": "seeds", "members": 5, "recipe": {"epochs": 9}},
        },
    },
    "export": {
        "summary": "A train job's weights as a SavedModel, made by a worker whose Keras runs on TensorFlow",
        "value": {
            "kind": "export",
            "params": {"job": "job-01jd2k3m4n5p6q7r8s9t0v1w2x", "format": "savedmodel"},
        },
    },
}


class JobRequest(BaseModel):
    """What `POST /jobs` takes."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    model: str | None = Field(default=None, max_length=300)
    """To train, check, tune, dqn or make an ensemble of: a model's id, `id@version`, or `zoo:NAME`, which is stored as
    a model first."""
    dataset: str | None = Field(default=None, max_length=64)
    """A data set's id, or the name of a known one, such as `digits`; an export and a dqn job take none, and an ensemble
    of jobs has theirs."""
    params: Annotated[dict[str, Any], WithJsonSchema(_PARAMS)] = Field(default_factory=dict)
    priority: int = Field(default=0, ge=-100, le=100, strict=True)
    """Among waiting jobs of a queue the highest goes first; a point is worth ten minutes of waiting, so that none waits
    for ever."""


class JobModel(View):
    id: str
    version: int


class Choice(View):
    """What was chosen for a field that was left out."""

    value: Any
    why: str


class KeptCheckpoint(View):
    """What is kept of a training that was ended."""

    key: str
    """Its object."""
    epoch: int | None = None
    """Epochs that are done."""
    batch: int | None = None
    """Batches of the next epoch that are done as well."""
    best_epoch: int | None = None
    """The epoch whose weights it holds besides, where the best are kept."""


class Fault(View):
    """Why a job failed."""

    class_: Literal["user", "resource", "infrastructure"] = Field(alias="class")
    code: str
    detail: str
    next_step: str
    checkpoint: KeptCheckpoint | None = None
    """The checkpoint that is kept; a resume goes on from it."""
    largest_batch_size: int | None = None
    """Of a job that took too much memory: the largest batch that should fit; 0 where none does."""


class JobView(View):
    """One unit of asynchronous work."""

    id: str
    kind: Kind
    state: State
    progress: float
    """0 to 1."""
    eta_s: float | None = None
    attempt: int
    """Tries so far, over all runs; a worker that is lost costs one, the trainings of an ensemble's members none."""
    run: int
    """1, and one more with each resume."""
    queue: str
    priority: int
    metrics: dict[str, Any]
    """The latest value of each metric."""
    chosen: dict[str, Choice] | None = None
    """What was chosen where the request left something out: field -> value and why."""
    error: Fault | None = None
    model: JobModel | None = None
    dataset: str | None = None
    source_job: str | None = None
    """The job whose weights the job uses, or begins with."""
    params: dict[str, Any]
    cancel_requested: bool
    time_limit_s: float | None = None
    """Seconds that an attempt may take, the time it waits for a store not counted."""
    memory_limit_mb: int | None = None
    """MiB that the process which does the work may hold."""
    warnings: list[Problem] = Field(default_factory=list)
    """What was doubtful when the job was submitted, such as that it may need more memory than there is."""
    waiting_for: str | None = None
    """Why nothing happens: of a queued job, that no online worker can do it; of a running one, the part of the platform
    that does not answer."""
    waiting_since: Timestamp | None = None
    """Since when a running job waits."""
    created_at: Timestamp
    started_at: Timestamp | None = None
    finished_at: Timestamp | None = None
    links: Links


class ArtifactView(View):
    """A file of a succeeded job."""

    name: str
    size: int
    sha256: str
    links: Links


class Artifacts(View):
    items: list[ArtifactView]


def job_view(job: Job, waiting_for: str | None = None) -> JobView:
    model = JobModel(id=job.model_id, version=job.model_version or 1) if job.model_id else None
    return JobView(
        id=job.id,
        kind=job.kind,
        state=job.state,
        progress=job.progress,
        eta_s=job.eta_s if job.state == State.RUNNING else None,
        attempt=_tries(job),
        run=job.run,
        queue=job.queue,
        priority=job.priority,
        metrics=job.metrics,
        chosen=job.chosen,
        error=job.error,
        model=model,
        dataset=job.dataset_id,
        source_job=job.source_job_id,
        params=job.params,
        cancel_requested=job.cancel_requested,
        time_limit_s=job.time_limit_s,
        memory_limit_mb=job.memory_limit_mb,
        warnings=[Problem.model_validate(one) for one in job.warnings or ()],
        waiting_for=waiting_for,
        waiting_since=job.waiting_since if job.state == State.RUNNING else None,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        links=_links(job),
    )


def _tries(job: Job) -> int:
    """The claim under which an ensemble's members were trained is no try of its own."""
    handed_over = job.kind == "ensemble" and job.queue != ENSEMBLE
    return max(1, job.attempt - 1) if handed_over else job.attempt


def _links(job: Job) -> Links:
    url = f"{PREFIX}/{job.id}"
    links = {"self": url, "events": f"{url}/events", "artifacts": f"{url}/artifacts"}
    if job.state in (State.QUEUED, State.RUNNING):
        links["cancel"] = f"{url}/cancel"
    if job.state == State.CANCELLED or (job.state == State.FAILED and may_go_on(job.kind, job.error)):
        links["resume"] = f"{url}/resume"
    if job.state in FINAL:
        links["delete"] = url
    if job.kind == "tune":
        links["trials"] = f"{url}/trials"
    if job.kind == "ensemble":
        links["members"] = f"{url}/members"
    if job.state == State.SUCCEEDED and job.kind in TRAINED:
        links["weights"] = f"{url}/weights"
    if job.state == State.SUCCEEDED and job.kind in ("train", "dqn"):
        links["reproduce"] = f"{url}/reproduce"
    return links


def artifact_view(row: Artifact) -> ArtifactView:
    url = f"{PREFIX}/{row.job_id}/artifacts/{row.name}"
    return ArtifactView(name=row.name, size=row.size, sha256=row.sha256, links={"self": url})
