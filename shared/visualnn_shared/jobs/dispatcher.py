"""``python -m visualnn_shared.jobs.dispatcher``: the net below the workers. Several may run; none leads.

One thread takes jobs back from lost workers and re-sends wake-ups, every five seconds. Another removes what ended
attempts left in the object store: soon after each end, again every hour, and, over the whole store, once a day.
"""

import logging
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable

from sqlalchemy import select

from visualnn_shared.ensembling.advance import Ensembler
from visualnn_shared.errors import Unavailable
from visualnn_shared.jobs import gc, protocol, workers
from visualnn_shared.jobs.timers import Timers
from visualnn_shared.jobs.wakeup import Waker
from visualnn_shared.objects import ObjectStore, open_store
from visualnn_shared.settings import CommonSettings
from visualnn_shared.store.clock import clock
from visualnn_shared.store.database import Database
from visualnn_shared.store.tables import Attempt
from visualnn_shared.tuning.advance import Tuner

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
SEARCH_S = 0.5
"""Time between two steps of a search or an ensemble: about so long a trial that fell behind goes on training."""
LATE_COMMIT_S = 60.0
"""An attempt's end may become visible this long after the time that it names."""

log = logging.getLogger("visualnn_shared.jobs.dispatcher")


class Dispatcher:
    """What every round does; ``run`` does it until ``stop``."""

    def __init__(self, database: Database, objects: ObjectStore, waker: Waker, timers: Timers) -> None:
        self._database = database
        self._objects = objects
        self._waker = waker
        self._timers = timers
        self._stop = threading.Event()
        self._tuner = Tuner(database, objects, waker, timers)
        self._ensembler = Ensembler(database, objects, waker, timers)
        self._collected: set[tuple[str, int]] = set()

    def round(self) -> None:
        """Reap, wake, forget workers that are gone. Raises ``Unavailable``."""
        with self._database.session() as s:
            reaped = protocol.reap(s, self._timers)
        for job in reaped:
            log.warning("job %s: its worker sent no heartbeat; now %s", job.job_id, job.state)
        with self._database.session() as s:
            workers.prune(s)
        self._wake()

    def search(self) -> None:
        """One step of every tune and ensemble job. Raises ``Unavailable``."""
        self._tuner.round()
        self._ensembler.round()

    def _wake(self) -> None:
        with self._database.session() as s:
            waiting = Counter(job.queue for job in protocol.to_wake(s, self._timers.resend_s))
            listening = {queue: len(workers.online(s, queue)) for queue in waiting}
        for queue, number in waiting.items():  # after the commit; more wake-ups than workers would only pile up
            for _ in range(min(number, listening[queue])):
                self._waker.wake(queue)

    def collect_new(self) -> int:
        """Remove what attempts left that ended since the last call; how many objects. Raises ``Unavailable``."""
        ended = self._ended(self._timers.reap_s + LATE_COMMIT_S)
        gone = self._collect(ended - self._collected)
        self._collected = ended
        return gone

    def collect_again(self, within_s: float = DAY_S) -> int:
        """The same for every attempt that ended in this time: a child that slept may have written after its end."""
        return self._collect(self._ended(within_s))

    def sweep(self) -> int:
        """Look at every object of every job. Raises ``Unavailable``."""
        return gc.sweep(self._database, self._objects, self._stop.is_set)

    def _ended(self, within_s: float) -> set[tuple[str, int]]:
        with self._database.reading() as s:
            recent = select(Attempt.job_id, Attempt.attempt).where(Attempt.ended_at > clock() - within_s)
            return {(job_id, attempt) for job_id, attempt in s.execute(recent)}

    def _collect(self, attempts: set[tuple[str, int]]) -> int:
        jobs = sorted({job_id for job_id, _ in attempts})
        return sum(len(gc.collect(self._database, self._objects, job_id)) for job_id in jobs)

    def stop(self) -> None:
        """End ``run`` soon; for signal handlers and other threads."""
        self._stop.set()

    def run(self) -> None:
        """Rounds until ``stop``; a database or store that is away is waited for."""
        upgrade = _Patient("preparing the database", self._database.upgrade)
        while not upgrade() and not self._stop.wait(self._timers.reap_s):
            pass
        cleaning = threading.Thread(target=self._clean, name="gc")
        cleaning.start()
        log.info("the dispatcher watches the jobs")
        search = _Patient("advancing searches and ensembles", self.search)
        round_ = _Patient("reaping and waking", self.round)
        due = 0.0
        while not self._stop.is_set():
            search()  # before the reaping: after a pause it renews the leases of searches, which nobody lost
            if time.monotonic() >= due:
                round_()
                due = time.monotonic() + self._timers.reap_s
            self._stop.wait(min(SEARCH_S, self._timers.reap_s))
        cleaning.join()

    def _clean(self) -> None:
        tasks = [
            (self._timers.reap_s, _Patient("removing objects of ended attempts", self.collect_new)),
            (HOUR_S, _Patient("removing late objects", self.collect_again)),
            (DAY_S, _Patient("sweeping the store", self.sweep)),
        ]
        due = [0.0] * len(tasks)
        while not self._stop.wait(self._timers.reap_s):
            for number, (every, task) in enumerate(tasks):
                if time.monotonic() >= due[number] and task():
                    due[number] = time.monotonic() + every


class _Patient:
    """Calls a task; says once that a part does not answer, and once that it does again."""

    def __init__(self, what: str, task: Callable[[], object]) -> None:
        self._what = what
        self._task = task
        self._well = True

    def __call__(self) -> bool:
        """Whether the task went through."""
        try:
            self._task()
        except Unavailable as error:
            if self._well:
                log.warning("%s waits: %s", self._what, error)
            self._well = False
            return False
        if not self._well:
            log.info("%s goes on", self._what)
        self._well = True
        return True


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings, timers = CommonSettings(), Timers()
    database = Database(settings.database, statement_timeout_s=timers.statement_timeout_s)
    waker = Waker(settings.broker_url)
    dispatcher = Dispatcher(database, open_store(settings), waker, timers)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: dispatcher.stop())
    dispatcher.run()
    waker.close()
    database.dispose()


if __name__ == "__main__":
    main()
