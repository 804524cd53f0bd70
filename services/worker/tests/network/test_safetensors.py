import numpy as np
import pytest
from safetensors import safe_open
from visualnn_worker.network import safetensors

TENSORS = {
    "b/kernel": np.arange(6, dtype=np.float32).reshape(2, 3).T,  # not contiguous
    "a/count": np.array(7, dtype=np.int64),
    "ä/empty": np.zeros((0, 3), np.uint32),
    "c/flags": np.array([True, False]),
}


def test_the_library_reads_what_is_written(tmp_path):
    path = tmp_path / "t.safetensors"
    safetensors.write(path, TENSORS, {"k": "v", "a": "ü"})
    with safe_open(path, framework="numpy") as file:
        assert file.metadata() == {"k": "v", "a": "ü"}
        assert set(file.keys()) == set(TENSORS)
        for name, array in TENSORS.items():
            found = file.get_tensor(name)
            assert found.dtype == array.dtype
            np.testing.assert_array_equal(found, array)


def test_equal_content_gives_equal_bytes_whatever_its_order(tmp_path):
    one, other = tmp_path / "1", tmp_path / "2"
    safetensors.write(one, TENSORS, {"k": "v", "a": "b"})
    safetensors.write(other, dict(reversed(TENSORS.items())), {"a": "b", "k": "v"})
    assert one.read_bytes() == other.read_bytes()


def test_a_truncated_file_is_refused(tmp_path):
    path = tmp_path / "t"
    safetensors.write(path, TENSORS, {})
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(Exception, match=r"(?i)header|incomplete|invalid"):
        safetensors.read(path)
