"""One claimed job from its order to its end: heartbeats, deadline, cancel, what the child says, and how it went.

Everything happens in the main thread, in one loop that never waits longer than to the next thing that is due.
"""

import logging
import selectors
from contextlib import suppress
from typing import Any

from visualnn_shared.errors import Unavailable
from visualnn_shared.jobs.model import Beat, Claim, JobError, State
from visualnn_shared.jobs.timers import Timers

from visualnn_worker.order import JobOrder
from visualnn_worker.page import boot_ns
from visualnn_worker.supervisor import device_memory, memory
from visualnn_worker.supervisor.child_process import ChildProcess
from visualnn_worker.supervisor.endings import Broke, Ending, Finished, Stop, death, lost_touch, too_big, too_long
from visualnn_worker.supervisor.rows import Row
from visualnn_worker.supervisor.said import Checkpoint, Done, Event, Failed, Lines, Message, Printed, Waiting, parse
from visualnn_worker.supervisor.signals import Signals
from visualnn_worker.supervisor.telling import told

NEWS_S = 0.5
"""Least time between two writes of what the child says."""
LOOK_S = 1.0
"""Longest time until a cancel is seen."""
WEIGH_S = 0.2
"""Time between two looks at the memory of a child that has a limit."""
GRACE_S = 2.0
"""How long a child that said it is done may take to leave."""
MOST_EVENTS = 500
"""Events that wait for the database; what is above is dropped, oldest first."""

log = logging.getLogger(__name__)


