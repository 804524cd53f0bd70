"""Run the node tests that come with the onnx package through the reader: passed / claimed / total, and every refusal.

A node test is a model of one operator (or of the elementary operators that it stands for) with inputs and expected
outputs. It is claimed where we read all of its operators. What must be constant in a net (weights, axes) is made so.
The spec is built by the worker with its weights, and its answers are compared with the expected ones.

    .venv/bin/python -m tools.onnx_conformance [--list] [PATTERN]
"""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper
from visualnn_converter.formats.onnx import folding, reader
from visualnn_converter.report import Report
from visualnn_shared.catalogue.maps import Unmappable
from visualnn_shared.errors import ConversionImpossible, Invalid, TooLarge
from visualnn_shared.spec.model import Spec

ALL = frozenset({
    "Add", "Sub", "Mul", "Div", "Sum", "Mean", "Max", "Min", "Concat", "MatMul", "Attention", "Swish",
})  # fmt: skip
"""Operators whose inputs are all tensors of the net, where they have as many axes."""
SLOTS: Mapping[str, tuple[int, ...]] = {
    "Gather": (1,), "LSTM": (0, 5, 6), "GRU": (0, 5), "RNN": (0, 5), "Constant": (), "ConstantOfShape": (),
}  # fmt: skip
"""Inputs that are tensors of the net, where that is not the first alone."""
Arrays = list[np.ndarray]
Run = Callable[[Spec, Any, Arrays], Arrays]


@dataclass(frozen=True, slots=True)
class Outcome:
    """``passed``, ``refused`` with the first rule, or ``wrong`` with what differs."""

    name: str
    state: str
    why: str = ""


@cache
def node_tests() -> list[Any]:
    """All of the package's node tests, with their data made on the way."""
    import warnings

    from onnx.backend.test.case.node import collect_testcases

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(collect_testcases(None))


def is_claimed(test: Any) -> bool:
    """Whether every operator is one that we read, and not all of them only where they work on constants."""
    ops = {(node.domain, node.op_type) for node in test.model.graph.node}
    tensors = reader.claimed()
    known = tensors | set(folding.FOLDS) | {"Constant", "Shape", "Size"}
    plain = all(domain in ("", "ai.onnx") and op in known for domain, op in ops)
    return plain and any(op in tensors for _, op in ops)


def prepared(test: Any, ops: Mapping[str, Any]) -> tuple[onnx.ModelProto, Arrays, Arrays]:
    """The model with weights and parameters as initialisers, the samples of what is left, the expected outputs."""
    model = onnx.ModelProto()
    model.CopyFrom(test.model)
    inputs, outputs = ([_array(one) for one in side] for side in test.data_sets[0])
    slots = _slots(ops[test.name.split("_expanded")[0]], inputs)
    fed, left = [], []
    for number, (value, array) in enumerate(zip(model.graph.input, inputs, strict=True)):
        if number in slots:
            fed.append(array)
            left.append(value)
        else:
            model.graph.initializer.append(numpy_helper.from_array(array, value.name))
    kept = [onnx.ValueInfoProto.FromString(value.SerializeToString()) for value in left]
    del model.graph.input[:]
    model.graph.input.extend(kept)
    return model, fed, outputs


def _array(value: Any) -> np.ndarray:
    """Data of a test: an array, a number, or a tensor of a type that NumPy lacks."""
    return numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else np.asarray(value)


def _slots(model: onnx.ModelProto, inputs: list[Any]) -> set[int]:
    """Positions among the graph's inputs that stay tensors of the net."""
    node = model.graph.node[-1]
    names = [value.name for value in model.graph.input]
    ranks = {np.ndim(array) for array in inputs}
    wanted: Iterable[int] = range(len(node.input)) if node.op_type in ALL else SLOTS.get(node.op_type, (0,))
    if node.op_type in ALL and (len(ranks) > 1 or len({np.shape(a)[:1] for a in inputs}) > 1):
        wanted = (0,)
    return {names.index(node.input[i]) for i in wanted if i < len(node.input) and node.input[i] in names}


