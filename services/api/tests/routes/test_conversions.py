"""/conversions."""

import io
import json
import zipfile

import numpy as np
import pytest
from visualnn_api.examples import SPEC
from visualnn_converter import conversion
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.spec.reading import read_spec

from tests.gateway.running import Gateway

FILE = ("net.json", json.dumps(SPEC).encode())


def test_a_conversion_answers_with_the_file_and_its_report(converting: Gateway) -> None:
    answer = converting.api.post("conversions", files={"file": FILE}, data={"target": "native"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    bundle = zipfile.ZipFile(io.BytesIO(answer.content))
    report = json.loads(bundle.read("report.json"))
    assert (report["source"], report["target"]) == ("native", "native")
    assert json.loads(bundle.read(report["file"]))["name"] == "mnist-dnn"


def test_a_conversion_may_answer_with_the_file_alone(converting: Gateway) -> None:
    answer = converting.api.post(
        "conversions", params={"bundle": False}, files={"file": FILE}, data={"target": "native", "source": "native"}
    )
    assert answer.json()["name"] == "mnist-dnn"


@pytest.mark.parametrize(
    ("files", "data", "field"),
    [
        ({"file": FILE}, {}, "target"),
        ({"other": FILE}, {"target": "native"}, "file"),
        ({"file": FILE}, {"target": "native", "verifi": "yes"}, "verifi"),
    ],
)
def test_a_form_with_missing_or_unknown_parts_is_refused(
    converting: Gateway, files: dict[str, tuple[str, bytes]], data: dict[str, str], field: str
) -> None:
    answer = converting.api.post("conversions", files=files, data=data)
    assert answer.status_code == 422
    assert field in [one["where"]["field"] for one in answer.json()["problems"]]


def test_what_the_converter_refuses_comes_with_its_problems(converting: Gateway) -> None:
    broken = json.loads(FILE[1])
    broken["layers"][1]["type"] = "Dens"
    answer = converting.api.post(
        "conversions", files={"file": ("net.json", json.dumps(broken).encode())}, data={"target": "onnx"}
    )
    assert answer.status_code == 422
    assert "fc1" in [one["where"]["layer"] for one in answer.json()["problems"]]


def test_phase_stage_and_level_reach_the_converter(converting: Gateway) -> None:
    net = b"""layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 4 } } }
layer { name: "ip" type: "InnerProduct" bottom: "x" top: "ip" inner_product_param { num_output: 3 } }
layer { name: "p" type: "Softmax" bottom: "ip" top: "p" include { phase: TEST stage: "deploy" min_level: 1 } }"""
    for asked, last in (({}, "ip"), ({"phase": "TEST", "stage": "deploy", "level": "1"}, "p")):
        answer = converting.api.post(
            "conversions",
            params={"bundle": False},
            files={"file": ("n.prototxt", net)},
            data={"target": "native"} | asked,
        )
        assert answer.json()["outputs"] == [last], answer.text


def test_without_the_converter_it_is_unavailable(lone: Gateway) -> None:
    answer = lone.api.post("conversions", files={"file": FILE}, data={"target": "native"})
    assert answer.status_code == 503
    assert answer.headers["retry-after"]


def test_a_keras_file_is_recognised_and_gives_its_weights(converting: Gateway) -> None:
    keras = _keras_file()
    answer = converting.api.post("conversions", files={"file": ("upload.bin", keras)}, data={"target": "onnx"})
    assert answer.status_code == 200, answer.text
    report = json.loads(zipfile.ZipFile(io.BytesIO(answer.content)).read("report.json"))
    assert (report["source"], report["target"]) == ("keras-file", "onnx")


def test_a_keras_file_is_stored_as_a_model(converting: Gateway) -> None:
    answer = converting.api.post("models", files={"file": ("net.keras", _keras_file())})
    assert answer.status_code == 201, answer.text
    source = converting.api.get(f"models/{answer.json()['id']}/versions/1").json()["source"]
    assert source["format"] == "keras-file"
    assert (
        "the file's weights are no part of the spec; converting the file itself carries them over"
        in source["report"]["notes"]
    )


def _keras_file() -> bytes:
    """A file of the example's net, with weights of zero."""
    spec = read_spec(FILE[1])
    weights = {
        f"{layer.name}/{variable.name}": np.zeros(variable.shape, "float32")
        for layer in resolve(spec).layers
        for variable in layer.weights
    }
    return conversion.write(spec, "keras-file", weights).data
