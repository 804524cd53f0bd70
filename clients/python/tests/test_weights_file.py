from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from visualnn.weights_file import read_info
from visualnn_shared.errors import Invalid


def test_the_metadata_is_read(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_file({"y/kernel": np.zeros((2, 3))}, path, {"visualnn.spec": "{}", "visualnn.job": "job-1", "other": "x"})
    info = read_info(path)
    assert (info.spec, info.serving, info.job) == ("{}", None, "job-1")


def test_weights_of_somebody_else_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_file({"a": np.zeros(3)}, path)
    with pytest.raises(Invalid, match=r"no metadata visualnn\.spec"):
        read_info(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"1234",
        b"\xff" * 8,
        (5).to_bytes(8, "little") + b"{}",
        (4).to_bytes(8, "little") + b"nope",
        (2).to_bytes(8, "little") + b"[]",
    ],
)
def test_what_is_no_safetensors_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "w").write_bytes(content)
    with pytest.raises(Invalid, match="must be a safetensors file"):
        read_info(tmp_path / "w")
