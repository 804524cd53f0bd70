"""The predictor beside a plain FastAPI script: requests per second and latency on a net of mnist-dnn's size, in JSON.

Both serve the same ONNX file to the same client, one after the other and again, so that a busy machine disturbs both.
The answers of both are compared with ONNX Runtime's own before anything is measured. Run ``python benchmarks/predict.py
[--connections 64] [--seconds 3] [--rounds 3] [--processes 1]``; the last line is JSON, and the ratio is what counts.
"""

import argparse
import asyncio
import hashlib
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper
from visualnn_shared.objects import open_store
from visualnn_shared.settings import CommonSettings
from visualnn_shared.store.database import LOCAL_OWNER, Database
from visualnn_shared.store.tables import Operator, OperatorVersion
from visualnn_shared.training.serving import Serving, TensorSpec

HERE = Path(__file__).parent
SIZES = (784, 512, 512, 10)
NAME = "mnist-dnn"


def net() -> bytes:
    """784-512-512-10 with random weights, as the converter writes it."""
    rng, nodes, weights, last = np.random.default_rng(0), [], [], "x"
    for index, (inputs, units) in enumerate(pairwise(SIZES)):
        kernel = rng.normal(size=(inputs, units), scale=inputs**-0.5).astype("f")
        weights += [
            numpy_helper.from_array(kernel, f"w{index}"),
            numpy_helper.from_array(np.zeros(units, "f"), f"b{index}"),
        ]
        end = index == len(SIZES) - 2
        nodes += [
            helper.make_node("Gemm", [last, f"w{index}", f"b{index}"], [f"g{index}"]),
            helper.make_node("Softmax" if end else "Relu", [f"g{index}"], ["y" if end else f"h{index}"]),
        ]
        last = f"h{index}"
    ends = [
        helper.make_tensor_value_info(n, TensorProto.FLOAT, [None, s]) for n, s in (("x", SIZES[0]), ("y", SIZES[-1]))
    ]
    graph = helper.make_graph(nodes, "net", ends[:1], ends[1:], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return bytes(model.SerializeToString())


def register(settings: CommonSettings, onnx: bytes) -> None:
    """The rows and the object that a registration leaves."""
    serving = Serving(
        inputs=(TensorSpec(name="x", shape=(SIZES[0],), dtype="float32"),),
        outputs=(TensorSpec(name="y", shape=(SIZES[-1],), dtype="float32"),),
        task="classification",
        classes=tuple("0123456789"),
    )
    db = Database(settings.database)
    db.upgrade()
    open_store(settings).put("operators/bench/1.onnx", onnx)
    with db.session() as s:
        s.add(Operator(id="bench", owner=LOCAL_OWNER, name=NAME, version=1))
        s.flush()
        s.add(
            OperatorVersion(
                operator_id="bench",
                number=1,
                serving=serving.model_dump(mode="json"),
                onnx_key="operators/bench/1.onnx",
                onnx_sha256=hashlib.sha256(onnx).hexdigest(),
                lineage={},
                ready=True,
            )
        )
    db.dispose()


class Server:
    """A process that listens on a port of its own."""

    def __init__(self, path: str, command: list[str], environment: dict[str, str]) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.path = path
        command = [*command, "--port", str(self.port)]
        self.process = subprocess.Popen(
            command, env={**os.environ, **environment}, stderr=subprocess.DEVNULL, cwd=HERE / "peers"
        )

    def ask(self, sample: list[float]) -> Any:
        body = json.dumps({"inputs": [sample]}).encode()
        url = f"http://127.0.0.1:{self.port}{self.path}"
        request = urllib.request.Request(url, body, {"content-type": "application/json"})
        deadline = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:
                    return json.load(answer)
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


async def load(server: Server, requests: list[bytes], connections: int, seconds: float) -> dict[str, float]:
    """Each connection sends the next request as soon as its answer is there."""
    took: list[float] = []
    end = time.perf_counter() + seconds

    async def one(offset: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        number = offset
        while (begin := time.perf_counter()) < end:
            writer.write(requests[number % len(requests)])
            head = await reader.readuntil(b"\r\n\r\n")
            if b" 200 " not in head[:20]:
                raise RuntimeError(head.decode())
            length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(length)
            took.append(time.perf_counter() - begin)
            number += 1
        writer.close()

    begin = time.perf_counter()
    await asyncio.gather(*(one(n * 7) for n in range(connections)))
    spent = time.perf_counter() - begin
    took.sort()
    return {
        "requests_per_s": len(took) / spent,
        "p50_ms": 1000 * took[len(took) // 2],
        "p99_ms": 1000 * took[int(len(took) * 0.99)],
    }


def request_bytes(server: Server, sample: list[float]) -> bytes:
    body = json.dumps({"inputs": [sample]}).encode()
    head = f"POST {server.path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def middle(rounds: list[dict[str, float]]) -> dict[str, float]:
    return {key: round(statistics.median(one[key] for one in rounds), 2) for key in rounds[0]}


def measure(servers: dict[str, Server], samples: list[list[float]], given: argparse.Namespace) -> dict[str, Any]:
    found: dict[str, list[dict[str, float]]] = {name: [] for name in servers}
    for number in range(given.rounds + 1):  # the first round warms up
        for name, server in servers.items():
            requests = [request_bytes(server, sample) for sample in samples]
            one = asyncio.run(load(server, requests, given.connections, given.seconds))
            if number:
                found[name].append(one)
                print(f"{name:12} {one['requests_per_s']:8.0f} requests/s   p99 {one['p99_ms']:6.1f} ms")
    result: dict[str, Any] = {name: middle(rounds) for name, rounds in found.items()}
    result["ratio"] = round(result["predictor"]["requests_per_s"] / result["fastapi"]["requests_per_s"], 2)
    result["p99_ratio"] = round(result["predictor"]["p99_ms"] / result["fastapi"]["p99_ms"], 2)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--processes", type=int, default=1, help="of each server")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="visualnn-bench-") as folder:
        onnx = net()
        (Path(folder) / "net.onnx").write_bytes(onnx)
        settings = CommonSettings(data_dir=Path(folder), database_url="", object_store="")
        register(settings, onnx)
        environment = {"VISUALNN_DATA_DIR": folder, "VISUALNN_DATABASE_URL": "", "VISUALNN_OBJECT_STORE": ""}
        count = ["--processes", str(given.processes)]
        ours = Server(f"/predict/{NAME}", [sys.executable, "-m", "visualnn_predictor", *count], environment)
        workers = ["--workers", str(given.processes), "--no-access-log"]
        plain = [sys.executable, "-m", "uvicorn", "plain_fastapi:app", *workers]
        peer = Server("/predict", plain, {"MODEL": str(Path(folder) / "net.onnx")})
        try:
            samples = np.random.default_rng(1).random((32, SIZES[0])).astype("f").tolist()
            check(ours, peer, onnx, samples[0])
            result = measure({"predictor": ours, "fastapi": peer}, samples, given)
        finally:
            ours.stop()
            peer.stop()
    print(json.dumps({"benchmark": "predict", "net": NAME, "cores": os.cpu_count(), **vars(given), **result}))


def check(ours: Server, peer: Server, onnx: bytes, sample: list[float]) -> None:
    """Both give ONNX Runtime's own answer."""
    session = ort.InferenceSession(onnx, providers=["CPUExecutionProvider"])
    (expected,) = session.run(None, {"x": np.array([sample], "f")})
    np.testing.assert_allclose(ours.ask(sample)["predictions"][0]["scores"], expected[0], atol=1e-5)
    np.testing.assert_allclose(peer.ask(sample)["predictions"][0], expected[0], atol=1e-5)


if __name__ == "__main__":
    main()
