"""A converter that is given something to verify with puts certificates into its reports, or refuses."""

import asyncio
import contextlib
import io
import json
import os
import sys
import zipfile
from types import ModuleType
from typing import Any

import httpx
import numpy as np
import pytest
from safetensors.numpy import save
from visualnn_converter import conversion, formats
from visualnn_converter.app import create_app
from visualnn_converter.certifying import must_be_verifiable
from visualnn_converter.settings import ConverterSettings
from visualnn_shared.errors import Invalid, TooLarge, VisualNNError
from visualnn_shared.spec.model import Layer, Spec
from visualnn_standalone.parts import CERTIFIER
from visualnn_standalone.verify.drawing import draw_inputs, draw_weights
from visualnn_standalone.verify.runtimes import runtimes
from visualnn_standalone.verify.served import certify

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
SPEC = Spec(
    name="net",
    layers=(
        Layer(name="x", type="Input", params={"shape": [4]}, inputs=()),
        Layer(name="y", type="Dense", params={"units": 3, "activation": "tanh"}, inputs=("x",)),
    ),
    outputs=("y",),
)


HUGE = Spec(
    name="huge",
    layers=(
        Layer(name="x", type="Input", params={"shape": [100_000_000]}, inputs=()),
        Layer(name="y", type="Dense", params={"units": 100_000_000}, inputs=("x",)),
    ),
    outputs=("y",),
)


def _ask(certifier: str, /, *, weights: bool = True, spec: Spec = SPEC, **fields: str) -> httpx.Response:
    transport = httpx.ASGITransport(create_app(ConverterSettings(converter_certifier=certifier)))
    samples = io.BytesIO()
    np.savez(samples, x=np.ones((2, 4)))
    files: dict[str, Any] = {
        "file": ("net.json", spec.model_dump_json()),
        "weights": ("w", save(draw_weights(SPEC, 0))),
        "samples": ("s.npz", samples.getvalue()),
    }

    if not weights:
        files = {"file": files["file"]}

    async def call() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.post("/convert", data={"target": "onnx", "verify": "true", **fields}, files=files)

    return asyncio.run(call())


def test_a_conversion_over_http_has_its_certificate() -> None:
    answer = _ask(CERTIFIER)
    assert answer.status_code == 200, answer.text
    found = json.loads(zipfile.ZipFile(io.BytesIO(answer.content)).read("report.json"))["certificate"]
    assert found["passed"]
    assert (found["batch"], found["target"]["runtime"]["name"]) == (4, "ONNX Runtime")


def test_a_certificate_that_fails_is_an_answer_with_its_problem_and_no_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = ModuleType("failing")
    differs = {"layer": "y", "between": "writing the target", "causes": [{"text": "epsilon is 1 instead of 2"}]}
    found = {"passed": False, "gate": 1e-4, "max_abs": 0.5, "divergence": differs, "outputs": []}
    module.certify = lambda *_: found  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "failing", module)
    answer = _ask("failing:certify")
    assert answer.status_code == 422
    body = answer.json()
    assert body["type"].endswith("not-certified")
    assert body["problems"][0]["where"]["layer"] == "y"
    assert body["problems"][0]["hint"] == "epsilon is 1 instead of 2"


def test_a_converter_without_anything_to_verify_with_says_so() -> None:
    answer = _ask("")
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["where"]["field"] == "verify"


def test_errors_of_the_child_come_back_as_they_are() -> None:
    made = conversion.write(SPEC, "onnx", draw_weights(SPEC, 0))
    with pytest.raises(VisualNNError) as refused:
        certify(made, b"{}", "net.json", {"samples": b"nothing"})
    assert (refused.value.code, refused.value.status) == ("invalid", 422)


def test_weights_that_are_too_large_to_draw_are_counted_and_refused_under_their_own_title() -> None:
    converted = conversion.convert(HUGE.model_dump_json().encode(), "keras")
    with pytest.raises(VisualNNError) as refused:
        certify(converted, b"{}", "huge.json", {"gate": 1e-4, "seed": 0})
    said = refused.value.as_problem_json()
    assert (said["status"], said["type"], said["title"]) == (413, "urn:visualnn:error:too-large", TooLarge.title)
    assert f"of which {4 * (10**16 + 10**8):,} for the layer 'y'" in said["detail"]


def test_inputs_that_are_too_large_to_draw_are_refused() -> None:
    wide = Spec(
        name="wide", layers=(Layer(name="x", type="Input", params={"shape": [10**9]}, inputs=()),), outputs=("x",)
    )
    with pytest.raises(TooLarge, match="the inputs to draw"):
        draw_inputs(wide, 0)
    assert draw_inputs(SPEC, 0)["x"].shape == (2, 4)


def test_a_target_that_nothing_runs_is_refused_before_it_is_converted() -> None:
    answer = _ask(CERTIFIER, target="svg")
    body = answer.json()
    assert (answer.status_code, body["title"]) == (422, Invalid.title)
    assert "caffe, keras, keras-file" in body["problems"][0]["rule"]
    assert "convert without verify" in body["problems"][0]["hint"]


def test_every_format_that_a_runtime_runs_may_be_verified_where_the_runtime_is_installed() -> None:
    for name in {name for module in runtimes() for name in module.FORMATS}:
        installed = getattr(formats.formats()[name], "CAN_RUN", True)
        with contextlib.nullcontext() if installed else pytest.raises(Invalid, match="can be run here"):
            must_be_verifiable(name)


def test_what_only_visualnn_ran_is_refused_where_another_must_have() -> None:
    answer = _ask(CERTIFIER, target="keras2", require_independent="true", verify="false")
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["where"]["field"] == "require_independent"


def test_what_has_no_effect_is_refused_and_all_of_it_at_once() -> None:
    idle = {"gate": "0.1", "seed": "3", "reference": "numpy"}
    answer = _ask(CERTIFIER, weights=False, verify="false", **idle)
    assert answer.status_code == 422
    assert [one["where"]["field"] for one in answer.json()["problems"]] == ["gate", "seed", "reference"]
    answer = _ask(CERTIFIER, weights=False, verify="false", initial_weights="true", seed="3")
    assert answer.status_code == 200, answer.text


def test_initial_weights_are_drawn_over_http_and_verified_against_the_reference_asked_for() -> None:
    answer = _ask(CERTIFIER, weights=False, initial_weights="true", reference="numpy", require_independent="true")
    assert answer.status_code == 200, answer.text
    found = json.loads(zipfile.ZipFile(io.BytesIO(answer.content)).read("report.json"))["certificate"]
    assert found["source"]["runtime"]["name"] == "NumPy reference"
    assert found["weights"] == "those of the conversion"
    assert _ask(CERTIFIER, reference="bogus").status_code == 422
    huge = _ask(CERTIFIER, weights=False, spec=HUGE, initial_weights="true")
    assert (huge.status_code, huge.json()["title"]) == (413, TooLarge.title)


def test_a_converter_that_cannot_run_networks_draws_no_weights_and_says_so() -> None:
    answer = _ask("", weights=False, initial_weights="true", verify="false")
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["where"]["field"] == "initial_weights"
