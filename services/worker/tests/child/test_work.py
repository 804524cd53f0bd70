"""What the child loads before a job."""

import sys
from importlib import import_module

import pytest
from visualnn_worker.child.work import without


def test_a_module_is_left_out_for_a_while_and_can_be_had_later(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "module_for_a_while.py").write_text("value = 1")
    with without("module_for_a_while"), pytest.raises(ImportError):
        import_module("module_for_a_while")
    assert import_module("module_for_a_while").value == 1
    with without("module_for_a_while"):  # it is loaded, so nothing is gained
        assert import_module("module_for_a_while").value == 1
    del sys.modules["module_for_a_while"]
