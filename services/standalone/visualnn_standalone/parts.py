"""Which parts a platform has, and what each is told."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from visualnn_shared.settings import CommonSettings

from visualnn_standalone.part import Part

CERTIFIER = "visualnn_standalone.verify.served:certify"


@dataclass(frozen=True, slots=True)
class Addresses:
    """File numbers of the listening sockets, and the URLs that the gateway calls."""

    api_fd: int
    converter_fd: int
    predictor_fd: int
    converter_url: str
    predictor_url: str


def service_environment(settings: CommonSettings, broker_url: str, at: Addresses) -> dict[str, str]:
    """What every part finds in its environment: the same addresses for all."""
    return {
        "VISUALNN_DATA_DIR": str(settings.data_dir),
        "VISUALNN_DATABASE_URL": settings.database,
        "VISUALNN_BROKER_URL": broker_url,
        "VISUALNN_OBJECT_STORE": settings.objects,
        "VISUALNN_CONVERTER_URL": at.converter_url,
        "VISUALNN_PREDICTOR_URL": at.predictor_url,
        "PYTHONUNBUFFERED": "1",
    }


def service_parts(data_dir: Path, workers: int, at: Addresses, environment: Mapping[str, str]) -> list[Part]:
    """The parts after the broker, in the order in which they start: the slowest to be ready first."""
    logs = data_dir / "logs"

    def part(name: str, module: str, fd: int | None = None, **extra: str) -> Part:
        listening = () if fd is None else ("--fd", str(fd))
        command = (sys.executable, "-m", module, *listening)
        return Part(name, command, logs / f"{name}.log", {**environment, **extra}, () if fd is None else (fd,))

    threads = _threads_of_a_worker(workers)
    return [
        *(part(f"worker-{n}", "visualnn_worker", None, **threads) for n in range(1, workers + 1)),
        part("api", "visualnn_api", at.api_fd),
        part("converter", "visualnn_converter", at.converter_fd, VISUALNN_CONVERTER_CERTIFIER=CERTIFIER),
        part("predictor", "visualnn_predictor", at.predictor_fd),
        part("dispatcher", "visualnn_shared.jobs.dispatcher"),
    ]


def _threads_of_a_worker(workers: int) -> dict[str, str]:
    """Several workers share the cores instead of each taking all; one worker keeps what its backend chooses."""
    if workers < 2 or "OMP_NUM_THREADS" in os.environ:
        return {}
    share = str(max(1, (os.cpu_count() or 1) // workers))
    return {"OMP_NUM_THREADS": share, "TF_NUM_INTRAOP_THREADS": share}
