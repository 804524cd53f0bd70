"""A worker process: keeps a child ready, claims, runs, one job at a time, until it is told to leave."""

import logging
import threading
import time

from visualnn_shared.errors import NotFound, Unavailable
from visualnn_shared.jobs import protocol, workers
from visualnn_shared.jobs.model import INFER, QUEUES, TRAIN_CPU, TRAIN_GPU, Claim, ErrorClass, JobError
from visualnn_shared.jobs.timers import Timers
from visualnn_shared.store.database import Database

from visualnn_worker.page import boot_ns
from visualnn_worker.settings import WorkerSettings
from visualnn_worker.supervisor import memory
from visualnn_worker.supervisor.attempt import Attempt
from visualnn_worker.supervisor.orders import make_order
from visualnn_worker.supervisor.processes import kill_leftovers
from visualnn_worker.supervisor.rows import Row
from visualnn_worker.supervisor.said import Printed, Ready
from visualnn_worker.supervisor.signals import Signals
from visualnn_worker.supervisor.standby import Standby
from visualnn_worker.supervisor.wake import WakeUps

SEEN_S = 10.0
"""Time between two signs of life of an idle worker."""

log = logging.getLogger(__name__)


class Worker:
    """Serves the queues that its devices allow, or those of the settings."""

    def __init__(self, settings: WorkerSettings, timers: Timers, database: Database, signals: Signals) -> None:
        """Nothing is started yet. Raises ``ValueError`` for a queue that does not exist."""
        unknown = [name for name in settings.queue_names if name not in QUEUES]
        if unknown:
            raise ValueError(f"a queue must be one of {', '.join(QUEUES)}; received {', '.join(unknown)}")
        self._settings = settings
        self._timers = timers
        self._database = database
        self._signals = signals
        self._standby = Standby(settings.run_dir, signals)
        self._idle = threading.Event()
        self._seen = 0.0
        self._info = workers.WorkerInfo(queues=(), devices=(), backend="")

    def run(self) -> None:
        """Work until the signals say stop. Raises ``ChildUnfit`` where Keras cannot be loaded, ``Unavailable``."""
        kill_leftovers(self._settings.run_dir / "children")
        self._database.upgrade()
        try:
            ready = self._standby.wait_ready()
            if ready is None:  # told to leave before it began
                return
            self._announce(ready)
            wake_ups = self._listen()
            self._loop()
            if wake_ups:
                wake_ups.stop()
        finally:
            self._standby.end(self._timers.kill_s)
            self._retire()

    def _announce(self, ready: Ready) -> None:
        has_gpu = any(device["kind"] == "gpu" for device in ready.devices)
        queues = self._settings.queue_names or [*([TRAIN_GPU] if has_gpu else []), TRAIN_CPU, INFER]
        if TRAIN_GPU in queues and not has_gpu:
            log.warning("the queue %s is served only with a GPU, and %s sees none", TRAIN_GPU, ready.backend)
            queues = [name for name in queues if name != TRAIN_GPU]
        self._info = workers.WorkerInfo(queues=queues, devices=ready.devices, backend=ready.backend)
        with self._database.session() as s:
            workers.announce(s, self._info)
        self._seen = time.monotonic()
        names = ", ".join(f"{device['kind']} ({device['name']})" for device in ready.devices)
        log.info("worker %s: %s on %s; serves %s", self._info.id, ready.backend, names, ", ".join(queues))

    def _listen(self) -> WakeUps | None:
        if not self._settings.broker_url:
            return None
        wake_ups = WakeUps(self._settings.broker_url, self._info.queues, self._info.id, self._on_wake)
        wake_ups.start()
        return wake_ups

    def _on_wake(self) -> None:
        """In Celery's thread: look for work now, and take no other wake-up before there is none."""
        self._idle.clear()
        self._signals.wake()
        self._idle.wait()

    def _loop(self) -> None:
        while not self._signals.stopping:
            try:
                worked = self._claim_and_run()
                self._show_life()
            except Unavailable as error:
                log.warning("waiting for the database: %s", error)
                worked = False
            if not worked and not self._signals.stopping:
                self._idle.set()
                self._signals.wait(self._timers.idle_claim_s)
        self._idle.set()

    def _show_life(self) -> None:
        if time.monotonic() - self._seen < SEEN_S:
            return
        with self._database.session() as s:
            if not workers.seen(s, self._info.id):
                workers.announce(s, self._info)
        self._seen = time.monotonic()

    def _claim_and_run(self) -> bool:
        """Take a job and do it; False where there is none, or no child that could. Raises ``Unavailable``."""
        if self._settings.worker_warm:
            self._standby.keep()
        if not self._standby.fit:
            return False
        sent = boot_ns()
        with self._database.session() as s:
            claim = protocol.claim(
                s, queues=self._info.queues, worker_id=self._info.id, timers=self._timers,
                most_running=self._settings.max_running_jobs, devices=self._info.most_devices,
            )  # fmt: skip
        if claim is None:
            return False
        log.info("job %s attempt %d: %s", claim.lease.job_id, claim.lease.attempt, claim.job.kind)
        self._run(claim, sent)
        with self._database.session() as s:
            workers.seen(s, self._info.id)
        return True

    def _run(self, claim: Claim, sent_ns: int) -> None:
        patience_s = self._settings.worker_patience_s
        row = Row(self._database, claim.lease, self._timers, self._info.id, patience_s, lambda: self._signals.stopping)
        try:
            with self._database.reading() as s:
                order = make_order(s, claim, self._settings)
            child = self._standby.take()
        except (NotFound, ValueError) as error:
            step = "Submit a new job with a model and a data set that exist."
            row.fail(JobError(ErrorClass.USER, "input-gone", str(error), step))
            return
        except (OSError, Unavailable) as error:
            step = "It is tried again by itself."
            row.fail(JobError(ErrorClass.INFRASTRUCTURE, "not-started", f"{type(error).__name__}: {error}", step))
            return
        on_gpu = order.gpu and any(device["kind"] == "gpu" for device in self._info.devices)
        if order.memory_limit_mb and not on_gpu:  # a GPU's driver maps far more than it uses
            memory.cap(child.pid, order.memory_limit_mb * memory.MIB)
        child.order(order, sent_ns + int(self._timers.watchdog_s * 1e9))
        printed = Printed(self._settings.worker_log_lines_per_s)
        Attempt(claim, order, child, row, self._timers, self._signals, printed, sent_ns).run()

    def _retire(self) -> None:
        try:
            with self._database.session() as s:
                workers.retire(s, self._info.id)
        except Unavailable as error:
            log.warning("the worker's row stays until it is forgotten: %s", error)
