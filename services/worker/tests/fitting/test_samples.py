import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from visualnn_shared.datasets.data import Split
from visualnn_shared.training.serving import OneHot, Reshape, Scale, Serving, TensorSpec
from visualnn_worker.fitting.samples import Samples, all_of, class_weights, hold_out, order

PICTURES = np.arange(6 * 4, dtype=np.uint8).reshape(6, 2, 2)
SERVING = Serving(
    inputs=(TensorSpec(name="in", shape=(2, 2), dtype="uint8"),),
    outputs=(TensorSpec(name="out", shape=(3,), dtype="float32"),),
    preprocessing={"in": (Reshape(shape=(4,)), Scale(factor=1 / 255))},
    labels=(OneHot(classes=3),),
    task="classification",
)
SPLIT = Split(x={"feature": PICTURES}, labels={"y": np.array([0, 1, 2, 0, 1, 2])})


def samples() -> Samples:
    return all_of(SPLIT, SERVING, {"in": "feature"})


def test_a_batch_is_prepared_as_the_whole_would_be():
    whole = samples().inputs(slice(None))["in"]
    assert whole.shape == (6, 4)
    assert whole.dtype == np.float32
    which = np.array([4, 0, 5])
    np.testing.assert_array_equal(samples().inputs(which)["in"], whole[which])
    np.testing.assert_array_equal(samples().labels(which), np.eye(3, dtype=np.float32)[[1, 0, 2]])
    np.testing.assert_array_equal(samples().raw_labels(which), [1, 0, 2])


def test_parts_of_parts_are_rows_of_the_split():
    part = samples().part([5, 3, 1]).part(slice(1, 3))
    np.testing.assert_array_equal(part.raw(slice(None))["in"], PICTURES[[3, 1]])


@given(st.integers(0, 2**32 - 1), st.integers(0, 1000), st.integers(1, 500))
def test_the_order_of_an_epoch_is_a_permutation_that_depends_on_nothing_else(seed, epoch, count):
    found = order(seed, epoch, count)
    assert sorted(found) == list(range(count))
    np.testing.assert_array_equal(found, order(seed, epoch, count))


def test_epochs_and_seeds_have_different_orders():
    orders = {tuple(order(seed, epoch, 50)) for seed in range(3) for epoch in range(3)}
    assert len(orders) == 9


@given(st.integers(2, 300), st.floats(0.01, 0.99), st.integers(0, 99))
def test_holding_out_parts_all_samples_and_counts_as_the_plan_does(count, share, seed):
    split = Split(x={"feature": np.arange(count).reshape(-1, 1)})
    train, validation = hold_out(all_of(split, SERVING, {"in": "feature"}), share, seed)
    assert len(train) == int(count * (1 - share))
    assert sorted([*train.rows, *validation.rows]) == list(range(count))


def test_sorted_labels_are_shuffled_before_they_are_held_out():
    split = Split(x={"feature": np.zeros((100, 1))}, labels={"y": np.repeat(np.arange(10), 10)})
    _train, validation = hold_out(all_of(split, SERVING, {"in": "feature"}), 0.3, 0)
    assert len(set(split.y[validation.rows])) >= 8


def test_balanced_classes_count_the_same_together() -> None:
    split = Split(x={"feature": PICTURES}, labels={"y": np.array([0, 0, 0, 0, 0, 2])})
    weights = class_weights(all_of(split, SERVING, {"in": "feature"}), "balanced", 3)
    np.testing.assert_allclose(weights, [0.6, 0, 3.0], rtol=1e-6)
