"""Workers, readiness and the catalogue as answers."""

from typing import Any, Literal

from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.problem import Problem
from visualnn_shared.store.tables import Worker

from visualnn_api.views.common import Timestamp, View


class WorkerView(View):
    """A worker process that was seen in the last minute."""

    id: str
    host: str
    pid: int
    backend: str
    """The Keras backend."""
    queues: list[str]
    devices: list[dict[str, Any]]
    job: str | None = None
    """What it works on now."""
    started_at: Timestamp
    seen_at: Timestamp


class Workers(View):
    items: list[WorkerView]


class PartStatus(View):
    """One part of the platform."""

    status: Literal["ok", "down", "none"]
    """none: it is not configured, and the platform works without it."""
    needed: bool
    detail: str


class Readiness(View):
    """Whether requests can be answered now, part by part."""

    status: Literal["ready", "degraded", "not ready"]
    """degraded: something is down that the platform can do without."""
    parts: dict[str, PartStatus]


class Alive(View):
    status: Literal["alive"] = "alive"
    version: str


class Checked(View):
    """A spec without problems; one with problems is answered with 422."""

    ok: Literal[True] = True
    name: str
    layers: int
    etag: str
    """What the ETag of a version with this spec would be."""
    warnings: list[Problem]
    """Likely mistakes; none keeps the network from being built."""


class Unfolded(View):
    """A spec with layers in place of blocks."""

    spec: Spec
    made: dict[str, list[str]]
    """Block -> the layers that it became, the last of which has its name."""


def worker_view(row: Worker) -> WorkerView:
    return WorkerView(
        id=row.id,
        host=row.host,
        pid=row.pid,
        backend=row.backend,
        queues=row.queues,
        devices=row.devices,
        job=row.job_id,
        started_at=row.started_at,
        seen_at=row.seen_at,
    )


class Features(View):
    """What this platform's settings allow."""

    import_urls: bool
    """Whether `POST /conversions/from-url` fetches files."""
