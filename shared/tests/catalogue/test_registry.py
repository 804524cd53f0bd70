"""Completeness: whoever adds an entry is told here what it lacks."""

import json
import subprocess
import sys
from math import prod
from typing import Any

import pytest
from visualnn_shared.analysis.params import clean_params
from visualnn_shared.catalogue import CATALOGUE, as_json
from visualnn_shared.catalogue.entry import REQUIRED, Same
from visualnn_shared.catalogue.free import from_json
from visualnn_shared.catalogue.registry import layer
from visualnn_shared.catalogue.shapes import same_shape

TYPES = sorted(CATALOGUE)


@pytest.mark.parametrize("name", TYPES)
def test_every_layer_and_parameter_is_documented_in_a_sentence(name: str) -> None:
    entry = CATALOGUE[name]
    for text in (entry.doc, *(param.doc for param in entry.params)):
        assert text.endswith(".")
        assert len(text) > 10
    names = [param.name for param in entry.params]
    assert len(set(names)) == len(names)
    assert entry.type == name


@pytest.mark.parametrize("name", TYPES)
def test_every_default_is_its_own_normal_form(name: str) -> None:
    entry = CATALOGUE[name]
    for param in entry.params:
        if isinstance(param.default, Same):
            assert param.default.param in entry.kinds
        elif param.default is not REQUIRED:
            assert param.kind.clean(param.default) == entry.defaults[param.name] == param.default


@pytest.mark.parametrize("name", TYPES)
def test_every_example_runs_through_the_rules(name: str) -> None:
    entry = CATALOGUE[name]
    params, problems = clean_params(entry, entry.example.params)
    assert problems == []
    assert set(params) == set(entry.kinds)
    ins = [from_json(shape) for shape in entry.example.inputs]
    assert entry.ports.least <= len(ins) <= (entry.ports.most or len(ins))
    outs = entry.shape(params, ins)
    assert outs
    for out in outs:
        assert all(isinstance(n, int) and n > 0 for n in out)
    assert entry.macs(params, ins, outs) >= 0
    for weight in entry.variables(params, ins):
        assert weight.when is None or entry.kinds[weight.when].as_json()["kind"] == "bool"
        assert weight.initializer in (None, *entry.kinds)
        assert prod(weight.shape(params, ins)) > 0
    assert ("trainable" in entry.kinds) == entry.has_weights


@pytest.mark.parametrize("name", TYPES)
def test_every_entry_can_be_sent_as_json(name: str) -> None:
    described = as_json(CATALOGUE[name])
    assert json.loads(json.dumps(described, allow_nan=False)) == described
    for param in described["params"]:
        assert param["required"] == (param["default"] is None and param["name"] in CATALOGUE[name].required)


def test_a_derived_default_is_told() -> None:
    strides: dict[str, Any] = next(p for p in as_json(CATALOGUE["MaxPooling2D"])["params"] if p["name"] == "strides")
    assert strides["default_from"] == "pool_size"
    assert strides["required"] is False


def test_internal_layers_are_in_no_palette() -> None:
    assert {name for name in TYPES if not CATALOGUE[name].palette} == {"Scale", "BiasAdd"}


def test_a_type_is_declared_once() -> None:
    with pytest.raises(ValueError, match="declared once; received 'Dense' again"):
        layer("Dense", doc="Again.", group="common", shape=same_shape)


def test_spec_and_catalogue_import_no_heavy_module() -> None:
    code = "import sys, visualnn_shared.zoo, visualnn_shared.spec.reading; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    tops = {name.split(".")[0] for name in loaded}
    assert not tops & {"numpy", "keras", "tensorflow", "sqlalchemy", "starlette", "celery", "onnx", "pydantic_settings"}
