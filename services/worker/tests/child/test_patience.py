"""Waiting for a store or a disk: it is said once, goes on by itself, and ends after so long."""

import errno
import threading

import pytest
from visualnn_shared.errors import Unavailable
from visualnn_shared.objects import ObjectMissing
from visualnn_worker.child import patience
from visualnn_worker.child.patience import Patience


class Channel:
    def __init__(self) -> None:
        self.said: list[str | None] = []

    def waiting(self, for_, reason):
        assert reason
        self.said.append(for_)


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(patience, "_FIRST_S", 0.001)


def failing(*errors):
    left = list(errors)

    def act():
        if left:
            raise left.pop(0)
        return "done"

    return act


def caused(error: Exception, by: Exception) -> Exception:
    error.__cause__ = by
    return error


@pytest.mark.parametrize(
    ("error", "part"),
    [
        (Unavailable("the object store", "no answer"), "the object store"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk space on the worker"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "disk space on the worker"),
        (OSError(errno.EFBIG, "File too large"), "disk space on the worker"),
        (OSError("Can't write data (file write failed: errno = 28, error message = 'No space left on device')"),
         "disk space on the worker"),
        (caused(RuntimeError("saving failed"), OSError(errno.ENOSPC, "full")), "disk space on the worker"),
    ],
)  # fmt: skip
def test_what_passes_is_waited_for_and_told(error, part):
    channel = Channel()
    waits = Patience(channel, 60)
    assert waits.insist(failing(error, error)) == "done"
    assert channel.said == [part, None]
    assert not waits.waiting


@pytest.mark.parametrize("error", [ObjectMissing("x"), ValueError("x"), OSError(errno.EACCES, "no"), MemoryError()])
def test_what_does_not_pass_is_raised_at_once(error):
    channel = Channel()
    with pytest.raises(type(error)):
        Patience(channel, 60).insist(failing(error))
    assert channel.said == []


def test_what_lasts_too_long_ends_the_waiting():
    channel = Channel()
    waits = Patience(channel, 0)
    with pytest.raises(Unavailable):
        waits.insist(failing(*[Unavailable("the object store", "no answer")] * 5))
    assert channel.said == ["the object store", None]
    assert not waits.waiting


def test_it_goes_on_only_when_nobody_waits_any_more():
    channel, free = Channel(), threading.Event()
    waits = Patience(channel, 60)

    def long():
        if not free.is_set():
            raise Unavailable("the object store", "no answer")

    thread = threading.Thread(target=lambda: waits.insist(long))
    thread.start()
    while not waits.waiting:
        free.wait(0.001)
    waits.insist(failing(OSError(errno.ENOSPC, "full")))
    assert waits.waiting
    assert None not in channel.said
    free.set()
    thread.join()
    assert channel.said == ["the object store", "disk space on the worker", None]