class Attempt:
    """Runs one claim on one child."""

    def __init__(
        self,
        claim: Claim,
        order: JobOrder,
        child: ChildProcess,
        row: Row,
        timers: Timers,
        signals: Signals,
        printed: Printed,
        sent_ns: int,
    ) -> None:
        """``sent_ns``: when the claim was sent, on the clock of ``boot_ns``."""
        self._claim = claim
        self._order = order
        self._child = child
        self._row = row
        self._timers = timers
        self._signals = signals
        self._printed = printed
        self._began_ns = self._beaten_ns = self._looked_ns = self._tried_ns = sent_ns
        self._deadline_ns = self._deadline(sent_ns)
        self._checkpoint_seq = claim.checkpoint_seq
        self._events: list[tuple[str, dict[str, Any]]] = []
        self._news: dict[str, Any] = {}
        self._checkpoint = claim.checkpoint_manifest
        self._waiting: str | None = None
        self._waiting_from_ns = self._waited_ns = 0
        self._most_bytes = 0
        self._trains = False
        self._ending: Ending | None = None

    def run(self) -> State | None:
        """Follow the child to its end, end it, write how it went: the state it led to, None where fenced off."""
        ending = self._follow()
        grace = GRACE_S if isinstance(ending, Finished) else 0.0
        held = self._held() if ending is Stop.CANCELLED else {}
        code = self._child.end(self._timers.kill_s, grace)
        if code is None and not isinstance(ending, Finished):
            # The promise is that no child runs when an end is visible: say nothing, the lease will run out.
            log.error("job %s: the kernel did not end the child %d", self._claim.lease.job_id, self._child.pid)
            return None
        state = self._write(ending, code, self._freed(held))
        log.info("job %s attempt %d: %s", self._claim.lease.job_id, self._claim.lease.attempt, state or "fenced off")
        return state

    def _deadline(self, sent_ns: int) -> int:
        return sent_ns + int(self._timers.watchdog_s * 1e9)

    def _follow(self) -> Ending:
        streams = self._child.streams
        lines = {fd: Lines(fd) for fd in (streams.say, streams.out, streams.err)}
        with selectors.DefaultSelector() as selector:
            selector.register(self._signals.fd, selectors.EVENT_READ)
            for fd in lines:
                selector.register(fd, selectors.EVENT_READ)
            while self._ending is None:
                for key, _ in selector.select(self._rest_s()):
                    if key.fd == self._signals.fd:
                        self._signals.clear()
                        continue
                    self._hear(lines[key.fd])
                    if not lines[key.fd].open:
                        selector.unregister(key.fd)
                self._tick()
            if not isinstance(self._ending, Stop):
                for each in lines.values():  # its last words
                    self._hear(each)
                self._say()
        return self._ending

    def _rest_s(self) -> float:
        """Seconds until something is due."""
        now = boot_ns()
        due = [self._deadline_ns, self._looked_ns + int(LOOK_S * 1e9)]
        if self._order.memory_limit_mb:
            due.append(now + int(WEIGH_S * 1e9))
        if self._events or self._news:
            due.append(self._tried_ns + int(NEWS_S * 1e9))
        return min(max((min(due) - now) / 1e9, 0.0), LOOK_S)

    def _tick(self) -> None:
        """Whatever is due now."""
        now = boot_ns()
        if self._ending is not None:
            return
        self._weigh()
        if now >= self._deadline_ns:
            self._ending = Stop.EXPIRED
        elif self._signals.stopping:
            self._ending = Stop.DRAINED
        elif self._late(now):
            self._ending = Stop.TOO_LONG
        elif self._too_big():
            self._ending = Stop.TOO_BIG
        elif self._child.ended():
            self._ending = Broke(None)
        elif self._beat_due(now):
            self._say()
        elif now - self._looked_ns >= LOOK_S * 1e9:
            self._look(now)

    def _late(self, now: int) -> bool:
        """Whether the work has taken longer than it may; the time that it waited for others is not its own."""
        limit = self._claim.job.time_limit_s
        waited = self._waited_ns + (now - self._waiting_from_ns if self._waiting else 0)
        return limit is not None and now - self._began_ns - waited >= limit * 1e9

    def _weigh(self) -> None:
        self._most_bytes = max(self._most_bytes, memory.held_bytes(self._child.pid))

    def _too_big(self) -> bool:
        limit = self._order.memory_limit_mb
        return limit is not None and self._most_bytes > limit * memory.MIB

    def _held(self) -> dict[str, int]:
        """The memory that the child holds now, in MiB; of devices what can be told of them."""
        mine, used = device_memory.used_mb(self._child.pid), device_memory.used_mb()
        held = {"memory_mb": memory.held_bytes(self._child.pid) // memory.MIB}
        return held if used is None else {**held, "device": used, "own": mine or 0}

    def _freed(self, held: dict[str, int]) -> dict[str, int]:
        """What the child's end gave back of what it held."""
        if "device" not in held:
            return held
        rest = device_memory.used_mb()
        fallen = max(held["device"] - (held["device"] if rest is None else rest), 0)
        return {"memory_mb": held["memory_mb"], "device_memory_mb": fallen or held["own"]}

    def _beat_due(self, now: int) -> bool:
        if now - self._tried_ns < NEWS_S * 1e9:
            return False
        return bool(self._events or self._news) or now - self._beaten_ns >= self._timers.heartbeat_s * 1e9

    def _say(self) -> None:
        """A heartbeat with the news; the deadline moves by the time before it was sent."""
        sent = self._tried_ns = self._looked_ns = boot_ns()
        try:
            beat = self._row.beat(
                self._events, self._news.get("progress"), self._news.get("eta_s"), self._news.get("metrics"),
                self._waiting,
            )  # fmt: skip
        except Unavailable as error:
            log.warning("job %s: a heartbeat did not get through: %s", self._claim.lease.job_id, error)
            del self._events[:-MOST_EVENTS]
            return
        if beat.held:
            self._events, self._news = [], {}
            self._beaten_ns = sent
            self._deadline_ns = self._child.page.deadline_ns = self._deadline(sent)
        self._judge(beat)

    def _look(self, now: int) -> None:
        self._looked_ns = now
        with suppress(Unavailable):  # heartbeats decide how long that may last
            self._judge(self._row.look())

    def _judge(self, beat: Beat) -> None:
        """An end that the row asks for goes before one that the child gave."""
        if not beat.held:
            self._ending = Stop.FENCED
        elif beat.cancel_requested:
            self._ending = Stop.CANCELLED

    def _hear(self, lines: Lines) -> None:
        found = lines.read()
        streams = self._child.streams
        if lines.fd == streams.say:
            for line in found:
                self._take(parse(line))
        else:
            self._events += self._printed.events(found, "info" if lines.fd == streams.out else "warning")

    def _take(self, message: Message | None) -> None:
        match message:
            case Event():
                self._events.append((message.kind, message.data))
                news = {"progress": message.progress, "eta_s": message.eta_s, "metrics": message.metrics}
                self._news |= {name: value for name, value in news.items() if value is not None}
                if message.kind == "batch" and not self._trains:  # somebody looks on until the first one
                    self._trains = True
                    self._say_at_once()
            case Checkpoint():
                self._record(message)
            case Waiting():
                self._wait(message)
            case Done():
                self._ending = Finished(message.manifest, message.metrics, message.chosen)
            case Failed():
                self._ending = Broke(message.job_error)
            case None:
                log.warning("job %s: its child said something that is no message", self._claim.lease.job_id)

    def _record(self, message: Checkpoint) -> None:
        try:
            if self._row.checkpoint(self._checkpoint_seq, message.manifest):
                self._checkpoint_seq += 1
                self._checkpoint = message.manifest
                self._child.page.recorded = message.number
        except Unavailable as error:  # the next one will do
            log.warning("job %s: a checkpoint was not recorded: %s", self._claim.lease.job_id, error)
        except ValueError as error:
            log.error("job %s: %s", self._claim.lease.job_id, error)

    def _wait(self, message: Waiting) -> None:
        """The child waits for something, or goes on."""
        now = boot_ns()
        if message.for_ is not None:
            text = f"waiting for {message.for_}: {message.reason}"
            self._waiting, self._waiting_from_ns = f"{message.for_}: {message.reason}", now
            self._events.append(("waiting", {"for": message.for_, "reason": message.reason}))
        else:
            text = f"no longer waiting: {message.reason}"
            self._waiting, self._waited_ns = None, self._waited_ns + now - self._waiting_from_ns
            self._events.append(("waiting", {"for": None, "reason": message.reason}))
        self._events.append(("log", {"level": "warning" if message.for_ else "info", "text": text}))
        self._say_at_once()

    def _say_at_once(self) -> None:
        self._tried_ns = min(self._tried_ns, boot_ns() - int(NEWS_S * 1e9))

    def _fail(self, error: JobError) -> State | None:
        """Report it; an outage of the database is no failure of the job, which goes on when it is back."""
        if error.code == lost_touch().code:
            return self._row.drain(error)
        return self._row.fail(told(error, self._order, self._checkpoint))

    def _died(self, code: int | None) -> JobError:
        room = self._order.memory_limit_mb
        full = self._most_bytes > 0.9 * memory.available_bytes()  # where the kernel's count is not ours to see
        return death(code, self._child.was_out_of_memory() or full, self._printed.last, room)

    def _write(self, ending: Ending, code: int | None, freed: dict[str, int]) -> State | None:
        match ending:
            case Finished():
                return self._row.commit(ending.manifest, ending.metrics, ending.chosen)
            case Broke():
                return self._fail(ending.error or self._died(code))
            case Stop.CANCELLED:
                return self._row.confirm_cancel(freed)
            case Stop.DRAINED:
                return self._row.drain()
            case Stop.EXPIRED:
                return self._fail(lost_touch())
            case Stop.TOO_LONG:
                return self._fail(too_long(self._claim.job.time_limit_s or 0.0))
            case Stop.TOO_BIG:
                held = f"received {-(-self._most_bytes // memory.MIB):,} MiB"
                return self._fail(too_big(self._order.memory_limit_mb or 0, held))
            case Stop.FENCED:
                return None
