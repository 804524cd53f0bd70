"""A written model as PyTorch runs it, and as text."""

import importlib.util
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from visualnn_converter import conversion
from visualnn_converter.formats.pytorch.writer import output_labels
from visualnn_shared.spec.model import Spec

NO_TORCH = "PyTorch is not installed: it is no dependency; `pip install torch` beside the rest to run these"


def unpacked(data: bytes) -> dict[str, bytes]:
    """The files of the zip."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def run_torch(tmp_path: Path) -> Callable[..., list[np.ndarray]]:
    """Writes a spec, loads it as its README says, and answers in the spec's layout."""
    torch = pytest.importorskip("torch", reason=NO_TORCH)

    def answer(spec: Spec, weights: Any, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        for name, content in unpacked(conversion.write(spec, "pytorch", weights).data).items():
            (tmp_path / name).write_bytes(content)
        found = importlib.util.spec_from_file_location("model", tmp_path / "model.py")
        assert found is not None
        assert found.loader is not None
        module = importlib.util.module_from_spec(found)
        found.loader.exec_module(module)
        net = module.load() if weights else next(v for k, v in vars(module).items() if k == "Net")().eval()
        firsts, lasts = output_labels(spec)
        given = [torch.from_numpy(value.transpose(firsts[name]).copy()) for name, value in inputs.items()]
        with torch.inference_mode():
            outputs = net(*given)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        pairs = zip(outputs, lasts, strict=True)
        return [one.detach().numpy().transpose([label.index(i) for i in range(len(label))]) for one, label in pairs]

    return answer
