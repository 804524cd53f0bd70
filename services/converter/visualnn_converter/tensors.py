"""Weights that came along: whether they are those of the net, how they lie in memory, and as a safetensors file."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from visualnn_shared.analysis.walk import Resolved
from visualnn_shared.spec.problem import Problem, problem

from visualnn_converter.lacking import lacks_weights
from visualnn_converter.rewriting import Weights


def weight_problems(resolved: Resolved, weights: Weights | None, title: str, largest: int) -> list[Problem]:
    """One problem for each layer whose weights are missing or misshapen; nothing is invented.

    ``title`` is the format that is to carry them, ``largest`` the bytes that one of its files may have.
    """
    given, problems, size = weights or {}, list[Problem](), 0
    for layer in resolved.layers:
        if not layer.weights or layer.weights_of is not None:
            continue
        missing = [v.name for v in layer.weights if f"{layer.name}/{v.name}" not in given]
        if missing:
            hint = f"{title} carries weights: give the trained ones, or draw first ones (convert --initial-weights)"
            problems.append(lacks_weights(missing, layer.name, hint))
        for variable in layer.weights:
            name = f"{layer.name}/{variable.name}"
            tensor = given.get(name)
            if tensor is None:
                continue
            size += tensor.size * 4
            if tuple(tensor.shape) != tuple(variable.shape):
                rule = f"{variable.name} must have the shape {list(variable.shape)}"
                problems.append(problem(rule, list(tensor.shape), layer=layer.name, field=name))
            elif not np.issubdtype(tensor.dtype, np.floating):
                rule = f"{variable.name} must hold floating-point numbers"
                problems.append(problem(rule, str(tensor.dtype), layer=layer.name, field=name))
    if size > largest:
        problems.append(problem(f"the weights must be at most {largest:,} bytes in one {title} file", size))
    return problems


_TYPES = {"float32": "F32", "float64": "F64", "float16": "F16", "int32": "I32", "int64": "I64", "uint8": "U8"}


def as_safetensors(weights: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]) -> list[bytes | memoryview]:
    """The pieces of a safetensors file, by name; values are not copied. Equal content gives equal bytes."""
    header: dict[str, Any] = {"__metadata__": dict(sorted(metadata.items()))} if metadata else {}
    arrays, offset = [], 0
    for name, tensor in sorted(weights.items()):
        array = np.ascontiguousarray(tensor, tensor.dtype.newbyteorder("<"))
        ends = offset + array.nbytes
        header[name] = {"dtype": _TYPES[tensor.dtype.name], "shape": list(tensor.shape), "data_offsets": [offset, ends]}
        arrays.append(array.reshape(-1).view(np.uint8).data)
        offset = ends
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return [len(text).to_bytes(8, "little"), text, *arrays]