def as_read(report: Report, arrays: Arrays, names: Iterable[str], *, fed: bool) -> Arrays:
    """Samples of the file as the spec has them: the batch first, channels last where the report says so."""
    pictures = {line.layer for line in report.rewritten if line.why.startswith("channels come last")}
    sequences = {line.layer for line in report.rewritten if line.why == "a spec has the batch first"}
    found = []
    for name, array in zip(names, arrays, strict=True):
        if fed and name in pictures:
            array = np.moveaxis(array, 1, -1)
        elif fed and name in sequences:
            array = np.swapaxes(array, 0, 1)
        elif not fed and f"the output {name!r} has its channels last, as its inputs; in the file they come first" in (
            report.notes
        ):
            array = np.moveaxis(array, 1, -1)
        for axis in range(1, array.ndim) if not fed else ():
            if f"the output {name!r} has the batch first; in the file it is axis {axis}" in report.notes:
                array = np.moveaxis(array, axis, 0)
        found.append(array)
    return found


def outcome(test: Any, ops: Mapping[str, Any], run: Run) -> Outcome:
    """Read the test's model, run the spec, compare."""
    try:
        model, fed, expected = prepared(test, ops)
        report = Report(source="onnx", target="native")
        spec, weights = reader.read_model(model.SerializeToString(), report)
    except ConversionImpossible as error:
        return Outcome(test.name, "refused", error.problems[0].rule)
    except (Invalid, TooLarge, Unmappable) as error:
        return Outcome(test.name, "refused", str(error))
    fed = as_read(report, fed, [value.name for value in model.graph.input], fed=True)
    kept = {layer.name for layer in spec.layers if layer.type == "Input"}
    fed = [array for array, value in zip(fed, model.graph.input, strict=True) if value.name in kept]
    expected = as_read(report, expected, [value.name for value in model.graph.output], fed=False)
    try:
        found = run(spec, weights, fed)
    except Exception as error:  # noqa: BLE001 - whatever the run meets is the reader's fault
        return Outcome(test.name, "wrong", f"{type(error).__name__}: {str(error)[:200]}")
    if len(found) != len(expected):
        return Outcome(test.name, "wrong", f"{len(found)} outputs for {len(expected)}")
    for one, other in zip(found, expected, strict=True):
        if one.shape != other.shape:
            return Outcome(test.name, "wrong", f"shape {list(one.shape)} for {list(other.shape)}")
        wide = other.astype(np.float64)
        if not np.allclose(one.astype(np.float64), wide, rtol=max(test.rtol, 1e-3), atol=1e-5, equal_nan=True):
            return Outcome(test.name, "wrong", f"differs by {np.nanmax(np.abs(one - wide)):.3g}")
    return Outcome(test.name, "passed")


def worker_run(spec: Spec, weights: Any, fed: Arrays) -> Arrays:
    """What the network that the worker builds answers."""
    from visualnn_worker.network.build import build
    from visualnn_worker.network.weights import set_weights

    network = build(spec)
    set_weights(network, weights)
    dtypes = [layer.params.get("dtype", "float32") for layer in network.resolved.inputs]
    typed = [array.astype(dtype) for array, dtype in zip(fed, dtypes, strict=True)]
    found = network.model(typed if len(typed) > 1 else typed[0], training=False)
    return [np.asarray(one) for one in (found if isinstance(found, list | tuple) else [found])]


def outcomes(pattern: str = "*", run: Run = worker_run) -> Iterator[Outcome]:
    """One for each claimed test whose name fits; names are as in the package."""
    tests = node_tests()
    ops = {test.name: test.model for test in tests if "_expanded" not in test.name}
    for test in tests:
        if fnmatch(test.name, pattern) and is_claimed(test):
            yield outcome(test, ops, run)


def figures(found: list[Outcome]) -> str:
    """As the documentation has them."""
    count = Counter(one.state for one in found)
    return f"{count['passed']} passed / {len(found)} claimed / {len(node_tests())} total"


def main() -> int:
    """Print the figures; 1 where an answer is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pattern", nargs="?", default="*", help="tests by name, such as 'test_gru_*'")
    parser.add_argument("--list", action="store_true", help="print every test that did not pass")
    given = parser.parse_args()
    began, found = time.perf_counter(), list(outcomes(given.pattern))
    for one in found:
        if one.state == "wrong" or (given.list and one.state == "refused"):
            print(f"{one.state:8} {one.name}: {one.why}")
    count = Counter(one.state for one in found)
    print(f"onnx {onnx.__version__}: {figures(found)}, {count['wrong']} wrong ({time.perf_counter() - began:.0f} s)")
    return int(count["wrong"] > 0)


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.exit(main())
