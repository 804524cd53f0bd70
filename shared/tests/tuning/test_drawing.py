"""Axes of the pictures of searches and ensembles: round labels, nothing cut off, one axis for what is compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from visualnn_shared.ensembling.drawing import gain, shown, span
from visualnn_shared.ensembling.report import EnsembleReport, Member, gain_of
from visualnn_shared.tuning.drawing import metric_range, round_ticks


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0.3651, 0.3741, ["0.366", "0.368", "0.370", "0.372", "0.374"]),
        (0.0, 1.0, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (-3.0, 40.0, ["0", "10", "20", "30", "40"]),
        (1e-7, 4e-7, ["1e-07", "2e-07", "3e-07", "4e-07"]),
    ],
)
def test_labels_are_round(low: float, high: float, labels: list[str]) -> None:
    assert [label for _, label in round_ticks(low, high)] == labels


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_labels_lie_on_the_axis_and_differ(low: float, wide: float) -> None:
    found = round_ticks(low, low + wide)
    assert 2 <= len(found) <= 6
    assert all(low - 1e-6 * wide <= value <= low + wide * (1 + 1e-6) for value, _ in found)


@pytest.mark.parametrize(
    ("values", "higher", "ends"),
    [
        ([0.2, 0.25, 0.3, 2.21], False, (0.2, 0.45)),
        ([0.1, 0.8, 0.9, 0.9], True, (0.4, 0.9)),
        ([0.2, 0.25, 0.3], False, (0.2, 0.3)),
        ([1.0], False, (0.5, 1.5)),
        ([], True, (0.0, 1.0)),
        ([0.2, 0.2, 0.2, 0.2, 9.0], False, (0.2, 9.0)),
    ],
)
def test_one_outlier_does_not_squeeze_the_others(values: list[float], higher: bool, ends: tuple[float, float]) -> None:
    assert metric_range(values, higher) == pytest.approx(ends)


def test_the_splits_of_a_gain_have_one_axis_and_each_metric_has_its_own() -> None:
    metrics = [
        {"val": {"loss": 0.3 + n / 100, "accuracy": 0.9}, "test": {"loss": 0.4, "accuracy": 0.8, "auc": 0.5}}
        for n in range(3)
    ]
    members = [Member(number=n + 1, job=f"j{n}", metrics=each) for n, each in enumerate(metrics)]
    gains = [
        gain_of("val", 50, members, 1, {"loss": 0.25, "accuracy": 0.95}),
        gain_of("test", 60, members, 1, {"loss": 0.35, "accuracy": 0.85, "auc": 0.6}),
    ]
    report = EnsembleReport(
        method="seeds", averaged="predictions", monitor="val_accuracy", best=1, members=members, gains=gains
    )
    assert shown(report) == ["accuracy", "loss"]
    low, high = span(report, "loss")
    assert low < 0.25 < 0.4 < high
    two = gain(report)
    one = gain(report.model_copy(update={"gains": gains[:1]}))
    assert (two.width, two.height > one.height) == (one.width, True)
