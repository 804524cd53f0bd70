"""Wake-ups from Celery, received in a thread of its own.

The rows are the truth and the main loop claims by itself every two seconds, so this thread only makes it look at once.
Celery is kept out of the main thread because that one must own the children (the kernel ties them to it), must go on
claiming while the broker is away, and must drain at once on SIGTERM.
"""

import logging
import threading
from collections.abc import Callable, Sequence

from celery.worker import WorkController
from visualnn_shared.jobs.wakeup import WAKE, celery_app

AGAIN_S = 5.0

log = logging.getLogger(__name__)


class WakeUps(threading.Thread):
    """Runs a Celery worker (solo pool, one message at a time) whose task calls ``on_wake``.

    ``on_wake`` returns when the worker is idle again: meanwhile the broker gives further wake-ups to other workers.
    """

    def __init__(self, broker_url: str, queues: Sequence[str], name: str, on_wake: Callable[[], None]) -> None:
        super().__init__(name="wake-ups", daemon=True)
        self._app = celery_app(broker_url)
        self._app.task(name=WAKE, ignore_result=True)(on_wake)
        self._queues = list(queues)
        self._hostname = name
        self._stopped = threading.Event()

    def run(self) -> None:
        while not self._stopped.is_set():
            try:
                WorkController(
                    app=self._app, hostname=self._hostname, pool_cls="solo", concurrency=1, queues=self._queues,
                    task_events=False, without_heartbeat=True, without_mingle=True, without_gossip=True,
                ).start()  # fmt: skip
            except Exception as error:  # noqa: BLE001 - a wake-up is never worth a worker
                log.warning("wake-ups do not arrive, so jobs are found by polling: %s", error)
            self._stopped.wait(AGAIN_S)

    def stop(self) -> None:
        """Start no further Celery worker; the thread ends with the process."""
        self._stopped.set()
