"""Which values a trial gets, and which trials are ended early: pure functions of what is known of the others."""

import random
import statistics
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from visualnn_shared.training.recipe import TuneParams
from visualnn_shared.tuning import report
from visualnn_shared.tuning.pruning import verdict
from visualnn_shared.tuning.sampling import ask, narrowed
from visualnn_shared.tuning.trials import Told, best

SPACE = {
    "params.learning_rate": {"type": "float", "low": 1e-4, "high": 1.0, "log": True},
    "params.batch_size": {"type": "int", "low": 8, "high": 64},
    "params.optimizer": {"type": "choice", "choices": ["sgd", {"name": "adam", "beta_1": 0.8}, None]},
}


def params(**more: Any) -> TuneParams:
    return TuneParams.model_validate({"space": SPACE, "trials": 30, **more})


def trial(number: int, state: str, value: float | None = None, *epochs: float, rate: float = 0.1) -> Told:
    values = {"params.learning_rate": rate, "params.batch_size": 8, "params.optimizer": None}
    return Told(number, values, state, value, tuple(enumerate(epochs, 1)))


@settings(max_examples=10)
@given(st.sampled_from(["tpe", "random", "coarse_to_fine"]), st.integers(0, 2**32 - 1), st.integers(0, 29))
def test_values_are_in_the_space_and_the_same_whoever_asks(search: str, seed: int, number: int) -> None:
    known = [trial(n, ("complete", "failed", "running", "pruned")[n % 4], n / 7 if n % 4 == 0 else None, 0.5)
             for n in range(number)]  # fmt: skip
    wanted = params(search=search, seed=seed)
    drawn = ask(wanted, known, number)
    assert drawn == ask(wanted, known, number)
    assert 1e-4 <= drawn["params.learning_rate"] <= 1.0
    assert 8 <= drawn["params.batch_size"] <= 64
    assert drawn["params.optimizer"] in SPACE["params.optimizer"]["choices"]  # type: ignore[operator]


def test_random_draws_are_even_over_the_orders_of_magnitude() -> None:
    wanted = params(search="random", trials=200)
    drawn = [ask(wanted, [], number)["params.learning_rate"] for number in range(200)]
    assert statistics.median(drawn) == pytest.approx(1e-2, rel=1.0)
    assert sum(one < 1e-3 for one in drawn) == pytest.approx(50, abs=25)


def test_tpe_goes_where_trials_were_good() -> None:
    wanted = params(search="tpe")
    known = [trial(n, "complete", abs(n - 20) / 10, rate=10 ** (-4 + n / 6)) for n in range(24)]
    drawn = [ask(wanted, known, number)["params.learning_rate"] for number in range(24, 40)]
    centre = 10 ** (-4 + 20 / 6)
    assert sum(centre / 10 < one < centre * 10 for one in drawn) >= 10


def test_coarse_to_fine_looks_around_the_best_so_far() -> None:
    wanted = params(search="coarse_to_fine")
    known = [trial(0, "complete", 0.9, rate=1e-3), trial(1, "complete", 0.1, rate=0.9)]
    rate = [narrowed(wanted.space, wanted, known, number)["params.learning_rate"] for number in (0, 10, 20)]
    widths = [one.share(one.high) for one in rate]  # type: ignore[union-attr]
    assert widths == pytest.approx([1.0, 1.0, 1.0])
    ratios = [one.high / one.low for one in rate]  # type: ignore[union-attr]
    assert ratios == pytest.approx([1e4, 1e4 ** (1 / 3), 1e4 ** (1 / 9)])
    assert all(one.low <= 0.9 <= one.high <= 1.0 for one in rate)  # type: ignore[union-attr]
    two = params(search="coarse_to_fine", stages=2)
    last = narrowed(two.space, two, known, 29)["params.learning_rate"]
    assert last.high / last.low == pytest.approx(1e4 ** (1 / 3))  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("others", "own", "ends"),
    [
        ([(5, 4), (5, 3), (5, 2), (5, 1)], (5, 3.1), 2),
        ([(5, 4), (5, 3), (5, 2), (5, 1)], (5, 2.1), None),
        ([(5, 4), (5, 3), (5, 2), (5, 1)], (2, 9), None),  # its best counts, not its last
        ([(5, 4), (5, 3), (5, 2)], (5, 9), None),  # too few to have a median worth the name
        ([(5,), (5,), (5,), (5,)], (5, 9), None),  # none has got so far
    ],
)
def test_a_trial_below_the_median_is_ended(others: list[tuple[float, ...]], own: tuple[float, ...], ends: Any) -> None:
    known = [trial(n, "running", None, *epochs) for n, epochs in enumerate(others)]
    mine = trial(9, "running", None, *own)
    assert verdict(mine, [*known, mine], params(pruner="median")) == ends


def test_asha_keeps_a_third_at_each_rung() -> None:
    known = [trial(n, "running", None, float(n)) for n in range(9)]
    ended = [one.number for one in known if verdict(one, known, params(pruner="asha")) == 1]
    assert ended == [3, 4, 5, 6, 7, 8]
    later = [trial(n, "running", None, *[float(n)] * 4) for n in range(3)]
    assert [verdict(one, later, params(pruner="asha")) for one in later] == [None, 3, 3]
    assert [verdict(one, later, params(pruner="asha", monitor="val_accuracy")) for one in later] == [3, 3, None]
    assert [verdict(one, later[:2], params(pruner="asha")) for one in later[:2]] == [None, None]
    assert verdict(known[8], known, params(pruner="none")) is None
    assert verdict(known[8], known, params(pruner="asha", recipe={"epochs": 1})) is None, "it has ended already"
    assert verdict(known[8], known, params(pruner="asha", min_epochs=2)) is None


def test_asha_finds_what_random_search_finds_with_half_the_epochs() -> None:
    """Curves that fall towards their end value at 27 epochs: bad ones are known early, as rates' mostly are."""
    draw = random.Random(3)
    ends = [draw.random() for _ in range(40)]
    curves = [[end + 2.0 * 0.8**epoch for epoch in range(27)] for end in ends]
    spent, done = 0, []
    for number, curve in enumerate(curves):
        told = trial(number, "running")
        for epoch in range(1, 28):
            spent += 1
            told = trial(number, "running", None, *curve[:epoch])
            if verdict(told, [*done, told], params(pruner="asha", recipe={"epochs": 27})) is not None:
                break
        done.append(told)
    kept = [one.number for one in done if len(one.epochs) == 27]
    assert min(kept, key=lambda number: ends[number]) == min(range(40), key=lambda number: ends[number])
    assert spent <= 40 * 27 / 2


def test_the_best_is_the_earliest_of_the_best_complete_ones() -> None:
    known = [trial(0, "failed"), trial(1, "complete", 0.5), trial(2, "complete", 0.25), trial(3, "complete", 0.25)]
    assert best(known, higher=False) is known[2]
    assert best(known, higher=True) is known[1]
    assert best(known[:1], higher=True) is None


@pytest.mark.parametrize(
    ("rate", "said"),
    [(1.0, "upper border"), (0.8, "upper border"), (1.2e-4, "lower border"), (0.3, None), (3e-4, None)],
)
def test_a_best_value_on_a_border_of_its_range_is_warned_of(rate: float, said: str | None) -> None:
    only = TuneParams.model_validate({"space": {"params.learning_rate": SPACE["params.learning_rate"]}})
    warnings = report.borders(only, trial(0, "complete", 0.1, rate=rate))
    assert (said is None and not warnings) or (said is not None and said in warnings[0])
