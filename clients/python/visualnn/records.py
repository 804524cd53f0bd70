"""What the server answers, as types. Fields that a newer server adds are kept as extra attributes."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

State = Literal["queued", "running", "succeeded", "failed", "cancelled"]
FINAL: frozenset[str] = frozenset({"succeeded", "failed", "cancelled"})


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow", populate_by_name=True, protected_namespaces=())


class Model(_Record):
    """A stored, named spec; ``version`` is its current version."""

    id: str
    name: str
    version: int
    etag: str = ""
    spec: dict[str, Any] | None = None


class Dataset(_Record):
    """Stored samples; ``splits`` counts them, ``schema_`` describes one."""

    id: str
    name: str
    sha256: str
    format: str = ""
    schema_: dict[str, Any] = Field(alias="schema")
    splits: dict[str, Any] = {}


class Job(_Record):
    """One unit of asynchronous work."""

    id: str
    kind: str
    state: State
    progress: float = 0.0
    eta_s: float | None = None
    attempt: int = 0
    metrics: dict[str, Any] = {}
    chosen: dict[str, Any] | None = None
    model: dict[str, Any] | None = None
    """id and version of the model that it trains, or whose weights it uses."""
    dataset: str | None = None
    """The data set's id."""
    error: dict[str, Any] | None = None
    params: dict[str, Any] = {}
    cancel_requested: bool = False
    priority: int = 0
    created_at: str | None = None
    started_at: str | None = None
    finished_at: str | None = None
    warnings: list[dict[str, Any]] = []
    """What was doubtful when the job was submitted: rule, received, where, hint."""
    waiting_for: str | None = None
    waiting_since: str | None = None

    @property
    def final(self) -> bool:
        """Whether it has ended."""
        return self.state in FINAL


class Artifact(_Record):
    """A file of a job's result."""

    name: str
    size: int
    sha256: str


class Operator(_Record):
    """A named, versioned, callable network."""

    name: str
    version: int
    aliases: dict[str, int] | list[Any] = {}
    signature: dict[str, Any] = {}
    classes: list[str] | None = None
    task: str | None = None
    label: str | None = None
    """Name of the labels that the first output learnt from."""
    others: dict[str, Any] = {}
    """What each further output says: task, classes, label."""
    lineage: dict[str, Any] = {}
    replay: dict[str, Any] | None = None
    ready: bool = True


class Event(_Record):
    """Something a job said: ``kind`` is state, batch, epoch, metrics or log."""

    id: int
    kind: str
    data: dict[str, Any]


class Download(BaseModel):
    """A file that was fetched and checked."""

    path: str
    size: int
    sha256: str
