"""Networks of PyTorch come in through ONNX, by both of its exporters, and answer as before."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from visualnn_converter import conversion

from services.converter.tests.formats.pytorch.conftest import NO_TORCH

EXPORTERS = (False, True)


def _exported(torch: Any, net: Any, sample: Any, path: Path, dynamo: bool) -> bytes:
    if dynamo:
        pytest.importorskip("onnxscript", reason="PyTorch's newer exporter needs onnxscript")
        axes = ({0: torch.export.Dim("batch")},)
        torch.onnx.export(net, (sample,), path, dynamo=True, external_data=False, dynamic_shapes=axes, verbose=False)
    else:
        axes = {"x": {0: "batch"}}
        torch.onnx.export(net, (sample,), path, dynamo=False, input_names=["x"], dynamic_axes=axes)
    return path.read_bytes()


def _nets(nn: Any) -> dict[str, tuple[Any, tuple[int, ...]]]:
    picture = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 8, 3, stride=2, padding=1, groups=8), nn.Hardswish(), nn.Dropout(0.5), nn.Flatten(),
        nn.Linear(128, 10),
    )  # fmt: skip
    return {
        "a picture net": (picture, (2, 3, 16, 16)),
        "a row net": (nn.Sequential(nn.Linear(12, 16), nn.GELU(), nn.LayerNorm(16), nn.Linear(16, 4)), (2, 12)),
        "a net that up-samples": (
            nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.LeakyReLU(0.1), nn.ConvTranspose2d(4, 2, 2, stride=2),
                          nn.Upsample(scale_factor=2)), (2, 2, 6, 6)),
    }  # fmt: skip


@pytest.mark.filterwarnings("ignore")  # the exporters warn of themselves
@pytest.mark.parametrize("dynamo", EXPORTERS)
@pytest.mark.parametrize("name", ["a picture net", "a row net", "a net that up-samples"])
def test_an_exported_network_answers_as_in_pytorch(
    name: str, dynamo: bool, tmp_path: Path, worker_outputs: Callable[..., Any], capsys: Any
) -> None:
    torch = pytest.importorskip("torch", reason=NO_TORCH)
    torch.manual_seed(3)
    net, shape = _nets(torch.nn)[name]
    net.eval()
    sample = torch.randn(*shape)
    data = _exported(torch, net, sample, tmp_path / "net.onnx", dynamo)
    spec, weights, _ = conversion.read(io.BytesIO(data).getvalue(), "onnx")
    with torch.inference_mode():
        expected = net(sample).numpy()
    given = sample.numpy()
    given = given.transpose(0, 2, 3, 1) if given.ndim == 4 else given
    found = worker_outputs(spec, weights, {"x": given})[0]
    found = found.transpose(0, 3, 1, 2) if found.ndim == 4 else found
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
