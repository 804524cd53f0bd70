"""Settings of the worker, beside those that every service shares."""

from pathlib import Path
from typing import Annotated

from pydantic import Field
from visualnn_shared.settings import CommonSettings


class WorkerSettings(CommonSettings):
    """Environment: ``VISUALNN_WORKER_<FIELD>`` for the fields below, ``VISUALNN_<FIELD>`` for the shared ones."""

    worker_queues: str = ""
    """Queues to serve, with commas between; default: train.cpu and infer, and train.gpu where there is a GPU."""
    worker_warm: bool = True
    """Whether an idle worker keeps a child that has loaded Keras already, so that a job starts at once."""
    worker_dir: Path | None = None
    """Folder for children's process ids and temporary files; default: worker in the data folder."""
    worker_checkpoint_s: Annotated[float, Field(ge=0)] = 10.0
    """Least seconds between two checkpoints of a training; costly checkpoints become rarer by themselves."""
    worker_log_lines_per_s: Annotated[float, Field(gt=0)] = 20.0
    """How many lines a second a job may print into its log; what is above that is counted, not kept."""
    worker_memory_limit_mb: Annotated[int, Field(ge=0)] = 0
    """MiB that the process of a job may hold on this worker, whatever the job allows itself; 0: no such limit."""
    worker_cpu_devices: Annotated[int, Field(ge=1, le=64)] = 1
    """Devices that the CPU is shown as, to try data parallel training out without GPUs; it gets no faster."""
    worker_patience_s: Annotated[float, Field(ge=0)] = 1800.0
    """How long a job waits for a store that does not answer or a disk that is full, before the attempt is given up."""

    @property
    def run_dir(self) -> Path:
        """``worker_dir``, with its default."""
        return self.worker_dir or self.data_dir.expanduser() / "worker"

    @property
    def queue_names(self) -> list[str]:
        """``worker_queues`` as a list; empty where the devices decide."""
        return [name.strip() for name in self.worker_queues.split(",") if name.strip()]
