"""The rows. Times are seconds since 1970 by the database's clock (see ``clock``); JSON columns hold plain JSON."""

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from visualnn_shared.store.clock import clock

Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
Id = String(64)
Time: Double[float] = Double()
Size = BigInteger()
"""Bytes; more than 2 GiB fits."""
Serial = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself in INTEGER keys only
WORTH_S = 600.0
"""Seconds of waiting that a point of priority is worth, so that a low one is not passed over for ever."""
RANK = f"run_after - {WORTH_S} * priority"
"""What waiting jobs are ordered by, as an index must have it word for word."""
Manifest = dict[str, Any]
"""Name -> {"key": ..., "size": bytes, "sha256": hex}."""


class Base(DeclarativeBase):
    """Every table."""


class User(Base):
    __tablename__ = "users"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    created_at: Mapped[float] = mapped_column(Time, default=clock())


class Model(Base):
    """A stored, named spec; the content is in its versions."""

    __tablename__ = "models"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    owner: Mapped[str] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String(200))
    version: Mapped[int]
    """The current version's number."""
    created_at: Mapped[float] = mapped_column(Time, default=clock())
    updated_at: Mapped[float] = mapped_column(Time, default=clock())

    __table_args__ = (Index("ix_models_owner_id", "owner", "id"),)


