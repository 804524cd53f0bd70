from typing import Any

import numpy as np
import pytest
from onnx import helper
from visualnn_shared.training.serving import Scale, Serving, TensorSpec

from tests.predictor.served import Served, dense, floats, onnx_file, serving, softmax

INFER = "/v2/models/digits/infer"
PIXELS = [[0, 51, 102], [153, 204, 255]]
FLAT = [0, 51, 102, 153, 204, 255]


def tensor(**changes: Any) -> dict[str, Any]:
    return {"name": "x", "shape": [1, 2, 3], "datatype": "UINT8", "data": FLAT, **changes}


@pytest.mark.parametrize("data", [FLAT, [PIXELS], [0, 51.0, 102, 153, 204, 255]])
def test_preprocessing_is_applied_to_raw_values(digits: Any, data: Any) -> None:
    served, kernel, bias = digits
    answer = served.post(INFER, {"inputs": [tensor(data=data)]}).json()
    output = answer["outputs"][0]
    expected = softmax(np.array([FLAT], "f") / 255 @ kernel + bias)
    assert (answer["model_name"], answer["model_version"]) == ("digits", "1")
    assert (output["name"], output["datatype"], output["shape"]) == ("y", "FP32", [1, 3])
    np.testing.assert_allclose(output["data"], expected[0], rtol=1e-5)


