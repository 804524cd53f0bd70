"""Layers that ONNX says by several operators: a module a family, with ``FUNCTIONS`` that maps name as ``around``.

Each function takes an ``Emission`` and gives the layer's output values.
"""

from types import ModuleType

from visualnn_converter.formats.onnx.composed import (
    attention,
    categories,
    dense,
    functions,
    normal,
    pictures,
    recurrent,
    sounds,
    steps,
    tensors,
    wrappers,
)

MODULES: tuple[ModuleType, ...] = (
    attention, categories, dense, functions, normal, pictures, recurrent, sounds, steps, tensors, wrappers,
)  # fmt: skip
