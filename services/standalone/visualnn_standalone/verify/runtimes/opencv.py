"""OpenCV's importer of Caffe nets. Optional: it is no dependency, and there are nets that it cannot load."""

import re
from typing import Any

import numpy as np
from visualnn_shared.analysis.walk import resolve

from visualnn_standalone.verify.certificate import Runtime
from visualnn_standalone.verify.runtimes.base import Arrays, ModelFile, Unable, last_of

FORMATS = ("caffe",)
_UNREAD = re.compile(rb"^\s*round_mode\s*:", re.MULTILINE)


def load(file: ModelFile) -> "InOpenCV":
    """The net with its weights. Raises ``Unable``, also for what OpenCV is known to read wrongly."""
    try:
        import cv2
    except ImportError:
        raise Unable("OpenCV: not installed") from None
    if file.weights_file is None:
        raise Unable("OpenCV: it needs the .caffemodel beside the prototxt")
    if _UNREAD.search(file.data):
        raise Unable("OpenCV: its schema lacks round_mode, and it drops the parameters of a layer that has it")
    try:
        net = cv2.dnn.readNetFromCaffe(np.frombuffer(file.data, np.uint8), np.frombuffer(file.weights_file, np.uint8))
    except cv2.error as error:
        raise Unable(f"OpenCV: {' '.join(str(error).split())[:200]}") from None
    return InOpenCV(net, file, cv2)


class InOpenCV:
    """A Caffe net; one sample at a time, pictures channels first."""

    def __init__(self, net: Any, file: ModelFile, cv2: Any) -> None:
        self._net, self._cv2 = net, cv2
        resolved = resolve(file.spec)
        self._inputs = file.input_names
        names = list(net.getLayerNames())
        others = frozenset(layer.name for layer in resolved.layers)
        self._layers = [name for name in names if name not in self._inputs]
        self._outputs = [last_of(ref.layer, names, others) for ref, _ in resolved.outputs]
        self._shapes = [shape for _, shape in resolved.outputs]
        if any(":" in str(ref) for ref, _ in resolved.outputs) or None in self._outputs:
            raise Unable("OpenCV: the outputs cannot be told by their layers' names")

    @property
    def runtime(self) -> Runtime:
        """For the certificate."""
        how = "loaded by OpenCV's own reader of prototxt and caffemodel"
        return Runtime(name="OpenCV DNN", version=str(self._cv2.__version__), how=how, independent=True)

    def _forward(self, inputs: Arrays, names: list[Any]) -> list[Any]:
        parts = []
        for index in range(len(inputs[self._inputs[0]])):
            for name in self._inputs:
                one = inputs[name][index : index + 1].astype(np.float32)
                self._net.setInput(np.ascontiguousarray(np.moveaxis(one, -1, 1) if one.ndim == 4 else one), name)
            try:
                parts.append([np.array(one) for one in self._net.forward(names)])
            except self._cv2.error as error:
                raise Unable(f"OpenCV: {' '.join(str(error).split())[:200]}") from None
        return [np.concatenate(column) for column in zip(*parts, strict=True)]

    def outputs(self, inputs: Arrays) -> list[Any]:
        """In the spec's order and layout."""
        found = self._forward(inputs, list(self._outputs))
        return [_plain(array, shape) for array, shape in zip(found, self._shapes, strict=True)]

    def layers(self, inputs: Arrays) -> Arrays:
        """Every layer's output by its name in the file."""
        return dict(zip(self._layers, self._forward(inputs, self._layers), strict=True))


def _plain(array: Any, shape: Any) -> Any:
    """Channels last, with the spec's number of axes: Caffe keeps axes of one behind global pools."""
    moved = np.moveaxis(array, 1, -1) if array.ndim == 4 else array
    wanted = (len(array), *(int(n) for n in shape))
    return moved.reshape(wanted) if moved.size == int(np.prod(wanted)) else moved
