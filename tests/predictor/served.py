"""Operators made by hand: small ONNX files, rows and objects as a registration leaves them, and a client."""

import asyncio
import atexit
import hashlib
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from visualnn_predictor.app import Predictor
from visualnn_predictor.settings import PredictorSettings
from visualnn_shared.store.database import LOCAL_OWNER, Database
from visualnn_shared.store.tables import Operator, OperatorAlias, OperatorVersion
from visualnn_shared.training.serving import Serving, Step, Task, TensorSpec

RNG = np.random.default_rng(7)


def onnx_file(nodes: list[Any], inputs: list[Any], outputs: list[Any], weights: dict[str, Any]) -> bytes:
    """A file as the converter writes it, opset 17."""
    known = [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()]
    graph = helper.make_graph(nodes, "net", inputs, outputs, known)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def floats(name: str, *shape: int | None) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, *shape])


def dense(
    inputs: int, units: int, activation: str | None = None, seed: int = 1
) -> tuple[bytes, np.ndarray, np.ndarray]:
    """``x`` -> MatMul, Add, activation -> ``y``; the file, the kernel and the bias."""
    rng = np.random.default_rng(seed)
    kernel, bias = rng.normal(size=(inputs, units)).astype("f"), rng.normal(size=units).astype("f")
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["m"]),
        helper.make_node("Add", ["m", "b"], ["a" if activation else "y"]),
    ]
    if activation:
        nodes.append(helper.make_node(activation, ["a"], ["y"]))
    return onnx_file(nodes, [floats("x", inputs)], [floats("y", units)], {"w": kernel, "b": bias}), kernel, bias


def serving(
    shape: tuple[int | None, ...], units: tuple[int | None, ...], task: Task = "regression", dtype: Any = "float32",
    steps: tuple[Step, ...] = (), classes: tuple[str, ...] | None = None,
) -> Serving:  # fmt: skip
    """One input ``x``, one output ``y``."""
    return Serving(
        inputs=(TensorSpec(name="x", shape=shape, dtype=dtype),),
        outputs=(TensorSpec(name="y", shape=units, dtype="float32"),),
        preprocessing={"x": steps} if steps else {},
        task=task,
        classes=classes,
    )


@cache
def _empty_database() -> Path:
    """A file with every table, made once: upgrading a new one takes longer than most tests."""
    folder = Path(tempfile.mkdtemp(prefix="visualnn-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    database = Database(f"sqlite:///{folder / 'rows.db'}")
    database.upgrade()
    database.dispose()  # the last connection to close writes the log back into the file
    return folder / "rows.db"


class Served:
    """A predictor on a database and a folder of its own, in an event loop of its own."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.settings = PredictorSettings(
            data_dir=folder, database_url=f"sqlite:///{folder / 'rows.db'}", object_store=folder.as_uri(), **settings
        )
        if not (folder / "rows.db").exists():
            shutil.copyfile(_empty_database(), folder / "rows.db")
        self.app = Predictor(self.settings)
        self.runner = asyncio.Runner()
        self.runner.run(self._start())
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://localhost")

    async def _start(self) -> None:
        self.app.startup()

    def close(self) -> None:
        self.runner.run(self.client.aclose())
        self.app.shutdown()
        self.runner.close()

    def register(
        self, name: str, onnx: bytes, signature: Serving, number: int = 1, ready: bool = True, sha256: str | None = None
    ) -> None:
        """A version as the gateway registers it."""
        key = f"operators/{name}/{number}.onnx"
        self.app.objects.put(key, onnx)
        with self.app.db.session() as s:
            if s.get(Operator, f"op-{name}") is None:
                s.add(Operator(id=f"op-{name}", owner=LOCAL_OWNER, name=name, version=0))
                s.flush()
            row = OperatorVersion(
                operator_id=f"op-{name}", number=number, serving=signature.model_dump(mode="json"), onnx_key=key,
                onnx_sha256=sha256 or hashlib.sha256(onnx).hexdigest(), lineage={}, ready=ready,
            )  # fmt: skip
            s.add(row)
            operator = s.get(Operator, f"op-{name}")
            assert operator is not None
            if ready:
                operator.version = number

    def alias(self, name: str, alias: str, number: int) -> None:
        with self.app.db.session() as s:
            s.merge(OperatorAlias(operator_id=f"op-{name}", alias=alias, number=number))

    def post(self, path: str, body: Any = None, **options: Any) -> httpx.Response:
        options = options if body is None else {"json": body, **options}
        return self.runner.run(self.client.post(path, **options))

    def get(self, path: str) -> httpx.Response:
        return self.runner.run(self.client.get(path))

    def all(self, path: str, bodies: list[Any]) -> list[httpx.Response]:
        """Answers to requests that are sent at the same time."""

        async def send() -> list[httpx.Response]:
            return list(await asyncio.gather(*(self.client.post(path, json=body) for body in bodies)))

        return self.runner.run(send())


def embedding(rows: int = 5) -> bytes:
    """``x`` (tokens, any number) -> rows of a table, averaged over the tokens -> ``y``."""
    table = np.arange(rows * 2, dtype="f").reshape(rows, 2)
    nodes = [
        helper.make_node("Gather", ["t", "x"], ["g"]),
        helper.make_node("ReduceMean", ["g"], ["y"], axes=[1], keepdims=0),
    ]
    tokens = helper.make_tensor_value_info("x", TensorProto.INT32, [None, None])
    return onnx_file(nodes, [tokens], [floats("y", 2)], {"t": table})


def softmax(values: np.ndarray) -> np.ndarray:
    exp = np.exp(values - values.max(axis=-1, keepdims=True))
    return np.asarray(exp / exp.sum(axis=-1, keepdims=True))
