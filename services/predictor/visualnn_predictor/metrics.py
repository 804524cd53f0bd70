"""Prometheus metrics: requests by operator and status, samples per model call, seconds to the answer."""

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Environment variable of prometheus-client: where processes that share a socket join their numbers."""
_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30)
_ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 1024, 16_384)


class Metrics:
    """One registry per application, so that two in one process do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "visualnn_predict_requests", "Answered requests.", ("operator", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "visualnn_predict_seconds",
            "Seconds to the answer.",
            ("operator",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.rows = Histogram(
            "visualnn_predict_batch_rows",
            "Samples per model call.",
            ("operator",),
            buckets=_ROWS,
            registry=self.registry,
        )
        self.loaded = Gauge(
            "visualnn_predict_models", "Loaded operator versions.", multiprocess_mode="livesum", registry=self.registry
        )

    def render(self) -> bytes:
        """The text that Prometheus reads: of all processes that share the socket, where there are several."""
        if SHARED_FOLDER in os.environ:
            joined = CollectorRegistry()
            MultiProcessCollector(joined)  # type: ignore[no-untyped-call]
            return generate_latest(joined)
        return generate_latest(self.registry)


class ModelMetrics:
    """The metrics of one operator, bound once: looking labels up costs more than counting."""

    def __init__(self, metrics: Metrics, operator: str) -> None:
        self._metrics, self._operator = metrics, operator
        self.batch = metrics.rows.labels(operator).observe
        self._seconds = metrics.seconds.labels(operator).observe
        self._ok = metrics.requests.labels(operator, "200").inc

    def answered(self, status: int, seconds: float) -> None:
        if status == 200:
            self._ok()
        else:
            self._metrics.requests.labels(self._operator, str(status)).inc()
        self._seconds(seconds)
