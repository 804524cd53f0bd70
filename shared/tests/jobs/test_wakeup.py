"""Wake-ups through a real broker; and a broker that is away costs its callers nothing."""

import logging
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from queue import Empty

import pytest
from celery import Celery
from visualnn_shared.jobs import wakeup
from visualnn_shared.jobs.model import QUEUES
from visualnn_shared.jobs.wakeup import WAKE, Waker, celery_app


@pytest.fixture
def silent_server() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def _received(app: Celery, queue: str) -> list[str]:
    """The task names that wait in a queue."""
    names = []
    with app.connection_for_read() as connection, connection.SimpleQueue(queue) as waiting, suppress(Empty):
        while True:
            message = waiting.get(timeout=0.3)
            message.ack()
            names.append(message.headers["task"])
    return names


@pytest.mark.real("redis")
@pytest.mark.parametrize("queue", QUEUES)
def test_a_wake_up_waits_in_the_queue_of_its_workers(redis_url: str, queue: str) -> None:
    waker = Waker(redis_url)
    waker.wake(queue)
    waker.wake(queue)
    waker.close(10)
    app = celery_app(redis_url)
    assert {name: _received(app, name) for name in QUEUES} == {
        name: [WAKE, WAKE] if name == queue else [] for name in QUEUES
    }


@pytest.mark.real("redis")
def test_a_closed_waker_wakes_again_when_asked(redis_url: str) -> None:
    waker = Waker(redis_url)
    for _ in range(2):
        waker.wake("infer")
        waker.close(10)
    assert _received(celery_app(redis_url), "infer") == [WAKE, WAKE]


def test_without_a_broker_nothing_happens() -> None:
    waker = Waker("")
    waker.wake("infer")
    waker.close()


@pytest.mark.parametrize(
    "url",
    ["redis://127.0.0.1:1/0", "redis+socket:///nowhere/broker.sock?virtual_host=0", "amqp://127.0.0.1:1//"],
)
def test_a_broker_that_is_away_is_logged_once_and_then_left_alone(url: str, caplog: pytest.LogCaptureFixture) -> None:
    waker = Waker(url)
    with caplog.at_level(logging.WARNING):
        waker.wake("infer")
        waker.close(10)
        for _ in range(50):
            waker.wake("infer")
        waker.close(10)
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == [
        "the broker does not answer, so workers find jobs by polling"
    ]


def test_a_broker_that_never_answers_does_not_hold_up_a_caller(silent_server: int) -> None:
    waker = Waker(f"redis://127.0.0.1:{silent_server}/0")
    began = time.monotonic()
    for _ in range(2000):
        waker.wake("infer")
    assert time.monotonic() - began < 1
    waker.close(0.1)


@pytest.mark.real("redis")
def test_after_its_cool_down_a_waker_tries_again(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wakeup, "COOL_DOWN_S", 0.2)
    waker = Waker("redis://127.0.0.1:1/0")
    waker.wake("infer")
    waker.close(10)
    waker._app = celery_app(redis_url)  # the broker is back, at an address that is free now
    time.sleep(0.3)
    waker.wake("infer")
    waker.close(10)
    assert _received(celery_app(redis_url), "infer") == [WAKE]


def test_the_app_acknowledges_early_and_keeps_no_results() -> None:
    conf = celery_app("redis://127.0.0.1:1/0").conf
    assert not conf.task_acks_late
    assert conf.task_ignore_result
    assert conf.result_backend is None
    assert conf.task_time_limit is None
    assert not conf.task_publish_retry
    assert {queue.name for queue in conf.task_queues} == set(QUEUES)
