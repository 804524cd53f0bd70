"""``visualnn recipe`` and the phases of ``visualnn convert``, as a user calls them."""

import json
from pathlib import Path

from typer.testing import CliRunner
from visualnn.cli.main import app

SOLVER = 'base_lr: 0.1 momentum: 0.9 max_iter: 100 lr_policy: "step" gamma: 0.1 stepsize: 5'
NET = """input: "data" input_shape { dim: 1 dim: 4 }
layer { name: "x" type: "TanH" bottom: "data" top: "x" include { phase: TEST stage: "deploy" } }
layer { name: "y" type: "Sigmoid" bottom: "data" top: "y" }"""


def test_a_solver_becomes_a_recipe_and_back(tmp_path: Path) -> None:
    source, recipe, again = (tmp_path / name for name in ("s.prototxt", "r.json", "t.prototxt"))
    source.write_text(SOLVER)
    command = ["recipe", str(source), str(recipe), "--samples", "1000", "--batch-size", "50"]
    first = CliRunner().invoke(app, command)
    assert first.exit_code == 0, first.output
    assert "lr_policy = step (gamma 0.1, stepsize 5)" in first.output
    params = json.loads(recipe.read_text())
    assert params == {
        "optimizer": {"name": "sgd", "learning_rate": 0.1, "momentum": 0.9}, "batch_size": 50, "epochs": 5,
    }  # fmt: skip
    second = CliRunner().invoke(app, ["recipe", str(recipe), str(again), "--samples", "1000", "--json"])
    assert second.exit_code == 0, second.output
    assert "max_iter: 100" in again.read_text()


def test_a_phase_and_a_stage_choose_the_layers_of_a_net(tmp_path: Path) -> None:
    source, target = tmp_path / "net.prototxt", tmp_path / "net.json"
    source.write_text(NET)
    for options, names in (([], {"data", "y"}), (["--phase", "TEST", "--stage", "deploy"], {"data", "x", "y"})):
        result = CliRunner().invoke(app, ["convert", str(source), str(target), "--to", "native", *options])
        assert result.exit_code == 0, result.output
        assert {layer["name"] for layer in json.loads(target.read_text())["layers"]} == names
