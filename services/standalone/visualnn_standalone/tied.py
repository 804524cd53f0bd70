"""``python tied.py PARENT COMMAND...``: becomes COMMAND, which the kernel kills as soon as PARENT is gone.

A file to run, not to import: it needs nothing but the standard library, and starts in a few milliseconds. It stands
in for ``preexec_fn``, which may deadlock in a process with threads. On Linux ``PR_SET_PDEATHSIG`` survives the exec
(see prctl(2)); it follows the *thread* that forked, so that thread must live as long as its children. Elsewhere nothing
ties the command to its parent; what a killed launcher leaves there is ended by the next start.
"""

import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        import ctypes

        if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
            sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != parent:  # it died before the line above
        sys.exit("the process that started this one is gone")
    os.execv(command[0], command)  # noqa: S606 - the launcher's own command


if __name__ == "__main__":
    main()
