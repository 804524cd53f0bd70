"""A window that a data set's pictures are too small for ends in a problem, not in a worker that dies."""

import pytest
from visualnn_shared.datasets.schema import DatasetSchema, FeatureSchema, LabelSchema
from visualnn_shared.errors import Invalid
from visualnn_shared.spec.model import Layer, Spec
from visualnn_shared.training.choose import plan
from visualnn_shared.training.recipe import TrainParams

LABEL = LabelSchema(name="y", shape=(), dtype="int64", kind="class", n_classes=2, min=0, max=1, whole=True)


def net(steps: int | None) -> Spec:
    layers = (
        Layer(name="in", type="Input", params={"shape": [steps, 3]}),
        Layer(name="pool", type="MaxPooling1D", params={"pool_size": 6}, inputs=("in",)),
        Layer(name="mean", type="GlobalAveragePooling1D", inputs=("pool",)),
        Layer(name="out", type="Dense", params={"units": 2, "activation": "softmax"}, inputs=("mean",)),
    )
    return Spec(name="net", layers=layers, outputs=("out",))


def data(steps: int) -> DatasetSchema:
    feature = FeatureSchema(name="x", shape=(steps, 3), dtype="float32", min=0, max=1, whole=False)
    return DatasetSchema(features=(feature,), label=LABEL)


def test_samples_that_are_too_small_for_a_window_are_refused_with_the_layer() -> None:
    with pytest.raises(Invalid) as caught:
        plan(net(None), data(5), {"train": 10}, TrainParams())
    (found,) = caught.value.problems
    assert found.where.layer == "pool"
    assert found.rule == "pool_size must fit into the padded input"


@pytest.mark.parametrize(("steps", "size"), [(None, 6), (None, 50), (12, 12)])
def test_samples_that_are_large_enough_are_taken(steps: int | None, size: int) -> None:
    assert plan(net(steps), data(size), {"train": 10}, TrainParams()).features == {"in": "x"}
