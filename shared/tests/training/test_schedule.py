"""Learning rates over time, against values worked out by hand."""

import math
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError
from visualnn_shared.training.schedule import Schedule, factor, schedule_problems


def schedule(name: str, **fields: Any) -> Schedule:
    return TypeAdapter(Schedule).validate_python({"name": name, **fields})


def factors(one: Schedule, steps: int, per_epoch: int, epochs: int) -> list[float]:
    return [float(factor(one, np.float64(step), per_epoch, epochs, np)) for step in range(steps)]


HALF_COSINE = [round((1 + math.cos(math.pi * n / 4)) / 2, 6) for n in range(4)]


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (schedule("constant"), [1, 1, 1, 1, 1, 1, 1, 1]),
        (schedule("constant", warmup_epochs=2), [0.25, 0.5, 0.75, 1, 1, 1, 1, 1]),
        (schedule("step", epochs=2, factor=0.5), [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5]),
        (schedule("step", epochs=1), [1, 1, 0.1, 0.1, 0.01, 0.01, 0.001, 0.001]),
        (schedule("exponential", factor=0.25), [1, 0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625, 0.0078125]),
        (schedule("inverse_time", decay=1.0), [round(1 / (1 + n / 2), 6) for n in range(8)]),
        (schedule("cosine", warmup_epochs=2), [0.25, 0.5, 0.75, 1, *HALF_COSINE]),
        (schedule("cosine", final=0.5, warmup_epochs=2), [0.25, 0.5, 0.75, 1, *(0.5 + c / 2 for c in HALF_COSINE)]),
        (schedule("cyclic_cosine", cycles=2), [1, 0.853553, 0.5, 0.146447] * 2),  # Huang et al. 2017, T 8, M 2
        (schedule("plateau"), [1] * 8),
    ],
)
def test_each_schedule_multiplies_the_rate_as_its_formula_says(one: Schedule, expected: list[float]) -> None:
    assert factors(one, 8, per_epoch=2, epochs=4) == pytest.approx(expected, abs=1e-6)


def test_one_cycle_rises_to_the_learning_rate_and_ends_at_its_final_share() -> None:
    found = factors(schedule("one_cycle"), 101, per_epoch=101, epochs=1)
    assert (found[0], found[30], found[100]) == pytest.approx((0.04, 1.0, 4e-6))
    assert found[:31] == sorted(found[:31])
    assert found[30:] == sorted(found[30:], reverse=True)


@pytest.mark.parametrize(
    ("wrong"),
    [
        {"name": "magic"}, {"name": "step"}, {"name": "step", "epochs": 0},
        {"name": "step", "epochs": 2, "factor": 1.0},
        {"name": "cosine", "final": -0.1}, {"name": "one_cycle", "rising": 1.0}, {"name": "plateau", "patience": 0},
        {"name": "exponential", "factor": float("nan")}, {"name": "cosine", "epochs": 3},
        {"name": "step", "epochs": "2"}, {"name": "constant", "warmup_epochs": -1.0},
    ],
    ids=str,
)  # fmt: skip
def test_values_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        schedule(**wrong)


def test_a_warm_up_must_end_before_the_training_and_cycles_with_epochs() -> None:
    assert schedule_problems(schedule("cosine", warmup_epochs=2), 3) == []
    (found,) = schedule_problems(schedule("cosine", warmup_epochs=3), 3)
    assert (found.where.field, found.received) == ("params.schedule.warmup_epochs", 3.0)
    (found,) = schedule_problems(schedule("cyclic_cosine", cycles=3), 8)
    assert (found.where.field, found.received) == ("params.schedule.cycles", 3)
    assert schedule_problems(schedule("cyclic_cosine", cycles=4), 8) == []
    assert schedule_problems(None, 1) == schedule_problems(schedule("one_cycle"), 1) == []
