"""What ends a child whose worker is gone or has lost its lease, even inside a long C call. It starts before Keras does.

Three things, each enough for its case: the kernel kills the child with its parent (Linux); a thread looks at the shared
deadline every second and leaves when it has passed; and that thread arms a timer whose signal, at its default action,
lets the kernel end a process whose interpreter lock is held.
"""

import ctypes
import os
import signal
import sys
import threading
import time

from visualnn_worker.page import Page, boot_ns

LOOK_S = 1.0
EXPIRED = 75
"""Exit status of a child that ended itself because its deadline had passed."""
ORPHANED = 76
"""Exit status of a child that ended itself because its worker was gone."""
_PR_SET_PDEATHSIG = 1


class Guard:
    """Watches the deadline on ``page``, and that the process ``parent`` is still the parent."""

    def __init__(self, page: Page, parent: int) -> None:
        self.page = page
        self._parent = parent

    def start(self) -> None:
        """Tie this process to its parent and watch from a thread of its own. Call it from the main thread."""
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        if sys.platform == "linux":
            ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        self.look()
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def look(self) -> float | None:
        """Seconds that are left, None without a deadline; leaves the process where none are, or the parent is gone."""
        if os.getppid() != self._parent:
            os._exit(ORPHANED)
        deadline = self.page.deadline_ns
        if deadline == 0:
            return None
        rest = (deadline - boot_ns()) / 1e9
        if rest <= 0:
            os._exit(EXPIRED)
        return rest

    def _watch(self) -> None:
        while True:
            rest = self.look()
            if rest is not None:
                signal.setitimer(signal.ITIMER_REAL, rest)
            time.sleep(LOOK_S if rest is None else min(LOOK_S, rest))
