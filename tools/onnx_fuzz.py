"""Feed the ONNX reader mutated models until the time is over; every answer must be a spec or a typed error.

Seeds are the node tests and the nets of the onnx package, and any .onnx files of the folders given. A model is mutated
in its structure (operators, attributes, wires, sizes, types, values) or in its bytes. Reported are exceptions that are
no typed errors, failures that no check of the reader foresaw (``faults``), and files that take longer than a limit.

    .venv/bin/python -m tools.onnx_fuzz --minutes 10 [--seed 1] [--keep FOLDER] [FOLDER ...]
"""

import argparse
import logging
import random
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import onnx
from onnx import AttributeProto
from visualnn_converter import conversion
from visualnn_converter.formats.onnx import faults, reader
from visualnn_shared.errors import Invalid, TooLarge

from tools.onnx_conformance import node_tests, prepared

NUMBERS = (-(2**63), -(2**31), -7, -1, 0, 1, 2, 3, 5, 64, 1000, 2**31, 2**40, 2**62)
FLOATS = (0.0, -0.0, 1.0, -1.0, 0.5, 1e-30, 1e30, float("nan"), float("inf"), float("-inf"))
SLOWEST = 20.0
"""Seconds that one file may take."""
LARGEST = 2**19
"""Bytes of a seed."""


def seeds(folders: list[str]) -> list[bytes]:
    """Models as bytes; large ones would only slow the search down."""
    tests = node_tests()
    ops = {test.name: test.model for test in tests if "_expanded" not in test.name}
    found = []
    for test in tests:
        try:
            found.append(prepared(test, ops)[0].SerializeToString())
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):  # data that are no tensors
            found.append(test.model.SerializeToString())
    package = Path(onnx.__file__).parent / "backend" / "test" / "data"
    files = [path for folder in [package, *map(Path, folders)] for path in sorted(folder.rglob("*.onnx"))]
    found += [path.read_bytes() for path in files]
    return [data for data in found if len(data) <= LARGEST]


def mutate(data: bytes, rng: random.Random, ops: list[str]) -> bytes:
    """Another model: one to four changes of its structure, or of its bytes."""
    if rng.random() < 0.15:
        return _bytes(data, rng)
    model = onnx.ModelProto.FromString(data)
    for _ in range(rng.randint(1, 4)):
        _change(model, rng, ops)
    return bytes(model.SerializeToString())


