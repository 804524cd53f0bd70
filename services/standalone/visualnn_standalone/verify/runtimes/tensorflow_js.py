"""TensorFlow.js under Node, on layers models that VisualNN has just written: only a target.

Needs ``node`` on the PATH and ``@tensorflow/tfjs`` in a folder that ``NODE_PATH`` names, as Node itself looks for it.
"""

import io
import json
import subprocess
import tempfile
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from visualnn_standalone.verify.certificate import Runtime
from visualnn_standalone.verify.runtimes.base import Arrays, ModelFile, Unable

FORMATS = ("tfjs",)
PROGRAM = Path(__file__).with_name("tensorflow_js.cjs")
START_S, ANSWER_S = 60, 1800
"""Seconds: TensorFlow.js in plain JavaScript takes minutes for a network that others run in one second."""


def load(file: ModelFile) -> "InTensorFlowJs":
    """The model. Raises ``Unable`` where Node or TensorFlow.js is not installed."""
    return InTensorFlowJs(file, _version())


class InTensorFlowJs:
    """The written layers model, each call in a Node of its own."""

    def __init__(self, file: ModelFile, version: str) -> None:
        self._file, self._version = file, version

    @property
    def runtime(self) -> Runtime:
        """For the certificate."""
        how = "loadLayersModel of the written files, in JavaScript alone"
        return Runtime(name="TensorFlow.js", version=self._version, how=how, independent=True)

    def outputs(self, inputs: Arrays) -> list[Any]:
        """In the spec's order. Raises ``Unable`` with what TensorFlow.js says."""
        with tempfile.TemporaryDirectory(prefix="visualnn-") as name:
            folder = Path(name)
            with zipfile.ZipFile(io.BytesIO(self._file.data)) as archive:
                archive.extractall(folder)
            asked = [_kept(folder, f"input{i}", inputs[one]) for i, one in enumerate(self._file.input_names)]
            (folder / "inputs.json").write_text(json.dumps(asked))
            _node([str(PROGRAM), name], ANSWER_S)
            found = json.loads((folder / "outputs.json").read_text())
            return [np.fromfile(folder / one["file"], "<f4").reshape(one["shape"]) for one in found]

    def layers(self, _inputs: Arrays) -> Arrays:
        """None: only the outputs are asked for."""
        return {}


def _kept(folder: Path, name: str, values: Any) -> dict[str, Any]:
    whole = np.issubdtype(values.dtype, np.integer)
    values.astype("<i4" if whole else "<f4").tofile(folder / name)
    return {"file": name, "shape": values.shape, "dtype": "int32" if whole else "float32"}


@cache
def _version() -> str:
    return _node(["-p", "require('@tensorflow/tfjs').version.tfjs"], START_S).split()[-1]


def _node(arguments: list[str], seconds: int) -> str:
    """What Node prints. Raises ``Unable``."""
    try:
        done = subprocess.run(["node", *arguments], capture_output=True, text=True, timeout=seconds, check=False)
    except FileNotFoundError:
        raise Unable("TensorFlow.js: there is no `node` on the PATH") from None
    except subprocess.TimeoutExpired:
        raise Unable(f"TensorFlow.js: no answer within {seconds} s") from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if "Error" in line] or ["it ended with an error"]
        raise Unable(f"TensorFlow.js: {lines[0][:300]}; it needs NODE_PATH to name a folder with @tensorflow/tfjs")
    return done.stdout
