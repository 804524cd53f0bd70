"""A set of times that could let two attempts run side by side refuses to start."""

import pytest
from pydantic import ValidationError
from visualnn_shared.jobs.timers import Timers


def test_the_defaults_are_those_that_were_checked() -> None:
    timers = Timers()
    assert (timers.heartbeat_s, timers.lease_s, timers.watchdog_s, timers.kill_s) == (10, 60, 45, 10)


@pytest.mark.parametrize("kill_s", [10, 12])
def test_a_child_that_is_gone_before_its_lease_is_accepted(kill_s: float) -> None:
    assert Timers(kill_s=kill_s).kill_s == kill_s


@pytest.mark.parametrize(
    ("times", "broken"),
    [
        ({"kill_s": 13}, ["must be at most lease_s = 60; received 60.9"]),
        ({"watchdog_s": 60}, ["must be at most lease_s = 60; received 73.5"]),
        ({"heartbeat_s": 15}, ["watchdog_s must be more than 3 heartbeat_s = 45; received 45"]),
        ({"lease_s": 34, "watchdog_s": 31, "kill_s": 1}, ["lease_s must be at least 3 heartbeat_s"]),
        ({"clock_error": 0.1}, ["received 60.5"]),
        ({"lease_s": 30}, ["lease_s must be at least", "must be at most lease_s = 30"]),
        ({"lease_s": 0}, ["greater than 0"]),
        ({"lease_s": float("inf")}, ["finite"]),
    ],
)
def test_times_that_break_a_relation_are_refused_and_all_of_them_named(
    times: dict[str, float], broken: list[str]
) -> None:
    with pytest.raises(ValidationError) as caught:
        Timers(**times)  # type: ignore[arg-type]
    for text in broken:
        assert text in str(caught.value)


def test_times_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISUALNN_JOBS_HEARTBEAT_S", "1")
    assert Timers().heartbeat_s == 1
    monkeypatch.setenv("VISUALNN_JOBS_LEASE_S", "5")
    with pytest.raises(ValidationError, match="lease_s must be at least 3 heartbeat_s"):
        Timers()


def test_times_do_not_change_while_they_are_used() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Timers().lease_s = 1  # type: ignore[misc]
