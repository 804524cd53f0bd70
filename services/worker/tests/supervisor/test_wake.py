"""Wake-ups through a real broker."""

import threading

import pytest
from visualnn_shared.jobs.wakeup import Waker
from visualnn_worker.supervisor.wake import WakeUps

pytestmark = pytest.mark.real("redis")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # the broker goes before the thread
def test_a_wake_up_arrives_and_a_busy_worker_takes_no_other(redis_url):
    woken, go_on, calls = threading.Semaphore(0), threading.Semaphore(0), []

    def on_wake() -> None:
        calls.append(1)
        woken.release()
        go_on.acquire()

    wake_ups = WakeUps(redis_url, ["train.cpu", "infer"], "worker-test", on_wake)
    wake_ups.start()
    waker = Waker(redis_url)
    waker.wake("infer")
    assert woken.acquire(timeout=60)
    waker.wake("train.cpu")
    assert not woken.acquire(timeout=2)  # held back while the first is not done
    go_on.release()
    assert woken.acquire(timeout=30)
    wake_ups.stop()
    waker.close()
    go_on.release()
    assert len(calls) == 2
