from pathlib import Path

import pytest
from pydantic import ValidationError
from visualnn_worker.settings import WorkerSettings


def test_queues_are_a_list_with_commas(monkeypatch):
    monkeypatch.setenv("VISUALNN_WORKER_QUEUES", " train.cpu, infer ,")
    assert WorkerSettings().queue_names == ["train.cpu", "infer"]


def test_the_run_folder_lies_in_the_data_folder_unless_it_is_named(monkeypatch):
    monkeypatch.setenv("VISUALNN_DATA_DIR", "/data")
    assert WorkerSettings().run_dir == Path("/data/worker")
    monkeypatch.setenv("VISUALNN_WORKER_DIR", "/run/v")
    assert WorkerSettings().run_dir == Path("/run/v")


@pytest.mark.parametrize(("name", "value"), [("CHECKPOINT_S", "-1"), ("LOG_LINES_PER_S", "0"), ("WARM", "perhaps")])
def test_a_bad_value_is_refused(monkeypatch, name, value):
    monkeypatch.setenv(f"VISUALNN_WORKER_{name}", value)
    with pytest.raises(ValidationError):
        WorkerSettings()
