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
    blocks = {
        "attention": (_attention(nn), (2, 5, 8)),
        "a transformer": (_transformer(nn), (2, 5, 8)),
        "a vision transformer": (_vision(nn), (2, 3, 16, 16)),
        "both directions": (_last(nn), (2, 5, 8)),
        "dense blocks": (_dense(nn), (2, 3, 8, 8)),
        "squeeze and excite": (_excite(nn), (2, 6, 8, 8)),
    }
    return blocks | {
        "a picture net": (picture, (2, 3, 16, 16)),
        "a row net": (nn.Sequential(nn.Linear(12, 16), nn.GELU(), nn.LayerNorm(16), nn.Linear(16, 4)), (2, 12)),
        "a net that up-samples": (
            nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.LeakyReLU(0.1), nn.ConvTranspose2d(4, 2, 2, stride=2),
                          nn.Upsample(scale_factor=2)), (2, 2, 6, 6)),
    }  # fmt: skip


def _module(nn: Any, forward: Callable[[Any, Any], Any], **parts: Any) -> Any:
    """A module of these parts that computes so."""

    class Made(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            for name, part in parts.items():
                setattr(self, name, part)

        def forward(self, x: Any) -> Any:
            return forward(self, x)

    return Made()


def _attention(nn: Any) -> Any:
    return _module(nn, lambda s, x: s.a(x, x, x)[0], a=nn.MultiheadAttention(8, 2, batch_first=True))


def _transformer(nn: Any) -> Any:
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, norm_first=True)
    return _module(nn, lambda s, x: s.layer(x), layer=layer)


def _last(nn: Any) -> Any:
    lstm = nn.LSTM(8, 6, num_layers=2, bidirectional=True, batch_first=True)
    return _module(nn, lambda s, x: s.fc(s.r(x)[0][:, -1]), r=lstm, fc=nn.Linear(12, 2))


def _vision(nn: Any) -> Any:
    import torch

    def forward(s: Any, x: Any) -> Any:
        cells = s.patches(x).flatten(2).transpose(1, 2)
        tokens = torch.cat([s.token.expand(cells.shape[0], -1, -1), cells], 1) + s.places
        return s.fc(s.norm(s.encoder(tokens))[:, 0])

    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, norm_first=True, activation="gelu")
    return _module(
        nn, forward, patches=nn.Conv2d(3, 8, 4, 4), norm=nn.LayerNorm(8), fc=nn.Linear(8, 5),
        token=nn.Parameter(torch.randn(1, 1, 8)), places=nn.Parameter(torch.randn(1, 17, 8)),
        encoder=nn.TransformerEncoder(layer, 2, enable_nested_tensor=False),
    )  # fmt: skip


def _dense(nn: Any) -> Any:
    """As in DenseNet: the first layer joins a list of one tensor."""
    import torch

    def forward(s: Any, x: Any) -> Any:
        found = [s.stem(x)]
        for layer in s.layers:
            found.append(layer(torch.cat(found, 1)))
        return torch.cat(found, 1)

    layers = [nn.Sequential(nn.BatchNorm2d(4 + 2 * i), nn.ReLU(), nn.Conv2d(4 + 2 * i, 2, 3, 1, 1)) for i in range(3)]
    return _module(nn, forward, stem=nn.Conv2d(3, 4, 3, 1, 1), layers=nn.ModuleList(layers))


def _excite(nn: Any) -> Any:
    def forward(s: Any, x: Any) -> Any:
        x = s.stem(x)
        batch, channels = x.shape[:2]
        return x * s.gate(s.pool(x).view(batch, channels)).view(batch, channels, 1, 1)

    gate = nn.Sequential(nn.Linear(6, 3), nn.ReLU(), nn.Linear(3, 6), nn.Sigmoid())
    return _module(nn, forward, stem=nn.Conv2d(6, 6, 3), pool=nn.AdaptiveAvgPool2d(1), gate=gate)


NAMES = [
    "a picture net", "a row net", "a net that up-samples", "attention", "a transformer", "a vision transformer",
    "both directions", "dense blocks", "squeeze and excite",
]  # fmt: skip


@pytest.mark.filterwarnings("ignore")  # the exporters warn of themselves
@pytest.mark.parametrize("dynamo", EXPORTERS)
@pytest.mark.parametrize("name", NAMES)
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
