"""Layers that TensorFlow says in many nodes: a module a family, with ``FUNCTIONS`` that maps name as ``around``.

Each function takes a ``Making`` and gives the names of the layer's outputs. How such layers are read back:
``written.py``.
"""

from collections.abc import Callable, Mapping

from visualnn_converter.formats.tensorflow.composed import attention, dense, recurrent
from visualnn_converter.formats.tensorflow.composed.making import Making

COMPOSED: Mapping[str, Callable[[Making], list[str]]] = {
    function.__name__: function for module in (attention, dense, recurrent) for function in module.FUNCTIONS
}
