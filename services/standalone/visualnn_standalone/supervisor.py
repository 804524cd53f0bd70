"""Keeps the parts running: starts them in order, starts again what dies, gives up on what keeps dying, ends all."""

import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from visualnn_standalone.errors import PartFailed, PlatformError
from visualnn_standalone.part import Part, PartProcess

_LOOK_S = 0.1
_READY_S = 10.0


@dataclass(frozen=True, slots=True)
class Patience:
    """When a part that dies is started again, and when it is given up."""

    first_s: float = 0.5
    """Wait before the first new start; doubled with each further one."""
    most_s: float = 15.0
    deaths: int = 5
    """This many deaths ..."""
    within_s: float = 120.0
    """... within this time end the platform."""
    grace_s: float = 20.0
    """What a part gets between SIGTERM and SIGKILL: a worker stops its training child first (10 s)."""

    def wait_s(self, deaths: int) -> float:
        return float(min(self.most_s, self.first_s * 2.0 ** (deaths - 1)))


@dataclass
class _Watched:
    part: Part
    process: PartProcess | None = None
    deaths: deque[float] = field(default_factory=deque)
    start_at: float = 0.0


class Supervisor:
    """Runs the parts from one thread of its own, which lives as long as they do: the kernel ties them to it."""

    def __init__(
        self,
        parts: Sequence[Part],
        say: Callable[[str], None],
        changed: Callable[[], None] = lambda: None,
        patience: Patience = Patience(),
    ) -> None:
        self._watched = [_Watched(part) for part in parts]
        self._say = say
        self._changed = changed
        self._patience = patience
        self._stop = threading.Event()
        self._kill = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)
        self.failure: PlatformError | None = None

    def start(self) -> None:
        self._thread.start()

    def processes(self) -> dict[str, PartProcess]:
        """Part -> the process that it is now."""
        return {w.part.name: w.process for w in self._watched if w.process is not None}

    def wait(self, timeout_s: float) -> bool:
        """Whether it is over: stopped, or given up with ``failure`` set."""
        return self._over.wait(timeout_s)

    def stop(self, *, at_once: bool = False) -> None:
        """End every part in order and return when none is left; ``at_once`` kills."""
        self._stop.set()
        if at_once:
            self._kill.set()
        if self._thread.ident is not None:
            self._thread.join()

    def hurry(self) -> None:
        """Kill what a stop in progress still waits for; safe in a signal handler."""
        self._kill.set()

    def _run(self) -> None:
        try:
            self._start_in_order()
            while not self._stop.wait(_LOOK_S):
                for watched in self._watched:
                    self._look(watched)
        except PlatformError as error:
            self.failure = error
        except OSError as error:  # no memory, no process numbers, no disk for a log
            self.failure = PlatformError(f"the parts must start; received {error}")
        finally:
            self._end_all()
            self._over.set()

    def _start_in_order(self) -> None:
        for watched in self._watched:
            if self._stop.is_set():
                return
            self._spawn(watched)
            deadline = time.monotonic() + _READY_S
            while not watched.part.ready() and time.monotonic() < deadline and not self._stop.wait(0.02):
                self._look(watched)

    def _spawn(self, watched: _Watched) -> None:
        watched.process = PartProcess(watched.part)
        self._changed()

    def _look(self, watched: _Watched) -> None:
        now = time.monotonic()
        if watched.process is None:
            if now >= watched.start_at:
                self._spawn(watched)
            return
        how = watched.process.ended()
        if how is None:
            return
        watched.process.kill()  # what is left of its group
        watched.process = None
        self._note_death(watched, how, now)

    def _note_death(self, watched: _Watched, how: str, now: float) -> None:
        deaths = watched.deaths
        deaths.append(now)
        while now - deaths[0] > self._patience.within_s:
            deaths.popleft()
        if len(deaths) >= self._patience.deaths:
            raise PartFailed(watched.part.name, how, watched.part.log)
        wait = self._patience.wait_s(len(deaths))
        watched.start_at = now + wait
        self._say(f"{watched.part.name} {how}; starting it again in {wait:g} s (log: {watched.part.log})")

    def _end_all(self) -> None:
        self._end([w.process for w in self._watched if w.process and not w.part.last])
        self._end([w.process for w in self._watched if w.process and w.part.last])
        for watched in self._watched:
            watched.process = None

    def _end(self, processes: list[PartProcess]) -> None:
        for process in processes:
            process.send(signal.SIGTERM)
        deadline = time.monotonic() + self._patience.grace_s
        waiting = processes
        while waiting and time.monotonic() < deadline and not self._kill.wait(0.02):
            waiting = [process for process in waiting if process.ended() is None]
        for process in processes:
            process.kill()
