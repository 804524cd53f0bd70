"""Celery carries wake-ups and nothing else: rows are the truth, so a lost, doubled or late message does no harm."""

import logging
import queue as queues
import threading
import time
from contextlib import suppress

from celery import Celery
from kombu import Queue
from kombu.exceptions import KombuError

from visualnn_shared.jobs.model import QUEUES, TRAIN_CPU

WAKE = "visualnn.wake"
"""Name of the one task: claim until nothing is left. It takes no arguments."""
ANSWER_S = 1.0
"""Longest wait for the broker, at each step of a connection."""
COOL_DOWN_S = 5.0
"""After a failure, wake-ups are dropped for this long."""
_LIMIT = 1000

log = logging.getLogger(__name__)


def celery_app(broker_url: str) -> Celery:
    """The app of workers and wakers. Workers add the task ``WAKE``; messages are acknowledged before it runs."""
    app = Celery("visualnn", broker=broker_url, set_as_current=False)
    app.conf.update(
        task_ignore_result=True,
        task_acks_late=False,
        task_publish_retry=False,
        task_serializer="json",
        accept_content=["json"],
        task_default_queue=TRAIN_CPU,
        task_queues=[Queue(name, routing_key=name) for name in QUEUES],
        task_create_missing_queues=False,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
        broker_connection_timeout=ANSWER_S,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "socket_connect_timeout": ANSWER_S,
            "socket_timeout": 5.0,  # more than the second for which a consumer's read blocks
            "retry_on_timeout": False,
            "max_retries": 0,
        },
    )
    return app


class Waker:
    """Sends wake-ups from a thread of its own: ``wake`` returns at once, whatever the broker does."""

    def __init__(self, broker_url: str) -> None:
        """An empty address: there is no broker, and workers poll."""
        self._app = celery_app(broker_url) if broker_url else None
        self._waiting: queues.Queue[str | None] = queues.Queue(maxsize=_LIMIT)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._silent_until = 0.0

    def wake(self, queue: str) -> None:
        """Wake a worker of ``queue``, if workers serve it and the broker can. Never raises, never waits."""
        if self._app is None or queue not in QUEUES or time.monotonic() < self._silent_until:
            return
        self._start()
        with suppress(queues.Full):  # a thousand wake-ups are under way already
            self._waiting.put_nowait(queue)

    def close(self, timeout_s: float = ANSWER_S) -> None:
        """Send what is waiting, for at most ``timeout_s``."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is None:
            return
        with suppress(queues.Full):
            self._waiting.put_nowait(None)
        thread.join(timeout_s)

    def _start(self) -> None:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._send_all, name="waker", daemon=True)
                self._thread.start()

    def _send_all(self) -> None:
        assert self._app is not None
        transport = self._app.connection_for_write()
        faults = (KombuError, OSError, *transport.connection_errors, *transport.channel_errors)
        while (queue := self._waiting.get()) is not None:
            if time.monotonic() < self._silent_until:
                continue
            try:
                self._app.send_task(WAKE, queue=queue, ignore_result=True, retry=False)
            except faults as error:
                self._silent_until = time.monotonic() + COOL_DOWN_S
                log.warning("the broker does not answer, so workers find jobs by polling: %s", error)
