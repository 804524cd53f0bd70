"""The gateway as a process of its own."""

import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from visualnn_api.settings import ApiSettings

from tests.gateway.running import CLOSED, process
from tests.gateway.trained import line_csv


def test_it_listens_on_an_inherited_socket_and_ends_on_sigterm(tmp_path: Path) -> None:
    settings = {"VISUALNN_DATA_DIR": str(tmp_path), "VISUALNN_CONVERTER_URL": CLOSED, "VISUALNN_PREDICTOR_URL": CLOSED}
    with process("visualnn_api", "/healthz", **settings) as url:
        assert httpx.get(f"{url}/api/v1/jobs").json() == {"items": [], "next_cursor": None}
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)
    assert (tmp_path / "visualnn.db").exists()


def test_a_followed_stream_ends_at_once_when_the_server_does(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    settings = {"VISUALNN_DATA_DIR": str(tmp_path), "VISUALNN_CONVERTER_URL": CLOSED, "VISUALNN_PREDICTOR_URL": CLOSED}
    with ExitStack() as stack:
        server = stack.enter_context(ExitStack())
        url = server.enter_context(process("visualnn_api", "/healthz", **settings))
        data = {"file": ("l.csv", line_csv())}
        dataset = httpx.post(f"{url}/api/v1/datasets", files=data).json()["id"]
        body = {"kind": "train", "model": "zoo:linear", "dataset": dataset}
        job = httpx.post(f"{url}/api/v1/jobs", json=body).json()["id"]
        answer = stack.enter_context(httpx.stream("GET", f"{url}/api/v1/jobs/{job}/events"))
        lines = answer.iter_lines()
        assert next(lines).startswith("retry")
        began = time.monotonic()
        server.close()
        assert time.monotonic() - began < 4
        assert "event: state" in list(lines)  # the stream's own end, not a broken connection
    assert "Exception" not in capfd.readouterr().err


def test_every_setting_has_a_line_of_documentation() -> None:
    for name, field in ApiSettings.model_fields.items():
        assert field.description, name


def test_the_gateway_loads_neither_keras_nor_a_backend() -> None:
    code = "import sys, visualnn_api.main; print(sorted({m.partition('.')[0] for m in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for heavy in ("keras", "tensorflow", "jax", "torch", "onnxruntime", "onnx"):
        assert f"'{heavy}'" not in loaded
