"""A diff names what changed in meaning, and nothing where only order or spelling did."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from visualnn_shared import zoo
from visualnn_shared.analysis.diff import Change, diff
from visualnn_shared.errors import SpecInvalid
from visualnn_shared.spec.model import Layer, Spec


def changed(spec: Spec, name: str, **values: Any) -> Spec:
    layers = tuple(one.model_copy(update=values) if one.name == name else one for one in spec.layers)
    return spec.model_copy(update={"layers": layers})


def renamed(spec: Spec, names: dict[str, str]) -> Spec:
    layers = tuple(
        one.model_copy(update={
            "name": names.get(one.name, one.name), "inputs": tuple(names.get(i, i) for i in one.inputs)
        })
        for one in spec.layers
    )  # fmt: skip
    return spec.model_copy(update={"layers": layers, "outputs": tuple(names.get(o, o) for o in spec.outputs)})


DNN = zoo.load("mnist-dnn")


@given(st.permutations(DNN.layers))
def test_the_order_of_layers_is_no_difference(layers: list[Layer]) -> None:
    assert diff(DNN, DNN.model_copy(update={"layers": tuple(layers)})).same


def test_a_default_that_is_spelled_out_is_no_difference() -> None:
    assert diff(DNN, changed(DNN, "fc1", params={"units": 512, "activation": "relu", "use_bias": True})).same


def test_a_parameter_that_changed_is_told_with_its_cost_and_what_follows_from_it() -> None:
    found = diff(DNN, changed(DNN, "fc2", params={"units": 256, "activation": "tanh"}))
    layers = {one.name: one for one in found.changed}
    assert layers["fc2"].changes["units"] == Change(before=512, after=256)
    assert layers["fc2"].changes["activation"] == Change(before="relu", after="tanh")
    assert layers["fc2"].params_delta == (512 + 1) * (256 - 512)
    assert layers["prob"].changes == {}
    assert layers["prob"].params_delta == (256 - 512) * 10
    assert not found.added
    assert not found.removed
    assert found.params.after - found.params.before == sum(one.params_delta for one in found.changed)


def test_layers_that_came_and_went_are_told() -> None:
    without = tuple(one for one in DNN.layers if one.name != "drop1")
    spec = changed(DNN.model_copy(update={"layers": without}), "fc2", inputs=("fc1",))
    for found, side in ((diff(DNN, spec), "removed"), (diff(spec, DNN), "added")):
        assert [one.name for one in getattr(found, side)] == ["drop1"]
        assert [one.name for one in found.changed] == ["fc2"]
        assert "inputs" in found.changed[0].changes


def test_layers_that_were_only_renamed_are_told_as_renamed() -> None:
    found = diff(DNN, renamed(DNN, {"fc1": "hidden1", "prob": "classes"}))
    assert [(one.before_name, one.name, one.changes) for one in found.changed] == [
        ("fc1", "hidden1", {}), ("prob", "classes", {}),
    ]  # fmt: skip
    assert not found.added
    assert not found.removed
    assert found.outputs is None


def test_a_net_with_problems_cannot_be_compared() -> None:
    with pytest.raises(SpecInvalid):
        diff(DNN, changed(DNN, "fc1", params={}))
