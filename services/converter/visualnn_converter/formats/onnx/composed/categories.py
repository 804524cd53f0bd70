"""Numbers as categories: bins, places in a vocabulary, and their encodings."""

from collections.abc import Callable

import numpy as np
from visualnn_shared.catalogue.free import Shape
from visualnn_shared.catalogue.layers.categories import special_numbers, words
from visualnn_shared.catalogue.steps import Array

from visualnn_converter.formats.onnx.emission import Emission
from visualnn_converter.formats.onnx.graph import Value
from visualnn_converter.layout import identity

_INT32, _INT64 = 6, 7


def encoded(e: Emission, numbers: str, depth: int, mode: str | None = None, dtype: str = "float32") -> str:
    """int64 numbers as rows: a row for each (one_hot), or one for all of a sample."""
    mode, shape = mode or e.p["output_mode"], e.layer.input_shapes[0]
    if mode == "one_hot" and shape and shape[-1] == 1:
        numbers = e.op("Squeeze", numbers, [len(shape)])
    depths, values = e.graph.constant("int64", depth), e.constant(np.array([0, 1], dtype))
    rows = e.op("OneHot", numbers, depths, values)
    if mode == "one_hot":
        return str(rows)
    return str(e.op("ReduceMax" if mode == "multi_hot" else "ReduceSum", rows, [1], keepdims=0))


def _out(e: Emission, name: str, dtype: str = "float32") -> list[Value]:
    return [e.made(name, label=identity(len(e.layer.output_shapes[0]) + 1), dtype=dtype)]


def _last(e: Emission, shape: Shape, name: str) -> str:
    """The numbers with an axis of one behind the others."""
    return str(e.op("Unsqueeze", name, [len(shape) + 1]))


def binned(e: Emission) -> list[Value]:
    """Discretization: how many boundaries are not above a value."""
    boundaries, shape = np.asarray(e.p["bin_boundaries"], np.float32), e.layer.input_shapes[0]
    reached = e.op("GreaterOrEqual", _last(e, shape, e.plain().name), e.constant(boundaries))
    found = e.op("ReduceSum", e.op("Cast", reached, to=_INT64), [len(shape) + 1], keepdims=0)
    if e.p["output_mode"] == "int":
        return _out(e, e.op("Cast", found, to=_INT32), "int32")
    return _out(e, encoded(e, found, len(boundaries) + 1))


def category_rows(e: Emission) -> list[Value]:
    """CategoryEncoding."""
    return _out(e, encoded(e, e.graph.cast(e.plain(), "int64").name, e.p["num_tokens"]))


def looked_up(e: Emission) -> list[Value]:
    """IntegerLookup: the place of each number among the words, behind the places of mask and unknown ones."""
    p, numbers = e.p, e.graph.cast(e.plain(), "int64")
    special, known = special_numbers(p), np.array(words(p), np.int64)
    if p["invert"]:
        return _out(e, _inverted(e, numbers, np.array([*special, *known])), "int64")
    unknown, first = p["num_oov_indices"], len(special) - p["num_oov_indices"]
    same = e.op("Equal", _last(e, e.layer.input_shapes[0], numbers.name), e.constant(known))
    same = e.op("Cast", same, to=_INT64)
    axis = numbers.rank
    place = e.op("ReduceSum", e.op("Mul", same, e.constant(np.arange(len(special), len(special) + len(known)))),
                 [axis], keepdims=0)  # fmt: skip
    found = e.op("Cast", e.op("ReduceSum", same, [axis], keepdims=0), to=9)
    first_place = e.graph.constant("int64", first)
    other = (
        first_place
        if unknown == 1
        else e.op("Add", e.op("Mod", numbers, e.graph.constant("int64", unknown)), first_place)
    )
    place = e.op("Where", found, place, other)
    if p["mask_token"] is not None and p["output_mode"] == "int":
        masked = e.op("Equal", numbers, e.graph.constant("int64", p["mask_token"]))
        place = e.op("Where", masked, e.graph.constant("int64", 0), place)
    if p["output_mode"] == "int":
        return _out(e, place, "int64")
    depth = p["max_tokens"] if p["pad_to_max_tokens"] else len(special) + len(known)
    if p["output_mode"] == "tf_idf":
        return _out(e, e.op("Mul", encoded(e, place, depth, "count"), _weights(e, depth)))
    return _out(e, encoded(e, place, depth, dtype="int64"), "int64")


def _weights(e: Emission, depth: int) -> str:
    """What each place counts: unknown numbers count the mean."""
    given = np.asarray(e.p["idf_weights"], np.float32)
    unknown = np.full(e.p["num_oov_indices"], given.mean(), np.float32)
    found = np.concatenate([unknown, given])[:depth]
    return e.constant(np.pad(found, (0, depth - len(found))))


def _inverted(e: Emission, numbers: Value, table: Array) -> str:
    """The number at each place; what is no place becomes the unknown one."""
    top = e.graph.constant("int64", len(table) - 1)
    zero = e.graph.constant("int64", 0)
    inside = e.op("And", e.op("GreaterOrEqual", numbers, zero), e.op("LessOrEqual", numbers, top))
    found = e.op("Gather", e.constant(table), e.op("Max", e.op("Min", numbers, top), zero))
    return str(e.op("Where", inside, found, e.graph.constant("int64", e.p["oov_token"])))


FUNCTIONS: tuple[Callable[[Emission], list[Value]], ...] = (binned, category_rows, looked_up)
