import json
from typing import Any

import pytest
from visualnn import Client
from visualnn.errors import JobCancelled, JobFailed
from visualnn.records import Event
from visualnn.transport import Retries

from tests.scripted_http import Asked, Say, Server

QUICK = Retries(tries=4, first_s=0.01, most_s=0.02)
ERROR = {"class": "user", "code": "nan-loss", "detail": "the loss is NaN", "next_step": "lower the learning rate"}


def line(number: int, kind: str, **data: object) -> bytes:
    return f"id: {number}\nevent: {kind}\ndata: {json.dumps(data)}\n\n".encode()


EVENTS = [
    line(3, "state", state="running", attempt=1),
    line(5, "epoch", epoch=1, epochs=2, metrics={"loss": 1.5}),
    line(8, "epoch", epoch=2, epochs=2, metrics={"loss": 0.5}),
    line(9, "state", state="succeeded", attempt=1),
]


def job(state: str, **more: object) -> bytes:
    return json.dumps({"id": "job-1", "kind": "train", "state": state, **more}).encode()


def platform(cuts: list[int | None], end: bytes):  # type: ignore[no-untyped-def]
    """Streams EVENTS after Last-Event-ID; the n-th stream breaks off after ``cuts[n]`` bytes."""

    def answer(asked: Asked) -> Say:
        if not asked.path.endswith("/events"):
            return Say(200, end)
        last = int(asked.headers["last-event-id"])
        newer = b"".join(one for one, number in zip(EVENTS, (3, 5, 8, 9), strict=True) if number > last)
        return Say(200, newer, {"Content-Type": "text/event-stream"}, cuts.pop(0) if cuts else None)

    return answer


def test_a_broken_stream_is_taken_up_without_a_gap_or_a_repeat(server: Server) -> None:
    server.answer = platform([len(EVENTS[0]) + 20, 0, len(EVENTS[1]), None], job("succeeded"))
    with Client(server.url, retries=QUICK) as client:
        seen: list[Event] = []
        assert client.jobs.wait("job-1", on_event=seen.append).state == "succeeded"
    assert [event.id for event in seen] == [3, 5, 8, 9]
    streams = [one for one in server.asked if one.path.endswith("/events")]
    assert [one.headers["last-event-id"] for one in streams] == ["0", "3", "3", "5"]


def test_a_failed_job_raises_its_error_and_the_next_step(server: Server) -> None:
    server.answer = platform([], job("failed", error=ERROR))
    with (
        Client(server.url, retries=QUICK) as client,
        pytest.raises(JobFailed, match=r"user, nan-loss\): the loss is NaN; next: lower the learning rate") as error,
    ):
        client.jobs.wait("job-1")
    assert error.value.error == ERROR


def test_a_cancelled_job_raises_unless_told_otherwise(server: Server) -> None:
    server.answer = platform([], job("cancelled"))
    with Client(server.url, retries=QUICK) as client:
        with pytest.raises(JobCancelled, match="visualnn jobs resume job-1"):
            client.jobs.wait("job-1")
        assert client.jobs.wait("job-1", check=False).state == "cancelled"


def test_each_submit_has_a_key_of_its_own_and_keeps_it_in_its_retries(server: Server) -> None:
    server.script = [Say(None), Say(202, job("queued"))]
    with Client(server.url, retries=QUICK) as client:
        client.jobs.train("model-1", "dataset-1", epochs=3, loss=None)
        client.jobs.train("model-1", "dataset-1", epochs=3)
        client.jobs.train("model-1", "dataset-1", epochs=3, idempotency_key="mine")
    keys = [one.headers["idempotency-key"] for one in server.asked]
    assert keys[0] == keys[1] != keys[2]
    assert keys[3] == "mine"
    sent = json.loads(server.asked[0].body)
    assert sent == {"kind": "train", "model": "model-1", "dataset": "dataset-1", "params": {"epochs": 3, "loss": None}}


@pytest.mark.parametrize(
    ("kind", "given", "params"),
    [
        ("train", ("model-1", "dataset-1"), {}),
        ("dqn", ("model-1", "CartPole-v1"), {"environment": "CartPole-v1"}),
        ("evaluate", ("job-1", "dataset-1"), {"job": "job-1"}),
        ("predict", ("job-1", "dataset-1"), {"job": "job-1"}),
        ("export", ("job-1",), {"job": "job-1"}),
        ("check", ("model-1", "dataset-1"), {}),
        ("tune", ("model-1", "dataset-1", {}), {"space": {}}),
        ("ensemble", ("model-1", "dataset-1"), {}),
    ],
)
def test_every_kind_takes_a_priority_a_key_and_null(
    server: Server, kind: str, given: tuple[Any, ...], params: dict[str, Any]
) -> None:
    server.script = [Say(202, job("queued"))]
    with Client(server.url, retries=QUICK) as client:
        getattr(client.jobs, kind)(*given, priority=3, idempotency_key="mine", gradient_norm=None)
    (asked,) = server.asked
    body = json.loads(asked.body)
    assert asked.headers["idempotency-key"] == "mine"
    assert (body["kind"], body["priority"], body["params"]) == (kind, 3, {**params, "gradient_norm": None})


def test_an_upload_that_breaks_off_is_sent_again_from_its_beginning(server: Server, tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "d.csv").write_text("x,y\n1,2\n" * 1000)
    answer = {"id": "dataset-1", "name": "d.csv", "sha256": "0" * 64, "schema": {}, "splits": {"train": 1000}}
    server.script = [Say(None), Say(201, json.dumps(answer).encode())]
    with Client(server.url, retries=QUICK) as client:
        assert client.datasets.upload(tmp_path / "d.csv", name="d").splits == {"train": 1000}
    first, second = (one.body.split(b"\r\n", 1)[1] for one in server.asked)
    assert first.count(b"1,2\n") == second.count(b"1,2\n") == 1000


def test_lists_go_on_through_every_page(server: Server) -> None:
    server.script = [
        Say(200, json.dumps({"items": [json.loads(job("queued"))], "next_cursor": "c2"}).encode()),
        Say(200, json.dumps({"items": [json.loads(job("failed"))], "next_cursor": None}).encode()),
    ]
    with Client(server.url, retries=QUICK) as client:
        assert [one.state for one in client.jobs.list(state="queued")] == ["queued", "failed"]
    assert [one.path for one in server.asked] == ["/api/v1/jobs?state=queued", "/api/v1/jobs?cursor=c2&state=queued"]


def test_the_address_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISUALNN_URL", "http://127.0.0.1:9999/")
    with Client() as client:
        assert client.url == "http://127.0.0.1:9999"
