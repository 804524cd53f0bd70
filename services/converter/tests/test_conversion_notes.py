"""What people wrote on layers when a network goes to another format."""

import json

import pytest
from visualnn_converter import conversion
from visualnn_converter.conversion import convert
from visualnn_shared.errors import ConversionImpossible
from visualnn_shared.spec.model import Spec

SPEC = {
    "visualnn": 1,
    "name": "noted",
    "layers": [
        {"name": "x", "type": "Input", "params": {"shape": [4]}, "note": "pixels"},
        {"name": "y", "type": "Dense", "params": {"units": 2}, "inputs": ["x"]},
    ],
    "outputs": ["y"],
    "groups": [{"name": "all", "layers": ["x", "y"], "folded": True}],
}


@pytest.mark.parametrize(("target", "lost"), [("native", False), ("keras", True), ("caffe", True)])
def test_the_report_tells_that_notes_and_groups_stay_behind(target: str, lost: bool) -> None:
    made = convert(json.dumps(SPEC).encode(), target)
    assert any("notes and groups" in note for note in made.report.notes) == lost
    if not lost:
        back = json.loads(made.data)
        assert (back["groups"], back["layers"][0]["note"]) == (SPEC["groups"], "pixels")


def test_where_a_rewrite_does_not_help_the_obstacle_is_that_of_the_layer_itself() -> None:
    """Keras 2 has neither the function nor ``Power``, which its rewrite needs."""
    layers = [
        {"name": "x", "type": "Input", "params": {"shape": [4]}},
        {"name": "hard", "type": "Activation", "inputs": ["x"], "params": {"activation": "hard_silu"}},
    ]
    spec = Spec.model_validate({"visualnn": 1, "name": "m", "layers": layers, "outputs": ["hard"]})
    found = []
    for allowed in (False, True):
        with pytest.raises(ConversionImpossible) as raised:
            conversion.write(spec, "keras-h5", {}, allow_rewrite=allowed)
        (one,) = raised.value.problems
        found.append((one.where.layer, one.rule, one.received))
    assert found[0] == found[1]
    assert found[0][::2] == ("hard", "hard_silu")
    assert "rewriting it does not help" in (one.hint or "")