class ModelVersion(Base):
    __tablename__ = "model_versions"

    model_id: Mapped[str] = mapped_column(ForeignKey("models.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    spec: Mapped[dict[str, Any]] = mapped_column(Json)
    etag: Mapped[str] = mapped_column(String(64))
    """sha256 of the canonical spec JSON."""
    source: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """Where it came from: {"format", "filename", "report"}; None for a posted spec."""
    created_at: Mapped[float] = mapped_column(Time, default=clock())


class Room(Base):
    """The document that several people edit at once, merged up to ``through``; what came later is in ``RoomUpdate``."""

    __tablename__ = "rooms"

    model_id: Mapped[str] = mapped_column(ForeignKey("models.id", ondelete="CASCADE"), primary_key=True)
    state: Mapped[bytes] = mapped_column(LargeBinary)
    """A Yjs update that holds everything up to ``through``."""
    through: Mapped[int] = mapped_column(default=0)
    head: Mapped[int] = mapped_column(default=0)
    """The newest update's number. Who appends locks this row, so numbers are seen in their order."""
    talk: Mapped[int] = mapped_column(default=0)
    """Grows with every change of the comments."""
    created_at: Mapped[float] = mapped_column(Time, default=clock())
    updated_at: Mapped[float] = mapped_column(Time, default=clock())


class RoomUpdate(Base):
    """One update of a room's document."""

    __tablename__ = "room_updates"

    model_id: Mapped[str] = mapped_column(ForeignKey("rooms.model_id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class Share(Base):
    """A link to one model; whoever has its token has its role."""

    __tablename__ = "shares"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    model_id: Mapped[str] = mapped_column(ForeignKey("models.id", ondelete="CASCADE"))
    role: Mapped[str] = mapped_column(String(16))
    label: Mapped[str] = mapped_column(String(100), default="")
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[float] = mapped_column(Time, default=clock())

    __table_args__ = (
        CheckConstraint("role IN ('viewer', 'commenter', 'editor')", name="ck_shares_role"),
        Index("ix_shares_model_id_id", "model_id", "id"),
    )


class Comment(Base):
    """What somebody said of a layer; answers name the comment that began the thread."""

    __tablename__ = "comments"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    model_id: Mapped[str] = mapped_column(ForeignKey("models.id", ondelete="CASCADE"))
    thread: Mapped[str | None] = mapped_column(ForeignKey("comments.id", ondelete="CASCADE"))
    layer: Mapped[str] = mapped_column(String(64))
    """Key of the layer in the room's document: it stays when the layer is renamed."""
    layer_name: Mapped[str] = mapped_column(String(200))
    """What the layer was called then."""
    author: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(String(4000))
    resolved: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[float] = mapped_column(Time, default=clock())

    __table_args__ = (Index("ix_comments_model_id_id", "model_id", "id"), Index("ix_comments_thread", "thread"))


class Dataset(Base):
    __tablename__ = "datasets"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    owner: Mapped[str] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    format: Mapped[str] = mapped_column(String(32))
    size: Mapped[int] = mapped_column(Size)
    key: Mapped[str] = mapped_column(String(300))
    """Object key of the uploaded file, ``datasets/{sha256}/{id}``: deleting one row never races another's upload."""
    schema: Mapped[dict[str, Any]] = mapped_column(Json)
    splits: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[float] = mapped_column(Time, default=clock())

    __table_args__ = (UniqueConstraint("owner", "sha256", "name"), Index("ix_datasets_owner_id", "owner", "id"))


class Job(Base):
    """One unit of asynchronous work. Only ``visualnn_shared.jobs.protocol`` changes its state."""

    __tablename__ = "jobs"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    owner: Mapped[str] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str] = mapped_column(String(16))
    queue: Mapped[str] = mapped_column(String(32))
    priority: Mapped[int] = mapped_column(default=0)
    params: Mapped[dict[str, Any]] = mapped_column(Json)
    model_id: Mapped[str | None] = mapped_column(Id)
    model_version: Mapped[int | None]
    dataset_id: Mapped[str | None] = mapped_column(Id)
    source_job_id: Mapped[str | None] = mapped_column(Id)
    """The job whose weights an evaluate or predict job uses."""
    created_at: Mapped[float] = mapped_column(Time, default=clock())
    started_at: Mapped[float | None] = mapped_column(Time)
    finished_at: Mapped[float | None] = mapped_column(Time)

    state: Mapped[str] = mapped_column(String(16), default="queued")
    run: Mapped[int] = mapped_column(default=1)
    attempt: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    max_failures: Mapped[int] = mapped_column(default=3)
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    run_after: Mapped[float] = mapped_column(Time, default=clock())
    last_sent_at: Mapped[float | None] = mapped_column(Time)
    time_limit_s: Mapped[float | None] = mapped_column(Time)
    """Seconds that one attempt may take."""
    memory_limit_mb: Mapped[int | None]
    """MiB of the machine's memory that the process which does the work may hold."""
    devices: Mapped[int] = mapped_column(default=1, server_default="1")
    """How many devices its worker must have."""
    warnings: Mapped[list[dict[str, Any]] | None] = mapped_column(Json)
    """What was doubtful when the job was submitted: [{"rule", "received", "where", "hint"}]."""
    waiting_for: Mapped[str | None] = mapped_column(String(1000))
    """The part that a running job waits for, and what it answered."""
    waiting_since: Mapped[float | None] = mapped_column(Time)
    lease_token: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[float | None] = mapped_column(Time)
    worker_id: Mapped[str | None] = mapped_column(Id)

    progress: Mapped[float] = mapped_column(Time, default=0.0)
    eta_s: Mapped[float | None] = mapped_column(Time)
    metrics: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """The latest value of each metric, flat: epoch, loss, accuracy, val_loss, test_accuracy, ..."""
    accuracy: Mapped[float | None] = mapped_column(Double)
    """``test_accuracy`` of a train job that succeeded."""
    spec_etag: Mapped[str | None] = mapped_column(String(64))
    """With an accuracy: which network has it, as ``ModelVersion.etag`` tells."""
    chosen: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """What the platform chose where the user left something out: {field: {"value", "why"}}."""
    error: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """{"class": user|resource|infrastructure, "code", "detail", "next_step"}."""

    checkpoint_seq: Mapped[int] = mapped_column(default=0)
    checkpoint_manifest: Mapped[Manifest | None] = mapped_column(Json)
    result_attempt: Mapped[int | None]
    result_manifest: Mapped[Manifest | None] = mapped_column(Json)
    idempotency_key: Mapped[str | None] = mapped_column(String(255))
    fingerprint: Mapped[str | None] = mapped_column(String(64))

    __table_args__ = (
        UniqueConstraint("owner", "idempotency_key", name="uq_jobs_owner_idempotency_key"),
        CheckConstraint("state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')", name="ck_jobs_state"),
        CheckConstraint("(state = 'succeeded') = (result_attempt IS NOT NULL)", name="ck_jobs_result"),
        CheckConstraint("result_attempt <= attempt", name="ck_jobs_result_attempt"),
        CheckConstraint(
            "(state = 'running') = (lease_until IS NOT NULL AND lease_token IS NOT NULL)", name="ck_jobs_lease"
        ),
        Index(
            "ix_jobs_waiting",
            "queue",
            text(f"({RANK})"),
            "id",
            postgresql_where=text("state = 'queued'"),
            sqlite_where=text("state = 'queued'"),
        ),
        Index(
            "ix_jobs_running",
            "id",
            postgresql_where=text("state = 'running'"),
            sqlite_where=text("state = 'running'"),
        ),
        Index("ix_jobs_owner_id", "owner", "id"),
        Index(
            "ix_jobs_accuracy",
            "owner",
            "spec_etag",
            "accuracy",
            "id",
            postgresql_where=text("accuracy IS NOT NULL"),
            sqlite_where=text("accuracy IS NOT NULL"),
        ),
    )


class Attempt(Base):
    """One try of a job by one worker; kept for the reader, never read by the protocol."""

    __tablename__ = "attempts"

    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    worker_id: Mapped[str] = mapped_column(Id)
    started_at: Mapped[float] = mapped_column(Time, default=clock())
    ended_at: Mapped[float | None] = mapped_column(Time)
    outcome: Mapped[str | None] = mapped_column(String(16))
    """succeeded, failed, cancelled, drained (handed back by a leaving worker) or lost (its lease ran out)."""
    error: Mapped[dict[str, Any] | None] = mapped_column(Json)

    __table_args__ = (Index("ix_attempts_ended_at", "ended_at"),)


class Trial(Base):
    """One training of a search or an ensemble; the row is the truth, their state is read from these rows alone."""

    __tablename__ = "trials"

    tune_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    """From 0, in the order in which they were asked for."""
    job_id: Mapped[str | None] = mapped_column(Id)
    """The train job; None where the values did not fit together, so that none was queued."""
    values: Mapped[dict[str, Any]] = mapped_column(Json)
    """Dimension -> value; of an ensemble's member ``params.seed``, where seeds tell them apart."""
    state: Mapped[str] = mapped_column(String(16))
    """queued, running, complete, pruned, failed, cancelled, or stopped: by the search's own cancel."""
    value: Mapped[float | None] = mapped_column(Double)
    """Of the metric that is improved, of the weights that the training left."""
    epochs: Mapped[list[list[float]]] = mapped_column(Json, default=list)
    """[epoch, value] as reported while it ran."""
    pruned_at: Mapped[int | None]
    """The epoch after which its end was asked for."""
    note: Mapped[str | None] = mapped_column(String(500))

    __table_args__ = (Index("ix_trials_job_id", "job_id"),)


class Artifact(Base):
    """A file of a succeeded job, from its result manifest."""

    __tablename__ = "artifacts"

    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    key: Mapped[str] = mapped_column(String(300))
    size: Mapped[int] = mapped_column(Size)
    sha256: Mapped[str] = mapped_column(String(64))


class JobEvent(Base):
    """What a job said, in order; streamed to clients as server-sent events."""

    __tablename__ = "job_events"

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    attempt: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    """state, batch, epoch, metrics or log."""
    data: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[float] = mapped_column(Time, default=clock())

    __table_args__ = (Index("ix_job_events_job_id_id", "job_id", "id"),)


class Worker(Base):
    """A worker process and what it can do; online while ``seen_at`` is fresh."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    host: Mapped[str] = mapped_column(String(255))
    pid: Mapped[int]
    backend: Mapped[str] = mapped_column(String(32))
    queues: Mapped[list[str]] = mapped_column(Json)
    devices: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    """[{"kind": cpu|gpu, "name", "memory_bytes"}]."""
    job_id: Mapped[str | None] = mapped_column(Id)
    started_at: Mapped[float] = mapped_column(Time, default=clock())
    seen_at: Mapped[float] = mapped_column(Time, default=clock())


class Operator(Base):
    """A named callable unit; the content is in its versions."""

    __tablename__ = "operators"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    owner: Mapped[str] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String(100), unique=True)
    version: Mapped[int]
    """The newest ready version's number, 0 before the first; what a call without a version gets."""
    reserved: Mapped[int] = mapped_column(default=0)
    """The highest number ever given, also to versions whose replay failed: no number is used twice."""
    created_at: Mapped[float] = mapped_column(Time, default=clock())


class OperatorVersion(Base):
    __tablename__ = "operator_versions"

    operator_id: Mapped[str] = mapped_column(ForeignKey("operators.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    serving: Mapped[dict[str, Any]] = mapped_column(Json)
    """``visualnn_shared.training.serving.Serving`` as JSON: signature, preprocessing, classes, task."""
    onnx_key: Mapped[str] = mapped_column(String(300))
    onnx_sha256: Mapped[str] = mapped_column(String(64))
    lineage: Mapped[dict[str, Any]] = mapped_column(Json)
    """{"model", "model_version", "job", "dataset", "dataset_sha256", "weights_sha256"}."""
    replay: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """What replaying the stored samples gave: {"samples", "max_abs_error", "tolerance"}."""
    ready: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[float] = mapped_column(Time, default=clock())


class OperatorAlias(Base):
    __tablename__ = "operator_aliases"

    operator_id: Mapped[str] = mapped_column(ForeignKey("operators.id", ondelete="CASCADE"), primary_key=True)
    alias: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int]
