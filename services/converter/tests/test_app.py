"""The converter over HTTP: answers, archives, and errors of every kind."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
import onnxruntime
import pytest
from safetensors.numpy import save
from visualnn_converter import conversion
from visualnn_converter.app import create_app
from visualnn_converter.settings import ConverterSettings
from visualnn_shared import zoo
from visualnn_shared.spec.model import Spec

LENET = b"""layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 1 dim: 28 dim: 28 } } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 3 } }"""


class Client:
    """Calls the application in this process."""

    def __init__(self, settings: ConverterSettings | None = None) -> None:
        self._transport = httpx.ASGITransport(create_app(settings), raise_app_exceptions=False)

    def send(self, method: str, path: str, **given: Any) -> httpx.Response:
        import asyncio

        async def call() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url="http://127.0.0.1") as client:
                return await client.request(method, path, **given)

        return asyncio.run(call())


@pytest.fixture(scope="module")
def client() -> Client:
    return Client()


def _json(spec: Spec) -> bytes:
    return spec.model_dump_json().encode()


def test_formats_say_what_can_be_read_and_written(client: Client) -> None:
    found = {one["name"]: one for one in client.send("GET", "/formats").json()}
    assert {name: (one["reads"], one["writes"]) for name, one in found.items()} == {
        "native": (True, True), "keras": (True, True), "caffe": (True, True), "onnx": (True, True),
        "tensorflow": (True, True), "tensorflow-text": (True, True),
        "keras-file": (True, True), "keras-h5": (True, True), "keras-weights": (False, True),
        "keras2": (True, True), "keras-script": (False, True), "tfjs": (False, True),
        "fabrik": (True, False), "pytorch": (False, True), "dot": (False, True), "mermaid": (False, True),
        "svg": (False, True), "savedmodel": (False, False),
    }  # fmt: skip
    assert found["onnx"]["carries_weights"]
    assert found["caffe"]["extensions"] == [".prototxt"]


def test_a_file_is_recognised_by_its_content(client: Client) -> None:
    answer = client.send("POST", "/read", files={"file": ("whatever.bin", LENET)})
    body = answer.json()
    assert answer.status_code == 200
    assert body["format"] == "caffe"
    assert [layer["type"] for layer in body["spec"]["layers"]] == ["Input", "Flatten", "Dense"]
    assert body["report"]["mapped"][0] == {"layer": "data", "from": "Input", "to": "Input"}


def test_a_conversion_is_an_archive_with_report_and_file(client: Client, random_weights: Callable[..., Any]) -> None:
    spec = zoo.load("mnist-dnn")
    weights = random_weights(spec)
    files = {"file": ("my net.json", _json(spec)), "weights": ("w.safetensors", save(weights))}
    answer = client.send("POST", "/convert", files=files, data={"target": "onnx"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    report = json.loads(archive.read("report.json"))
    assert report["file"] == "my-net.onnx"
    assert {one["layer"] for one in report["dropped"]} == {"drop1", "drop2"}
    assert all(info.compress_type == zipfile.ZIP_STORED for info in archive.infolist())
    session = onnxruntime.InferenceSession(archive.read(report["file"]))
    assert session.run(None, {"input": np.zeros((2, 784), np.float32)})[0].shape == (2, 10)


def test_the_shape_of_inputs_can_be_given(client: Client) -> None:
    data = LENET.replace(b" input_param { shape { dim: 1 dim: 1 dim: 28 dim: 28 } }", b"")
    refused = client.send("POST", "/read", files={"file": ("a", data)})
    assert refused.status_code == 422
    assert "input_shape" in refused.json()["problems"][0]["hint"]
    for shape in ("[28, 28, 1]", "28,28,1", '{"data": [28, 28, 1]}'):
        answer = client.send("POST", "/read", files={"file": ("a", data)}, data={"input_shape": shape})
        assert answer.json()["spec"]["layers"][0]["params"] == {"shape": [28, 28, 1]}


@pytest.mark.parametrize("shape", ["abc", "[]", "[0]", "[1.5]", '{"a": 3}', "[[28]]", "[" * 5000])
def test_a_shape_that_is_none_is_refused(client: Client, shape: str) -> None:
    answer = client.send("POST", "/read", files={"file": ("a", LENET)}, data={"input_shape": shape})
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["where"]["field"] == "input_shape"


@pytest.mark.parametrize(
    ("path", "given", "status", "field"),
    [
        ("/read", {"files": {"file": ("a", b"")}}, 422, "file"),
        ("/read", {"files": {"file": ("a", b"\x00\x01")}}, 422, "file"),
        ("/read", {"files": {"file": ("a", LENET)}, "data": {"format": "torch"}}, 422, "format"),
        ("/read", {"files": {"file": ("a", LENET)}, "data": {"format": "nonsense"}}, 422, "format"),
        ("/read", {"data": {"format": "caffe"}}, 422, "file"),
        ("/convert", {"files": {"file": ("a", LENET)}}, 422, "target"),
        ("/convert", {"files": {"file": ("a", LENET)}, "data": {"target": "mxnet"}}, 422, "target"),
        ("/convert", {"files": {"file": ("a", LENET), "weights": ("w", b"junk")}, "data": {"target": "onnx"}}, 422,
     "weights"),
        ("/read", {"files": {"file": ("a", b"layer {" + b" " * (33 * 2**20))}}, 413, None),
        ("/convert", {"content": b"{}"}, 422, "file"),
    ],
)  # fmt: skip
def test_bad_requests_are_problems(client: Client, path: str, given: Any, status: int, field: str | None) -> None:
    answer = client.send("POST", path, **given)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    if field:
        assert field in [problem["where"]["field"] for problem in answer.json()["problems"]]


def test_every_obstacle_comes_with_layer_and_line(client: Client) -> None:
    text = (
        LENET
        + b"""
        layer {
            name: "c" type: "Python" bottom: "ip" top: "c" }
        layer { name: "r" type: "Rubbish" bottom: "c" top: "r" }"""
    )
    problems = client.send("POST", "/read", files={"file": ("a", text)}).json()["problems"]
    assert [(p["where"]["layer"], p["where"]["line"], p["received"]) for p in problems] == [
        ("c", 3, "Python"),
        ("r", 5, "Rubbish"),
    ]


def test_a_request_over_the_limit_is_refused() -> None:
    small = Client(ConverterSettings(converter_max_request=1000))
    answer = small.send("POST", "/read", files={"file": ("a", b"x" * 2000)})
    assert answer.status_code == 413


def test_health_answers(client: Client) -> None:
    assert client.send("GET", "/healthz").json() == {"status": "ok"}


def test_an_onnx_file_is_read_and_its_weights_are_mentioned(client: Client) -> None:
    layers = [{"name": "x", "type": "Input", "params": {"shape": [4]}, "inputs": []},
              {"name": "y", "type": "Dense", "params": {"units": 2}, "inputs": ["x"]}]  # fmt: skip
    spec = Spec.model_validate({"visualnn": 1, "name": "net", "layers": layers, "outputs": ["y"]})
    weights = {"y/kernel": np.ones((4, 2), np.float32), "y/bias": np.ones(2, np.float32)}
    written = conversion.write(spec, "onnx", weights).data
    answer = client.send("POST", "/read", files={"file": ("net.onnx", written)}).json()
    assert answer["format"] == "onnx"
    assert [layer["type"] for layer in answer["spec"]["layers"]] == ["Input", "Dense"]
    assert any("weights" in note for note in answer["report"]["notes"])


def test_files_that_carry_weights_are_converted_with_them(
    client: Client, random_weights: Callable[[Spec], Any], random_inputs: Callable[..., Any]
) -> None:
    spec = zoo.load("mnist-cnn")
    weights = random_weights(spec)
    given = {"files": {"file": ("net.json", _json(spec)), "weights": ("w.safetensors", save(weights))}}
    keras = _unpacked(client.send("POST", "/convert", data={"target": "keras-file"}, **given))
    direct = _unpacked(client.send("POST", "/convert", data={"target": "onnx"}, **given))
    answer = client.send("POST", "/convert", files={"file": ("net.keras", keras)}, data={"target": "onnx"})
    fed = random_inputs(spec)
    one, other = (onnxruntime.InferenceSession(model).run(None, fed) for model in (_unpacked(answer), direct))
    np.testing.assert_array_equal(one[0], other[0])


def test_a_keras_file_gives_its_weights_to_a_spec(client: Client, random_weights: Callable[[Spec], Any]) -> None:
    spec = zoo.load("mnist-cnn")
    keras = conversion.write(spec, "keras-file", random_weights(spec)).data
    files = {"file": ("net.json", _json(spec)), "weights": ("w.keras", keras)}
    answer = client.send("POST", "/convert", files=files, data={"target": "keras-file"})
    assert _unpacked(answer) == keras


def test_reading_a_keras_file_says_that_a_spec_has_no_weights(
    client: Client, random_weights: Callable[[Spec], Any]
) -> None:
    spec = zoo.load("mnist-cnn")
    keras = conversion.write(spec, "keras-file", random_weights(spec)).data
    body = client.send("POST", "/read", files={"file": ("m", keras)}).json()
    assert body["format"] == "keras-file"
    assert (
        "the file's weights are no part of the spec; converting the file itself carries them over"
        in body["report"]["notes"]
    )


PHASES = b"""state { stage: "small" }
layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 4 } } }
layer { name: "ip" type: "InnerProduct" bottom: "x" top: "ip" inner_product_param { num_output: 3 } }
layer { name: "train" type: "ReLU" bottom: "ip" top: "ip" include { phase: TRAIN } }
layer { name: "test" type: "Sigmoid" bottom: "ip" top: "test" include { phase: TEST } }
layer { name: "deploy" type: "TanH" bottom: "ip" top: "deploy" include { stage: "deploy" stage: "small" } }
layer { name: "high" type: "AbsVal" bottom: "ip" top: "high" include { min_level: 2 } }"""


@pytest.mark.parametrize(
    ("asked", "there"),
    [
        ({}, {"train"}),
        ({"phase": "test"}, {"test"}),
        ({"phase": "TEST", "stage": "deploy, small", "level": "2"}, {"test", "deploy", "high"}),
        ({"stage": ""}, {"train"}),
    ],
)
def test_a_caffe_net_is_read_for_the_phase_the_stages_and_the_level_asked_for(
    client: Client, asked: dict[str, str], there: set[str]
) -> None:
    files = {"file": ("net.prototxt", PHASES)}
    read = client.send("POST", "/read", files=files, data=asked).json()["spec"]
    written = _unpacked(client.send("POST", "/convert", files=files, data={"target": "native", **asked}))
    for spec in (read, json.loads(written)):
        assert {layer["name"] for layer in spec["layers"]} == {"x", "ip"} | there


def test_a_phase_that_caffe_has_not_is_refused_by_its_field(client: Client) -> None:
    data = {"target": "native", "phase": "DEPLOY"}
    answer = client.send("POST", "/convert", files={"file": ("net.prototxt", PHASES)}, data=data)
    (found,) = answer.json()["problems"]
    assert (answer.status_code, found["where"]["field"], found["received"]) == (422, "phase", "DEPLOY")
    assert found["rule"] == "phase must be one of TRAIN, TEST"


def _unpacked(answer: httpx.Response) -> bytes:
    """The written file of a conversion."""
    assert answer.status_code == 200, answer.text
    bundle = zipfile.ZipFile(io.BytesIO(answer.content))
    return bundle.read(json.loads(bundle.read("report.json"))["file"])
