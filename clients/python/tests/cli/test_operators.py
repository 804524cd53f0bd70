"""What ``visualnn operators`` says of an operator."""

import pytest
from visualnn.cli.operators import _show
from visualnn.records import Operator


def _operator(**more: object) -> Operator:
    tensors = [{"name": name, "shape": [None, 10], "dtype": "float32"} for name in ("digit", "ink")]
    given = {"name": "heads", "version": 2, "ready": True, "task": "classification", "classes": ["cat", "dog"]}
    signature = {"inputs": [], "outputs": tensors if "others" in more else tensors[:1]}
    return Operator.model_validate({**given, "signature": signature, **more})


def test_task_and_classes_stand_with_the_output_whose_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    _show(_operator(others={"ink": {"task": "regression", "classes": None, "label": "ink"}}), as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "heads version 2  ready"
    assert lines[-2:] == ["  digit: classification  classes cat, dog", "  ink: regression"]


def test_a_single_output_is_not_named_and_the_replay_is_told_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    replay = {"samples": 16, "max_abs_error": 1.1e-7, "tolerance": 1e-5}
    _show(_operator(replay=replay), as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "heads version 2  classification  ready"
    assert lines[-2:] == ["  classes  cat, dog", "  replay   16 samples, largest error 1.1e-07 (tolerance 1e-05)"]