def test_the_id_comes_back_and_parameters_are_read_over(digits: Any) -> None:
    served, _, _ = digits
    body = {"id": "a-1", "parameters": {"p": 1}, "inputs": [tensor(parameters={"q": 2})], "outputs": [{"name": "y"}]}
    answer = served.post(INFER, body)
    assert (answer.status_code, answer.json()["id"]) == (200, "a-1")
    assert "id" not in served.post(INFER, {"inputs": [tensor()]}).json()


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        ([], ["must be a JSON object"]),
        ({}, ["inputs must be a list of tensors"]),
        ({"inputs": []}, ["inputs must be a list of tensors"]),
        ({"inputs": [tensor(name="z")]}, ["must be among the operator's (x)", "inputs.0.name"]),
        ({"inputs": [tensor(), tensor()]}, ["must be given once", "inputs.1.name"]),
        ({"inputs": [tensor(datatype="FP32")]}, ["must be UINT8", "received 'FP32'", "inputs.0.datatype"]),
        ({"inputs": [tensor(shape=[1, 6])]}, ["must be [-1, 2, 3]", "inputs.0.shape"]),
        ({"inputs": [tensor(shape=[2, 3])]}, ["must be [-1, 2, 3]"]),
        ({"inputs": [tensor(shape=[0, 2, 3], data=[])]}, ["must be [-1, 2, 3]"]),
        ({"inputs": [tensor(shape=[-1, 2, 3])]}, ["must be [-1, 2, 3]"]),
        ({"inputs": [tensor(shape=[True, 2, 3])]}, ["must be [-1, 2, 3]"]),
        ({"inputs": [tensor(shape=[10**9, 2, 3])]}, ["at most 16,384 samples"]),
        ({"inputs": [tensor(data=FLAT[:5])]}, ["must have 6 values", "5 values", "inputs.0.data"]),
        ({"inputs": [tensor(data=[[FLAT]])]}, ["nested data must have the shape [1, 2, 3]"]),
        ({"inputs": [tensor(data=[[[0, 1, 2], [3, 4]]])]}, ["same length"]),
        ({"inputs": [tensor(data=[[[0, 1, 2], 5]])]}, ["same length"]),
        ({"inputs": [tensor(data=[0, 1, 2, 3, 4, 256])]}, ["from 0 to 255", "256"]),
        ({"inputs": [tensor(data=[0, 1, 2, 3, 4, -1])]}, ["from 0 to 255", "-1"]),
        ({"inputs": [tensor(data=[0, 1, 2, 3, 4, 0.5])]}, ["whole numbers", "0.5", "it is value 5"]),
        ({"inputs": [tensor(data=[0, 1, 2, 3, 4, "5"])]}, ["must be numbers", "'5'"]),
        ({"inputs": [tensor(data=[0, 1, 2, 3, 4, None])]}, ["must be numbers", "None"]),
        ({"inputs": [tensor(data=[False, 1, 2, 3, 4, 5])]}, ["must be numbers", "False"]),
        ({"inputs": [tensor(data="AAAA")]}, ["data must be a list"]),
        ({"inputs": [{"name": "x", "shape": [1, 2, 3], "datatype": "UINT8"}]}, ["data must be given"]),
        ({"inputs": [tensor()], "outputs": [{"name": "z"}]}, ["must be among the operator's (y)", "outputs.0.name"]),
        ({"inputs": [tensor()], "outputs": ["y"]}, ["must be a JSON object", "outputs.0"]),
        ({"inputs": [tensor()], "id": 5}, ["id must be a text"]),
        ({"inputs": [tensor()], "more": 5}, ["must be known", "field more"]),
        ({"inputs": [tensor(more=1)]}, ["must be known", "inputs.0.more"]),
        ({"inputs": [5]}, ["must be a JSON object", "inputs.0"]),
    ],
)
def test_a_broken_rule_is_a_problem_with_its_place(digits: Any, body: Any, texts: list[str]) -> None:
    served, _, _ = digits
    answer = served.post(INFER, body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(answer.json()["problems"]) == 1
    assert all(text in answer.json()["error"] for text in texts), answer.json()["error"]


def test_all_problems_come_at_once(digits: Any) -> None:
    served, _, _ = digits
    body = {"id": 5, "inputs": [tensor(datatype="FP32", shape=[1]), tensor(name="z")], "outputs": [{"name": "q"}]}
    assert len(served.post(INFER, body).json()["problems"]) == 5


@pytest.mark.parametrize(
    ("dtype", "datatype", "data"),
    [
        ("float32", "FP32", [1.5, -2, 3]),
        ("float64", "FP64", [1.5, -2, 3]),
        ("int32", "INT32", [2**31 - 1, -(2**31), 5]),
        ("int64", "INT64", [2**62, -5, 7]),
        ("uint8", "UINT8", [0, 255, 7]),
        ("bool", "BOOL", [True, False, 1]),
    ],
)
def test_every_datatype_reaches_the_model(served: Served, dtype: Any, datatype: str, data: list[Any]) -> None:
    nodes = [helper.make_node("Identity", ["x"], ["y"])]
    signature = serving((3,), (3,), dtype=dtype, steps=(Scale(factor=1),))
    served.register("same", onnx_file(nodes, [floats("x", 3)], [floats("y", 3)], {}), signature)
    body = {"inputs": [{"name": "x", "shape": [1, 3], "datatype": datatype, "data": data}]}
    output = served.post("/v2/models/same/infer", body).json()["outputs"][0]
    np.testing.assert_allclose(output["data"], np.array(data, dtype).astype("f"), rtol=1e-6)


def test_numbers_too_large_for_the_type_are_refused(served: Served) -> None:
    served.register("flat", dense(1, 1)[0], serving((1,), (1,)))
    body = {"inputs": [{"name": "x", "shape": [1, 1], "datatype": "FP32", "data": [1e300]}]}
    assert "finite numbers" in served.post("/v2/models/flat/infer", body).json()["error"]


def test_several_inputs_and_outputs_are_told_apart_by_name(served: Served) -> None:
    nodes = [helper.make_node("Sub", ["a", "b"], ["less"]), helper.make_node("Add", ["a", "b"], ["more"])]
    file = onnx_file(nodes, [floats("a", 2), floats("b", 2)], [floats("less", 2), floats("more", 2)], {})
    spec = {name: TensorSpec(name=name, shape=(2,), dtype="float32") for name in ("a", "b", "less", "more")}
    signature = Serving(inputs=(spec["a"], spec["b"]), outputs=(spec["less"], spec["more"]), task="regression")
    served.register("pair", file, signature)
    both = [
        {"name": "b", "shape": [1, 2], "datatype": "FP32", "data": [1, 2]},
        {"name": "a", "shape": [1, 2], "datatype": "FP32", "data": [10, 20]},
    ]
    answer = served.post("/v2/models/pair/infer", {"inputs": both}).json()
    assert {one["name"]: one["data"] for one in answer["outputs"]} == {"less": [9, 18], "more": [11, 22]}
    answer = served.post("/v2/models/pair/infer", {"inputs": both, "outputs": [{"name": "more"}]}).json()
    assert [one["name"] for one in answer["outputs"]] == ["more"]
    error = served.post("/v2/models/pair/infer", {"inputs": both[:1]}).json()["error"]
    assert "every input must be given" in error
    assert "inputs (a)" in error
    both[0].update(shape=[2, 2], data=[1, 2, 3, 4])
    assert "same number of samples" in served.post("/v2/models/pair/infer", {"inputs": both}).json()["error"]


def test_values_that_json_does_not_have_become_null(served: Served) -> None:
    nodes = [helper.make_node("Log", ["x"], ["y"])]
    served.register("log", onnx_file(nodes, [floats("x", 2)], [floats("y", 2)], {}), serving((2,), (2,)))
    body = {"inputs": [{"name": "x", "shape": [1, 2], "datatype": "FP32", "data": [-1, 1]}]}
    assert served.post("/v2/models/log/infer", body).json()["outputs"][0]["data"] == [None, 0.0]


def test_metadata_describes_the_raw_signature(digits: Any) -> None:
    served, _, _ = digits
    known = served.get("/v2/models/digits").json()
    assert known["versions"] == ["1"]
    assert known["inputs"] == [{"name": "x", "datatype": "UINT8", "shape": [-1, 2, 3]}]
    assert known["outputs"] == [{"name": "y", "datatype": "FP32", "shape": [-1, 3]}]
    assert served.get("/v2/models/digits/versions/1/ready").json() == {"name": "digits", "version": "1", "ready": True}
