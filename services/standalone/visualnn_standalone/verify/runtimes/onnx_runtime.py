"""ONNX Runtime, on ONNX files."""

from typing import Any

import numpy as np
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.catalogue.free import FREE

from visualnn_standalone.verify.certificate import Runtime
from visualnn_standalone.verify.runtimes.base import Arrays, ModelFile, Unable

FORMATS = ("onnx",)


def load(file: ModelFile) -> "InOnnxRuntime":
    """A session on the file. Raises ``Unable`` where it is not installed or refuses the file."""
    try:
        import onnxruntime
    except ImportError:
        raise Unable("ONNX Runtime: not installed") from None
    return InOnnxRuntime(file, onnxruntime)


class InOnnxRuntime:
    """An ONNX model; inputs and outputs that the file has channels first are turned."""

    def __init__(self, file: ModelFile, onnxruntime: Any) -> None:
        self._file, self._ort = file, onnxruntime
        self._session = self._start(file.data)
        resolved = resolve(file.spec)
        self._wanted = [layer.output_shapes[0] for layer in resolved.inputs]
        self._given = [shape for _ref, shape in resolved.outputs]
        self._names = [layer.name for layer in resolved.inputs]
        self._inputs = self._session.get_inputs()
        if len(self._inputs) != len(self._names):
            raise Unable(f"ONNX Runtime: the file has {len(self._inputs)} inputs, the net {len(self._names)}")
        self._first = [_channels_first(one.shape, shape) for one, shape in zip(self._inputs, self._wanted, strict=True)]

    @property
    def runtime(self) -> Runtime:
        """For the certificate."""
        how = "loaded by ONNX Runtime itself"
        return Runtime(name="ONNX Runtime", version=str(self._ort.__version__), how=how, independent=True)

    def _start(self, data: bytes) -> Any:
        options = self._ort.SessionOptions()
        options.log_severity_level = 4
        try:
            return self._ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # noqa: BLE001 - its exceptions have no common base
            raise Unable(f"ONNX Runtime: {' '.join(str(error).split())[:300]}") from None

    def _feed(self, inputs: Arrays) -> Arrays:
        feed = {}
        for one, name, first in zip(self._inputs, self._names, self._first, strict=True):
            array = inputs[name]
            feed[one.name] = np.ascontiguousarray(np.moveaxis(array, -1, 1) if first else array)
        return feed

    def outputs(self, inputs: Arrays) -> list[Any]:
        """In the file's order, which is the spec's."""
        found = self._run(self._session, None, inputs)
        turned = any(self._first)
        return [_turned(array, shape, turned) for array, shape in zip(found, self._given, strict=True)]

    def _run(self, session: Any, names: Any, inputs: Arrays) -> list[Any]:
        try:
            return list(session.run(names, self._feed(inputs)))
        except Exception as error:  # noqa: BLE001 - as above
            raise Unable(f"ONNX Runtime: {' '.join(str(error).split())[:300]}") from None

    def layers(self, inputs: Arrays) -> Arrays:
        """Every value of the graph, under its name and under that of its node."""
        import onnx

        model = onnx.load_from_string(self._file.data)
        known = {one.name for one in model.graph.output}
        made = [name for node in model.graph.node for name in node.output if name]
        model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in made if name not in known)
        found = dict(zip(made, self._run(self._start(model.SerializeToString()), made, inputs), strict=True))
        named: Arrays = {}
        for node in model.graph.node:
            first = found.get(node.output[0])
            if node.name and first is not None and node.name not in found:
                named[node.name] = first
            named.update({name: found[name] for name in node.output if name})
        return named


def _channels_first(told: list[Any], wanted: Any) -> bool:
    """Whether the file's input has the spec's last axis second."""
    shape = [None if dim is FREE else int(dim) for dim in wanted]
    if len(shape) < 2 or len(told) != len(shape) + 1:
        return False
    mine = [dim if isinstance(dim, int) else None for dim in told[1:]]
    return mine != shape and mine == [shape[-1], *shape[:-1]]


def _turned(array: Any, shape: Any, turned: bool) -> Any:
    """Outputs follow the inputs where they are pictures: last axis second."""
    wanted = [None if dim is FREE else int(dim) for dim in shape]
    if not turned or len(wanted) < 2 or array.ndim != len(wanted) + 1:
        return array
    moved = np.moveaxis(array, 1, -1)
    fits = all(n is None or n == m for n, m in zip(wanted, moved.shape[1:], strict=True))
    return moved if fits else array
