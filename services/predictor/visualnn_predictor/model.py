"""One operator version in memory: an ONNX Runtime session of one thread, and the operator's preprocessing."""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from visualnn_shared.training.preprocess import apply_inputs
from visualnn_shared.training.serving import Serving

from visualnn_predictor.errors import OperatorBroken

Arrays = dict[str, NDArray[Any]]
_FREE_SIZE = 4  # of a free dimension in the warm-up
_ONNX_TYPES = {
    "tensor(float)": "float32", "tensor(double)": "float64", "tensor(int32)": "int32", "tensor(int64)": "int64",
    "tensor(uint8)": "uint8", "tensor(bool)": "bool",
}  # fmt: skip

# ONNX Runtime raises these for values it cannot take (a token outside an embedding) and for its own failures alike.
RUN_ERRORS = (RuntimeError, ValueError, *(
    getattr(ort.capi.onnxruntime_pybind11_state, name)
    for name in ("InvalidArgument", "Fail", "RuntimeException", "InvalidGraph", "NotImplemented", "InvalidProtobuf")
))  # fmt: skip


class Model:
    """Raw arrays in, named outputs out. ``run`` may be called from any thread, by one at a time."""

    def __init__(self, name: str, number: int, serving: Serving, onnx: bytes, max_batch: int) -> None:
        """Builds the session and answers once. Raises OperatorBroken where it cannot."""
        self.name, self.number, self.serving = name, number, serving
        self.size = 2 * len(onnx)
        self.max_batch = max_batch
        self.outputs = [spec.name for spec in serving.outputs]
        self._base, self._per_row = 0.0, 0.0
        try:
            self._session = ort.InferenceSession(onnx, _options(), providers=["CPUExecutionProvider"])
            self._types = {one.name: np.dtype(_ONNX_TYPES[one.type]) for one in self._session.get_inputs()}
        except (*RUN_ERRORS, KeyError) as error:
            raise OperatorBroken(name, number, f"ONNX Runtime says {str(error)[:300]!r}") from error
        self._check_signature()
        self._warm_up()

    def run(self, raw: Mapping[str, NDArray[Any]]) -> Arrays:
        """Outputs by name for raw inputs with the same number of samples. Raises one of RUN_ERRORS."""
        rows = len(next(iter(raw.values())))
        if rows <= self.max_batch:
            return self._call(raw, rows)
        parts = [
            self._call({name: values[start : start + self.max_batch] for name, values in raw.items()},
                       min(self.max_batch, rows - start))
            for start in range(0, rows, self.max_batch)
        ]  # fmt: skip
        return {name: np.concatenate([part[name] for part in parts]) for name in self.outputs}

    def seconds(self, rows: int) -> float:
        """How long a call with so many samples should take, by what earlier ones took."""
        return self._base + self._per_row * rows

    def _call(self, raw: Mapping[str, NDArray[Any]], rows: int) -> Arrays:
        begin = time.perf_counter()
        fed = apply_inputs(self.serving, raw)
        fed = {name: np.ascontiguousarray(values, self._types[name]) for name, values in fed.items()}
        found = self._session.run(self.outputs, fed)
        self._learn(rows, time.perf_counter() - begin)
        if any(len(values) != rows for values in found):
            raise RuntimeError("an output has another number of samples than the inputs")
        return dict(zip(self.outputs, found, strict=True))

    def _learn(self, rows: int, seconds: float) -> None:
        """Keep the estimate near what is measured; one slow call (a page fault, another process) does not sway it."""
        self._base = min(self._base, seconds)
        per_row = max(0.0, seconds - self._base) / rows
        self._per_row += 0.1 * (min(per_row, 4 * self._per_row + 1e-5) - self._per_row)

    def _check_signature(self) -> None:
        wanted = {spec.name for spec in self.serving.inputs}
        if set(self._types) != wanted:
            raise OperatorBroken(self.name, self.number, f"the ONNX file has the inputs {sorted(self._types)}")
        has = {one.name for one in self._session.get_outputs()}
        if not set(self.outputs) <= has:
            raise OperatorBroken(self.name, self.number, f"the ONNX file has the outputs {sorted(has)}")

    def _warm_up(self) -> None:
        """Answer samples of zeros, alone and together: what fails here would fail every caller."""
        try:
            self._call(self._zeros(1), 1)
            times = {}
            for rows in (1, min(16, self.max_batch)):
                times[rows] = min(self._timed(rows) for _ in range(3))
        except RUN_ERRORS as error:
            raise OperatorBroken(self.name, self.number, f"its first call failed: {str(error)[:300]!r}") from error
        many = max(times)
        self._per_row = max(0.0, times[many] - times[1]) / max(1, many - 1)
        self._base = max(0.0, times[1] - self._per_row)

    def _timed(self, rows: int) -> float:
        begin = time.perf_counter()
        self._call(self._zeros(rows), rows)
        return time.perf_counter() - begin

    def _zeros(self, rows: int) -> Arrays:
        return {
            spec.name: np.full(rows, "", object)
            if spec.dtype == "text"
            else np.zeros((rows, *(_FREE_SIZE if dim is None else dim for dim in spec.shape)), spec.dtype)
            for spec in self.serving.inputs
        }


def _options() -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1  # the process is the unit of parallelism
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what goes wrong is raised; a caller's bad value is not worth a log line
    return options
