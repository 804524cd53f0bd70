"""What the fuzzer changes, and what reads it: small files of every format, and those of the corpus."""

import contextlib
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from visualnn_converter import conversion
from visualnn_converter.formats.caffe.weights import sizes
from visualnn_converter.formats.tensorflow.parsing import message
from visualnn_shared import zoo
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.errors import ConversionImpossible
from visualnn_shared.spec.model import Spec

CORPUS = Path(__file__).parents[1] / "shared" / "corpus"
if not CORPUS.is_dir():
    CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
LENET = b"""name: "n" input: "data" input_shape { dim: 1 dim: 1 dim: 8 dim: 8 }
layer { name: "c" type: "Convolution" bottom: "data" top: "c" convolution_param { num_output: 2 kernel_size: 3 } }
layer { name: "b" type: "BatchNorm" bottom: "c" top: "c" }
layer { name: "s" type: "Scale" bottom: "c" top: "c" scale_param { bias_term: true } }
layer { name: "p" type: "PReLU" bottom: "c" top: "p" }
layer { name: "i" type: "InnerProduct" bottom: "p" top: "i" inner_product_param { num_output: 3 } }"""
OLD = b"""input: "data" input_dim: 1 input_dim: 3 input_dim: 9 input_dim: 9
layers { name: "c" type: CONVOLUTION bottom: "data" top: "c" blobs_lr: 1 weight_decay: 1 include { phase: TRAIN }
  convolution_param { num_output: 4 kernel_size: 3 pad: 1 group: 1 weight_filler { type: "xavier" } } }
layers { name: "l" type: LRN bottom: "c" top: "l" lrn_param { local_size: 3 alpha: 1e-4 } }
layers { name: "e" type: ELTWISE bottom: "c" bottom: "l" top: "e" eltwise_param { operation: SUM coeff: 1 coeff: -1 } }
layers { name: "s" type: SOFTMAX_LOSS bottom: "e" bottom: "label" top: "s" exclude { phase: TEST stage: "x" } }"""
OLDEST = b"""input: "data" input_dim: 1 input_dim: 3 input_dim: 9 input_dim: 9
layers { layer { name: "p" type: "padding" pad: 1 } bottom: "data" top: "p" }
layers { layer { name: "c" type: "conv" num_output: 4 kernelsize: 3 stride: 2 group: 1 biasterm: true blobs_lr: 1.
  weight_filler { type: "gaussian" std: 0.1 } } bottom: "p" top: "c" }
layers { layer { name: "m" type: "pool" pool: MAX kernelsize: 2 stride: 2 } bottom: "c" top: "m" }
layers { layer { name: "i" type: "innerproduct" num_output: 4 } bottom: "m" top: "i" }"""


@dataclass(frozen=True)
class Parser:
    """One reader: how files to change are made, and what reads one."""

    seeds: Callable[[], list[bytes]]
    read: Callable[[bytes], Any]
    text: bool = False


def _weights(spec: Spec) -> dict[str, Any]:
    return {
        f"{layer.name}/{variable.name}": np.ones(sizes(variable.shape), np.float32)
        for layer in resolve(spec).layers
        for variable in layer.weights
    }


def _read(data: bytes, format: str, **options: Any) -> tuple[Spec, Any]:
    spec, _, report = conversion.read(data, format, **options)
    return spec, report


def _corpus(folder: str, pattern: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted((CORPUS / folder).glob(pattern))]


def _written(format: str, *names: str) -> list[bytes]:
    specs = [zoo.load(name) for name in names]
    return [conversion.write(spec, format, _weights(spec)).data for spec in specs]


def _prototxts() -> list[bytes]:
    return [LENET, OLD, OLDEST, *_written("caffe", "mnist-cnn"), *_corpus("caffe", "*.prototxt")]


@cache
def _beside() -> tuple[bytes, bytes]:
    """A prototxt and its caffemodel, as they are written: a pair of layers read as one has names of its own there."""
    spec, _, _ = conversion.read(LENET, "caffe")
    return conversion.write(spec, "caffe").data, conversion.write_weights(spec, "caffe", _weights(spec))


def _read_beside(data: bytes) -> tuple[Spec, Any]:
    return _read(_beside()[0], "caffe", weights_file=data)


