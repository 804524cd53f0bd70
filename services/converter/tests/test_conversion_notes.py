"""What people wrote on layers when a network goes to another format."""

import json

import pytest
from visualnn_converter.conversion import convert

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
