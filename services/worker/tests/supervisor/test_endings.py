import signal

import pytest
from visualnn_worker.child.guard import EXPIRED
from visualnn_worker.supervisor.endings import death


@pytest.mark.parametrize(
    ("code", "out_of_memory", "class_", "job_code", "word"),
    [
        (-signal.SIGKILL, True, "resource", "out-of-memory", "memory"),
        (-signal.SIGKILL, False, "infrastructure", "child-died", "SIGKILL"),
        (-signal.SIGSEGV, True, "infrastructure", "child-died", "SIGSEGV"),
        (-signal.SIGALRM, False, "infrastructure", "database-unreachable", "heartbeat"),
        (EXPIRED, False, "infrastructure", "database-unreachable", "heartbeat"),
        (1, False, "infrastructure", "child-died", "status 1; it printed last: boom"),
    ],
)
def test_a_silent_death_is_classed_by_how_it_came(code, out_of_memory, class_, job_code, word):
    error = death(code, out_of_memory, ["before", "boom"])
    assert (error.class_, error.code) == (class_, job_code)
    assert word in error.detail