def _keras_texts() -> list[bytes]:
    return [*_written("keras", "mnist-cnn", "two-input", "imdb-lstm"), *_corpus("keras", "*.json")]


def _h5s() -> list[bytes]:
    """A file as Keras 2 wrote it, by h5py alone; nothing of Keras is needed."""
    import h5py

    config = {"class_name": "Sequential", "config": {"name": "m", "layers": [
        {"class_name": "InputLayer", "config": {"name": "x", "batch_input_shape": [None, 3], "dtype": "float32"}},
        {"class_name": "Dense", "config": {"name": "d", "units": 2, "activation": "relu"}}]}}  # fmt: skip
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.attrs["model_config"] = json.dumps(config)
        file.attrs["keras_version"] = "2.4.0"
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [b"d"]
        inner = group.create_group("d")
        inner.attrs["weight_names"] = [b"d/kernel:0", b"d/bias:0"]
        inner.create_dataset("d/kernel:0", data=np.ones((3, 2), np.float32))
        inner.create_dataset("d/bias:0", data=np.ones(2, np.float32), chunks=(1,), compression="gzip")
    return [buffer.getvalue()]


SEQUENCES: list[dict[str, Any]] = [
    {"name": "x", "type": "Input", "params": {"shape": [3, 4]}},
    {"name": "r", "type": "LSTM", "params": {"units": 2, "return_sequences": True}, "inputs": ["x"]},
    {"name": "a", "type": "MultiHeadAttention", "params": {"num_heads": 1, "key_dim": 2}, "inputs": ["r", "r"]},
    {"name": "c", "type": "Conv1D", "params": {"filters": 4, "kernel_size": 2, "groups": 2}, "inputs": ["a"]},
]
PICTURES: list[dict[str, Any]] = [
    {"name": "x", "type": "Input", "params": {"shape": [8, 8, 2]}},
    {"name": "c", "type": "Conv2D", "params": {"filters": 4, "kernel_size": 3, "padding": "same"}, "inputs": ["x"]},
    {"name": "b", "type": "BatchNormalization", "params": {}, "inputs": ["c"]},
    {"name": "l", "type": "LayerNormalization", "params": {}, "inputs": ["b"]},
    {"name": "p", "type": "MaxPooling2D", "params": {}, "inputs": ["l"]},
    {"name": "f", "type": "Flatten", "params": {}, "inputs": ["p"]},
    {"name": "d", "type": "Dense", "params": {"units": 3, "activation": "softmax"}, "inputs": ["f"]},
]


def _graphs(format: str) -> list[bytes]:
    """Small nets, and the corpus' graphs in both forms."""
    found = _written(format, "two-input")
    for layers in (SEQUENCES, PICTURES):
        spec = Spec.model_validate({"visualnn": 1, "name": "s", "layers": layers, "outputs": [layers[-1]["name"]]})
        with contextlib.suppress(ConversionImpossible):
            found.append(conversion.write(spec, format, _weights(spec)).data)
    texts = _corpus("tensorflow", "*.pbtxt")
    if format == "tensorflow-text":
        return [*found, *texts]
    return [*found, *(message(text).SerializeToString() for text in texts)]


PARSERS: Mapping[str, Parser] = {
    "prototxt": Parser(_prototxts, partial(_read, format="caffe", input_shape=[28, 28, 1]), text=True),
    "caffemodel": Parser(lambda: [_beside()[1]], _read_beside),
    "keras": Parser(_keras_texts, partial(_read, format="keras"), text=True),
    "hdf5": Parser(_h5s, partial(_read, format="keras-h5")),
    "keras-file": Parser(partial(_written, "keras-file", "mnist-cnn"), partial(_read, format="keras-file")),
    "native": Parser(partial(_written, "native", "mnist-cnn", "two-input"), partial(_read, format="native"), text=True),
    "onnx": Parser(partial(_written, "onnx", "two-input"), partial(_read, format="onnx")),
    "tensorflow": Parser(partial(_graphs, "tensorflow"), partial(_read, format="tensorflow")),
    "tensorflow-text": Parser(partial(_graphs, "tensorflow-text"), partial(_read, format="tensorflow-text"), text=True),
}
"""By name."""
