"""The memory a training should need, against counts by hand."""

import pytest
from visualnn_shared.datasets.schema import DatasetSchema, FeatureSchema, LabelSchema
from visualnn_shared.spec.reading import read_spec
from visualnn_shared.training.recipe import Optimizer, TrainParams
from visualnn_shared.training.room import FRAMEWORK_BYTES, MIB, loaded_bytes, room_for

WIDE = read_spec({
    "visualnn": 1, "name": "wide", "outputs": ["out"],
    "layers": [
        {"name": "in", "type": "Input", "params": {"shape": [10]}},
        {"name": "wide", "type": "Dense", "params": {"units": 1000}, "inputs": ["in"]},
        {"name": "out", "type": "Dense", "params": {"units": 5}, "inputs": ["wide"]},
    ],
})  # fmt: skip
WEIGHTS, LAST = 10 * 1000 + 1000 + 1000 * 5 + 5, 1000 * 5 + 5
KEPT, LIVE = 10 + 1000 + 5, 10 + 1000
ACTIVATIONS = KEPT + LIVE


@pytest.mark.parametrize(
    ("params", "fixed", "per_sample"),
    [
        ({}, 4 * WEIGHTS * 4, 4 * ACTIVATIONS),
        ({"optimizer": "sgd"}, 4 * WEIGHTS * 2, 4 * ACTIVATIONS),
        ({"optimizer": Optimizer(name="sgd", momentum=0.9)}, 4 * WEIGHTS * 3, 4 * ACTIVATIONS),
        ({"optimizer": "sgd", "frozen": ("wide",)}, 4 * (WEIGHTS + LAST), 4 * ACTIVATIONS),
        ({"precision": "mixed_bfloat16"}, 4 * WEIGHTS * 4, 2 * ACTIVATIONS),
    ],
)
def test_a_training_needs_weights_gradients_slots_and_outputs_with_their_gradients(params, fixed, per_sample) -> None:
    room = room_for(WIDE, TrainParams(**params), 1000, 2**40, "it", device=True)
    assert room is not None
    assert (room.fixed, room.per_sample) == (fixed, per_sample)
    host = room_for(WIDE, TrainParams(**params), 1000, 2**40, "it")
    assert host is not None
    assert host.fixed == fixed + FRAMEWORK_BYTES + 1000


@pytest.mark.parametrize(("batch", "warns"), [(100, False), (101, True)])
def test_the_largest_batch_that_fits_is_the_last_one_without_a_warning(batch: int, warns: bool) -> None:
    available = FRAMEWORK_BYTES + 4 * WEIGHTS * 4 + 100 * 4 * ACTIVATIONS
    room = room_for(WIDE, TrainParams(batch_size=batch), 0, available, "the job's memory limit")
    assert room is not None
    assert room.largest == 100
    warning = room.warning()
    assert (warning is not None) is warns
    if warning is not None:
        assert "the job's memory limit must hold the job" in warning.rule
        assert warning.hint == "use a batch_size of at most 100"


def test_where_the_weights_alone_are_too_many_no_batch_is_suggested() -> None:
    room = room_for(WIDE, TrainParams(), 0, 100 * MIB, "the worker's memory")
    assert room is not None
    warning = room.warning()
    assert warning is not None
    assert "no batch fits" in str(warning.hint)


def test_a_data_set_counts_with_all_its_samples_as_they_are_loaded() -> None:
    feature = FeatureSchema(name="x", shape=(28, 28), dtype="uint8", min=0, max=255, whole=True)
    label = LabelSchema(name="y", shape=(), dtype="int64", kind="class", min=0, max=9, whole=True)
    schema = DatasetSchema(features=(feature,), label=label)
    assert loaded_bytes(schema, {"train": 60_000, "test": 10_000}) == 70_000 * (784 + 8)