def _bytes(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        place = rng.randrange(len(changed))
        how = rng.random()
        if how < 0.6:
            changed[place] = rng.randrange(256)
        elif how < 0.8:
            del changed[place : place + rng.randint(1, 9)]
        else:
            changed[place:place] = changed[place : place + rng.randint(1, 40)]
    return bytes(changed)


def _change(model: onnx.ModelProto, rng: random.Random, ops: list[str]) -> None:
    graph = model.graph
    kinds = ("op", "attribute", "attribute", "wire", "wire", "cut", "size", "dims", "values", "opset", "node", "output")
    kind = rng.choice(kinds)
    node = rng.choice(graph.node) if graph.node else None
    if kind == "op" and node is not None:
        node.op_type = rng.choice(ops)
    elif kind == "attribute" and node is not None:
        _attribute(node, rng)
    elif kind == "wire" and node is not None and node.input:
        node.input[rng.randrange(len(node.input))] = rng.choice(_names(graph))
    elif kind == "cut" and node is not None:
        del node.input[rng.randint(0, len(node.input)) :]
    elif kind == "size" and graph.input:
        dims = rng.choice(graph.input).type.tensor_type.shape.dim
        if dims:
            rng.choice(dims).dim_value = rng.choice(NUMBERS)
    elif kind == "dims" and graph.initializer:
        tensor = rng.choice(graph.initializer)
        sizes = list(tensor.dims)
        rng.shuffle(sizes)
        tensor.dims[:] = rng.choice([sizes, [1, *sizes], sizes[1:], [*sizes, 1], [-1, *sizes], [2**40, 2**40]])
    elif kind == "values" and graph.initializer:
        _values(rng.choice(graph.initializer), rng)
    elif kind == "opset" and model.opset_import:
        model.opset_import[0].version = rng.randint(6, 30)
    elif kind == "node" and node is not None:
        graph.node.insert(rng.randint(0, len(graph.node)), node)
    elif kind == "output" and graph.output:
        graph.output[0].name = rng.choice(_names(graph))


def _names(graph: Any) -> list[str]:
    made = [name for node in graph.node for name in node.output]
    return ["", "nowhere", *made, *(one.name for one in graph.initializer), *(one.name for one in graph.input)]


def _attribute(node: Any, rng: random.Random) -> None:
    keys = (
        "axis",
        "axes",
        "perm",
        "pads",
        "kernel_shape",
        "group",
        "epsilon",
        "to",
        "direction",
        "hidden_size",
        "mode",
    )
    if not node.attribute or rng.random() < 0.2:
        node.attribute.add(name=rng.choice(keys), type=AttributeProto.INT)
    attribute = rng.choice(node.attribute)
    attribute.i, attribute.f = rng.choice(NUMBERS), rng.choice(FLOATS)
    attribute.s = rng.choice([b"", b"SAME_UPPER", b"reverse", b"bidirectional", b"linear", b"\xff"])
    attribute.ints[:] = [rng.choice(NUMBERS) for _ in range(rng.randint(0, 5))]
    attribute.floats[:] = [rng.choice(FLOATS) for _ in range(rng.randint(0, 3))]
    if rng.random() < 0.3:
        attribute.type = rng.choice([1, 2, 3, 4, 5, 6, 7, 8, 10, 11])


def _values(tensor: Any, rng: random.Random) -> None:
    if tensor.raw_data:
        raw = bytearray(tensor.raw_data)
        for _ in range(rng.randint(1, 6)):
            raw[rng.randrange(len(raw))] = rng.choice([0, 1, 2, 127, 128, 255])
        tensor.raw_data = bytes(raw)
    else:
        tensor.data_type = rng.choice([1, 6, 7, 9, 10, 11])


def main() -> int:
    """Run, print the figures, and answer 1 where something was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", help="folders with more .onnx files")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder for files that were answered wrongly")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    rng, models = random.Random(given.seed), seeds(given.folders)
    ops = [*sorted(reader.claimed()), "If", "Loop", "Erf", "Where", "Shape", "Size", "Constant", "Nonsense"]
    print(f"{len(models)} seeds, {given.minutes:g} minutes, seed {given.seed}", flush=True)
    count, found, end = Counter[str](), dict[str, bytes](), time.monotonic() + 60 * given.minutes
    while time.monotonic() < end:
        data = mutate(rng.choice(models), rng, ops)
        state, why = _try(data)
        count[state] += 1
        if why and why[:120] not in found:
            found[why[:120]] = data
            print(f"FOUND {why[:300]}", flush=True)
            if given.keep:
                given.keep.mkdir(parents=True, exist_ok=True)
                (given.keep / f"{len(found)}.onnx").write_bytes(data)
    figures = ", ".join(f"{n:,} {state}" for state, n in sorted(count.items()))
    print(f"{sum(count.values()):,} files: {figures}; {len(found)} kinds of failures")
    return int(bool(found))


def _try(data: bytes) -> tuple[str, str]:
    """What became of a file, and what is wrong with that, if anything."""
    faults.seen.clear()
    began = time.monotonic()
    try:
        conversion.read(data, "onnx")
        state, why = "read", ""
    except (Invalid, TooLarge):
        state, why = "refused", ""
    except Exception as error:  # noqa: BLE001 - this is what is looked for
        state, why = "crashed", f"{type(error).__name__}: {error}"
    if faults.seen:
        state, why = "failed", faults.seen[0]
    taken = time.monotonic() - began
    return ("slow", f"slow: {taken:.0f} s") if taken > SLOWEST else (state, why)


if __name__ == "__main__":
    sys.exit(main())
