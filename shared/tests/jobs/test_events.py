"""What a job says is read back in order, from any point, and never from a late attempt."""

import threading
from typing import Any

import pytest
from visualnn_shared.jobs import events, protocol


def _say(number: int) -> tuple[str, dict[str, Any]]:
    return "log", {"level": "info", "text": str(number)}


def _texts(bench: Any, job_id: str, last_id: int = 0, limit: int = 1000) -> list[str]:
    found = bench.do(events.after, job_id, last_id, limit)
    return [event.data["text"] for event in found if event.kind == "log"]


def test_events_come_back_in_order_and_from_where_the_reader_was(bench: Any) -> None:
    lease = bench.running().lease
    assert bench.do(events.append, lease, [_say(1), _say(2)])
    assert bench.do(events.append, lease, [_say(3)])
    assert _texts(bench, lease.job_id) == ["1", "2", "3"]
    seen = bench.do(events.after, lease.job_id)[-2].id
    assert _texts(bench, lease.job_id, seen) == ["3"]
    assert len(bench.do(events.after, lease.job_id, 0, 2)) == 2


def test_a_job_hears_nothing_of_another(bench: Any) -> None:
    lease = bench.running().lease
    bench.do(events.append, lease, [_say(1)])
    assert _texts(bench, bench.submit()) == []


def test_an_event_bears_its_attempt_and_the_databases_time(bench: Any) -> None:
    lease = bench.running().lease
    bench.do(events.append, lease, [("epoch", {"epoch": 1, "metrics": {"loss": float("nan")}})])
    event = bench.do(events.after, lease.job_id)[-1]
    assert (event.attempt, event.kind, event.data["metrics"]) == (1, "epoch", {"loss": None})
    assert abs(event.created_at - bench.now()) < 10


def test_nothing_to_say_still_tells_whether_the_claim_holds(bench: Any) -> None:
    lease = bench.running().lease
    assert bench.do(events.append, lease, [])
    bench.do(protocol.drain, lease)
    assert not bench.do(events.append, lease, [])


def test_an_attempt_cannot_speak_of_states(bench: Any) -> None:
    lease = bench.running().lease
    with pytest.raises(ValueError, match="batch, epoch, episode, metrics, insight, log, waiting; received state"):
        bench.do(events.append, lease, [("state", {"state": "succeeded"})])


def test_a_reader_misses_no_event_while_two_write(bench: Any) -> None:
    """Ids grow in the order of commits: what the worker says and what a canceller causes do not overtake each other."""
    lease = bench.running().lease
    done = threading.Event()

    def write(number: int) -> None:
        for _ in range(20):
            if number:
                bench.do(protocol.cancel, lease.job_id)
            else:
                bench.do(events.append, lease, [_say(number), _say(number)])

    writers = [threading.Thread(target=write, args=(number,)) for number in (0, 1)]
    for writer in writers:
        writer.start()
    seen: list[int] = []
    while not done.is_set():
        if not any(writer.is_alive() for writer in writers):
            done.set()
        seen += [event.id for event in bench.do(events.after, lease.job_id, seen[-1] if seen else 0)]
    assert seen == [event.id for event in bench.do(events.after, lease.job_id)]
    assert len(seen) == 2 + 20 + 40
