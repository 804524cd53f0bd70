"""PyTorch itself, on modules that VisualNN has just written: only a target, never a file that someone gave."""

import importlib.util
import io
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from visualnn_converter.formats.pytorch.writer import output_labels

from visualnn_standalone.verify.certificate import Runtime
from visualnn_standalone.verify.runtimes.base import Arrays, ModelFile, Unable

FORMATS = ("pytorch",)
_FILES = ("model.py", "model.safetensors")


def load(file: ModelFile) -> "InPyTorch":
    """The module with its weights. Raises ``Unable`` where PyTorch is not installed or refuses it."""
    try:
        import torch
    except ImportError:
        raise Unable("PyTorch: not installed; `pip install torch` beside VisualNN") from None
    try:
        return InPyTorch(file, torch)
    except Unable:
        raise
    except Exception as error:  # noqa: BLE001 - whatever the module or PyTorch raises
        raise Unable(f"PyTorch: {' '.join(str(error).split())[:300]}") from None


class InPyTorch:
    """The written ``nn.Module``; inputs and outputs are turned from and to the spec's layout."""

    def __init__(self, file: ModelFile, torch: Any) -> None:
        self._torch, self._names = torch, file.input_names
        self._first, self._last = output_labels(file.spec)
        self._net = _loaded(file.data)

    @property
    def runtime(self) -> Runtime:
        """For the certificate."""
        how = "the written module run by PyTorch itself"
        return Runtime(name="PyTorch", version=str(self._torch.__version__), how=how, independent=True)

    def outputs(self, inputs: Arrays) -> list[Any]:
        """In the spec's order."""
        given = [
            self._torch.from_numpy(np.ascontiguousarray(inputs[name].transpose(self._first[name])))
            for name in self._names
        ]
        try:
            with self._torch.inference_mode():
                found = self._net(*given)
        except Exception as error:  # noqa: BLE001 - whatever the module or PyTorch raises
            raise Unable(f"PyTorch: {' '.join(str(error).split())[:300]}") from None
        found = found if isinstance(found, tuple) else (found,)
        return [
            one.numpy().transpose([label.index(axis) for axis in range(len(label))])
            for one, label in zip(found, self._last, strict=True)
        ]

    def layers(self, _inputs: Arrays) -> Arrays:
        """None: what stands between a module's layers has no names of its own."""
        return {}


def _loaded(data: bytes) -> Any:
    with tempfile.TemporaryDirectory(prefix="visualnn-") as folder:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in _FILES:
                (Path(folder) / name).write_bytes(archive.read(name))
        found = importlib.util.spec_from_file_location("visualnn_written_module", Path(folder) / "model.py")
        if found is None or found.loader is None:
            raise Unable("PyTorch: the zip has no model.py")
        module = importlib.util.module_from_spec(found)
        found.loader.exec_module(module)
        return module.load()
