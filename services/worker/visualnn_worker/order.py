"""What the supervisor tells a child to do, as one line of JSON on its standard input."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from visualnn_shared.datasets.schema import DatasetSchema
from visualnn_shared.errors import NotFound
from visualnn_shared.store.tables import Manifest


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DatasetRef(_Frozen):
    """The stored file and what is known of it."""

    id: str
    name: str
    key: str
    format: str
    schema_: DatasetSchema
    splits: dict[str, int]
    sha256: str = ""
    """Of the stored file."""


class MemberRef(_Frozen):
    """Weights that an ensemble is made of."""

    key: str
    """Object key of the file, in the form of ``weights.safetensors``."""
    job: str
    seed: int | None = None
    epoch: int | None = None


class JobOrder(_Frozen):
    """A claimed job, complete: a child reads no rows."""

    kind: Literal["train", "evaluate", "predict", "check", "export", "dqn", "ensemble"]
    job_id: str
    attempt: int
    prefix: str
    """Where this attempt's objects lie, with a slash at the end."""
    spec: dict[str, Any] | None
    """The model version's spec; None where the weights file brings its own."""
    params: dict[str, Any]
    chosen: dict[str, Any] | None
    dataset: DatasetRef | None
    """None for an export, and for a dqn job, which learns from an environment."""
    weights: str | None
    """Object key of ``weights.safetensors`` of the source job; of a training, where it begins with those weights."""
    members: tuple[MemberRef, ...] = ()
    """Of an ensemble."""
    checkpoint: Manifest | None
    """The checkpoint to go on from."""
    checkpoint_s: float
    gpu: bool
    """Whether the job may use a GPU."""

    @property
    def data(self) -> DatasetRef:
        """The data set of a job that has one. Raises ``NotFound``."""
        if self.dataset is None:
            raise NotFound("data set", None)
        return self.dataset
