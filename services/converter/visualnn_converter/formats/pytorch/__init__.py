"""PyTorch, written only: a zip with a readable nn.Module, its state dict in safetensors, and a README."""

import importlib.util
import io
import zipfile
from functools import partial

from visualnn_shared.spec.model import Spec

from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights

NAME = "pytorch"
TITLE = "PyTorch module"
EXTENSIONS = (".zip",)
MEDIA_TYPE = "application/zip"
CARRIES_WEIGHTS = True
CAN_RUN = importlib.util.find_spec("torch") is not None
"""PyTorch runs it, where it is installed."""


def sniff(_data: bytes) -> bool:
    """Never: PyTorch comes in through ONNX."""
    return False


def write(spec: Spec, weights: Weights | None, report: Report) -> bytes:
    """model.py, model.safetensors where there are weights, and README.md in a zip.

    Raises ``ConversionImpossible`` with every obstacle.
    """
    import safetensors.numpy

    from visualnn_converter.formats.pytorch.page import model_text, readme_text
    from visualnn_converter.formats.pytorch.writer import write_model

    page, tensors = write_model(spec, weights, report)
    members = {"model.py": partial(model_text, page), "README.md": partial(readme_text, page)}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, text in members.items():
            archive.writestr(zipfile.ZipInfo(name), text().encode())
        if page.weights:
            archive.writestr(zipfile.ZipInfo("model.safetensors"), safetensors.numpy.save(tensors))
    return buffer.getvalue()
