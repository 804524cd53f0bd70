"""/layers, /zoo, /schema, /formats."""

import io
import json
import zipfile

import httpx
import pytest
from pydantic import BaseModel
from visualnn_api.views.catalogue import ConversionReport, LayerTypes
from visualnn_shared import zoo
from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.training.optimizers import OPTIMIZERS
from visualnn_shared.training.recipe import SAME_FOR_ALL, CheckParams, EnsembleParams, TrainParams, TuneParams

from tests.gateway.running import Gateway
from tests.gateway.trained import Trainer, line_csv


def test_every_layer_type_is_listed_and_read_alone(api: httpx.Client) -> None:
    items = api.get("layers").json()["items"]
    assert {item["type"] for item in items} == set(CATALOGUE)
    for item in items[:3]:
        assert api.get(f"layers/{item['type']}").json() == item


def test_an_unknown_layer_type_is_not_found(api: httpx.Client) -> None:
    assert api.get("layers/Dens").status_code == 404


@pytest.mark.parametrize("name", zoo.NAMES)
def test_every_built_in_network_can_be_fetched_and_checked(api: httpx.Client, name: str) -> None:
    spec = api.get(f"zoo/{name}").json()
    assert api.post("check", json=spec).status_code == 200
    listed = {item["name"]: item["params"] for item in api.get("zoo").json()["items"]}
    assert api.post("summary", json=spec).json()["params"] == listed[name]


def test_the_zoo_tells_how_good_its_networks_became_here(api: httpx.Client, trainer: Trainer) -> None:
    """Also of a model that was posted; one that was changed is another network."""

    def train(model: str, accuracy: float) -> str:
        job = api.post("jobs", json={"kind": "train", "model": model, "dataset": dataset}).json()["id"]
        trainer.commit(trainer.claim(job), {}, {"loss": 0.1, "test_accuracy": accuracy})
        return str(job)

    dataset = api.post("datasets", files={"file": ("b.csv", line_csv())}, data={"name": "both"}).json()["id"]
    spec = api.get("zoo/linear").json()
    other = json.loads(json.dumps(spec).replace('"units": 1', '"units": 1, "use_bias": false'))
    posted, changed = [api.post("models", json=one).json()["id"] for one in (spec, other)]
    train("zoo:linear", 0.5)
    best = train(posted, 0.75)
    train(changed, 1.0)
    found = {item["name"]: item["trained"] for item in api.get("zoo").json()["items"]}
    assert found.pop("linear") == {"accuracy": 0.75, "job": best, "dataset": dataset, "dataset_name": "both"}
    assert set(found.values()) == {None}
    assert api.delete(f"models/{posted}").status_code == 204  # others of this module's server look for the zoo's own


def test_an_unknown_network_is_not_found(api: httpx.Client) -> None:
    assert api.get("zoo/nothing").status_code == 404


def test_the_schema_describes_specs(api: httpx.Client) -> None:
    schema = api.get("schema/spec").json()
    assert set(schema["properties"]) == {"visualnn", "name", "layers", "outputs", "groups"}


def test_a_form_for_train_jobs_can_be_made_from_their_schema(api: httpx.Client) -> None:
    fields = {item["name"]: item for item in api.get("schema/train").json()["items"]}
    assert list(fields) == list(TrainParams.model_fields)
    assert fields["epochs"]["limits"]["most"] == 100_000
    assert fields["optimizer"]["choices"] == list(OPTIMIZERS)
    assert "momentum" in [one["name"] for one in fields["optimizer"]["options"]["sgd"]]
    assert [one["name"] for one in fields["schedule"]["options"]["step"] if one["required"]] == ["epochs"]
    fixed = {name for name, item in fields.items() if not item["searchable"]}
    assert fixed == SAME_FOR_ALL


def test_a_form_for_searches_can_be_made_from_their_schema(api: httpx.Client) -> None:
    fields = {item["name"]: item for item in api.get("schema/tune").json()["items"]}
    assert set(fields) == set(TuneParams.model_fields) - {"space", "recipe"}
    assert (fields["pruner"]["choices"], fields["pruner"]["default"]) == (["none", "median", "asha"], "none")
    limits = fields["stages"]["limits"]
    assert (limits["least"], limits["most"]) == (2, 10)


@pytest.mark.parametrize(
    ("kind", "params", "without"), [("check", CheckParams, set()), ("ensemble", EnsembleParams, {"recipe"})]
)
def test_what_a_check_and_an_ensemble_take_is_told(
    api: httpx.Client, kind: str, params: type[BaseModel], without: set[str]
) -> None:
    fields = {item["name"]: item for item in api.get(f"schema/{kind}").json()["items"]}
    assert set(fields) == set(params.model_fields) - without
    defaults = params().model_dump(mode="json")
    assert {name: item["default"] for name, item in fields.items()} == {name: defaults[name] for name in fields}
    assert [name for name, item in fields.items() if not item["doc"].endswith(".")] == []


def test_formats_come_from_the_converter(converting: Gateway) -> None:
    names = {item["name"] for item in converting.api.get("formats").json()["items"]}
    assert {"native", "onnx"} <= names


def test_formats_are_unavailable_without_the_converter(api: httpx.Client) -> None:
    answer = api.get("formats")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "converter" in answer.json()["detail"]


def test_the_catalogue_is_sent_packed_and_only_once(api: httpx.Client) -> None:
    answer = api.get("layers")
    assert answer.headers["content-encoding"] == "gzip"
    assert api.get("layers", headers={"Accept-Encoding": "identity"}).json() == answer.json()
    again = api.get("layers", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_documented_form_of_a_layer_misses_nothing(api: httpx.Client) -> None:
    LayerTypes.model_validate(api.get("layers").json())  # refuses fields that it does not know


def test_the_documented_form_of_a_report_misses_nothing(converting: Gateway) -> None:
    spec = converting.api.get("zoo/mnist-dnn").content
    files = {"file": ("spec.json", spec)}
    answer = converting.api.post("conversions", files=files, data={"target": "keras"})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as bundle:
        ConversionReport.model_validate_json(bundle.read("report.json"))


def test_blocks_are_told_and_unfolded(api: httpx.Client) -> None:
    assert api.get("layers/FireBlock").json()["block"] is True
    assert api.get("layers/Dense").json()["block"] is False
    params = {"squeeze": 2, "expand_1x1": 3, "expand_3x3": 3}
    layers = [
        {"name": "in", "type": "Input", "params": {"shape": [8, 8, 4]}},
        {"name": "fire", "type": "FireBlock", "params": params, "inputs": ["in"]},
    ]
    spec = {"visualnn": 1, "name": "n", "layers": layers, "outputs": ["fire"]}
    answer = api.post("unfold?layer=fire", json=spec).json()
    assert answer["made"] == {"fire": ["fire/squeeze1x1", "fire/expand1x1", "fire/expand3x3", "fire"]}
    assert api.post("summary", json=answer["spec"]).json()["params"] == api.post("summary", json=spec).json()["params"]
    refused = api.post("unfold?layer=in", json=spec)
    assert refused.status_code == 422
    assert refused.json()["problems"][0]["rule"] == "only blocks can be unfolded"
