"""/jobs/{id}/events."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from visualnn_shared.jobs import protocol

from tests.gateway.running import Gateway
from tests.gateway.trained import Trainer, line_csv

Event = tuple[int, str, dict[str, Any]]


@pytest.fixture
def job(api: httpx.Client) -> str:
    dataset = api.post("datasets", files={"file": ("l.csv", line_csv())}, data={"name": "events"}).json()["id"]
    return str(api.post("jobs", json={"kind": "train", "model": "zoo:linear", "dataset": dataset}).json()["id"])


def _events(lines: Iterator[str]) -> Iterator[Event]:
    """Server-sent events, read by hand."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "data" in fields:
            yield int(fields["id"]), fields["event"], json.loads(fields["data"])
            fields = {}


def _all(api: httpx.Client, job: str, **given: Any) -> list[Event]:
    with api.stream("GET", f"jobs/{job}/events", **given) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        return list(_events(answer.iter_lines()))


def test_a_stream_tells_all_that_happened_and_ends_with_the_job(api: httpx.Client, job: str, trainer: Trainer) -> None:
    claim = trainer.claim(job)
    trainer.say(claim, ("epoch", {"epoch": 1, "epochs": 2, "metrics": {"loss": 0.5}}), ("log", {"text": "line\nbreak"}))
    trainer.commit(claim, {})
    found = _all(api, job)
    assert [kind for _, kind, _ in found] == ["state", "state", "epoch", "log", "state"]
    assert [data["state"] for _, kind, data in found if kind == "state"] == ["queued", "running", "succeeded"]
    assert found[3][2]["text"] == "line\nbreak"
    assert all(data["attempt"] in (0, 1) and data["at"] > 1.7e9 for _, _, data in found)
    ids = [event_id for event_id, _, _ in found]
    assert ids == sorted(set(ids))


def test_a_stream_goes_on_after_the_last_event_that_was_seen(api: httpx.Client, job: str, trainer: Trainer) -> None:
    claim = trainer.claim(job)
    trainer.say(claim, *[("epoch", {"epoch": epoch}) for epoch in range(5)])
    trainer.commit(claim, {})
    whole = _all(api, job)
    for seen in range(len(whole) - 1):
        last = whole[seen][0]
        assert _all(api, job, headers={"Last-Event-ID": str(last)}) == whole[seen + 1 :]
        assert _all(api, job, params={"after": last}) == whole[seen + 1 :]
    assert _all(api, job, params={"after": whole[-1][0]}, headers={"Last-Event-ID": "0"}) == whole


def test_a_stream_with_nothing_left_to_tell_is_a_204(api: httpx.Client, job: str, trainer: Trainer) -> None:
    trainer.commit(trainer.claim(job), {})
    last = _all(api, job)[-1][0]
    answer = api.get(f"jobs/{job}/events", headers={"Last-Event-ID": str(last)})
    assert (answer.status_code, answer.content) == (204, b"")


def test_events_arrive_while_the_job_runs(api: httpx.Client, job: str, trainer: Trainer) -> None:
    claim = trainer.claim(job)
    with api.stream("GET", f"jobs/{job}/events") as answer:
        stream = _events(answer.iter_lines())
        assert [next(stream)[2]["state"] for _ in range(2)] == ["queued", "running"]
        begin = time.monotonic()
        trainer.say(claim, ("log", {"text": "now"}))
        assert next(stream)[1:2] == ("log",)
        assert time.monotonic() - begin < 10
        trainer.commit(claim, {})
        assert next(stream)[2]["state"] == "succeeded"
        assert list(stream) == []


def test_a_long_history_comes_whole_and_in_order(api: httpx.Client, job: str, trainer: Trainer) -> None:
    claim = trainer.claim(job)
    for part in range(3):
        trainer.say(claim, *[("batch", {"batch": part * 400 + batch}) for batch in range(400)])
    trainer.commit(claim, {})
    assert [data["batch"] for _, kind, data in _all(api, job) if kind == "batch"] == list(range(1200))


def test_a_stream_of_a_resumed_job_goes_past_its_first_end(lone: Gateway, job: str) -> None:
    lone.api.post(f"jobs/{job}/cancel")
    lone.api.post(f"jobs/{job}/resume")
    timer = threading.Timer(0.5, lambda: lone.api.post(f"jobs/{job}/cancel"))
    timer.start()
    states = [data["state"] for _, _, data in _all(lone.api, job)]
    timer.join()
    assert states == ["queued", "cancelled", "queued", "cancelled"]


def test_an_idle_stream_is_kept_open_by_comments(another: Callable[..., Gateway]) -> None:
    gateway = another(events_heartbeat_s=0.2, events_poll_s=0.05)
    with gateway.parts.db.session() as s:
        job = protocol.submit(s, owner="user-local", kind="train", queue="train.cpu", params={}).job
    with gateway.api.stream("GET", f"jobs/{job.id}/events") as answer:
        lines = answer.iter_lines()
        comments = 0
        while comments < 2:
            comments += next(lines).startswith(":")


def test_a_client_that_leaves_ends_its_stream(another: Callable[..., Gateway]) -> None:
    gateway = another(events_poll_s=0.05)
    with gateway.parts.db.session() as s:
        job = protocol.submit(s, owner="user-local", kind="train", queue="train.cpu", params={}).job

    def in_flight() -> float:
        return float(gateway.parts.metrics.in_flight._value.get())

    with gateway.api.stream("GET", f"jobs/{job.id}/events") as answer:
        lines = answer.iter_lines()
        next(lines)
        assert in_flight() == 1
    until = time.monotonic() + 10
    while in_flight() and time.monotonic() < until:
        time.sleep(0.05)
    assert in_flight() == 0
