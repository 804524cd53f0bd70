"""/models."""

import copy
import io
import json
import zipfile
from typing import Any

import httpx
import pytest
from visualnn_api.examples import SPEC
from visualnn_shared.store.tables import ModelVersion

from tests.gateway.running import Gateway


def _spec(units: int = 512, name: str = "mnist-dnn") -> dict[str, Any]:
    spec = copy.deepcopy(SPEC)
    spec["name"], spec["layers"][1]["params"]["units"] = name, units
    return spec


def _post(api: httpx.Client, spec: dict[str, Any] | None = None) -> dict[str, Any]:
    answer = api.post("models", json=spec or _spec())
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_a_posted_spec_is_version_1_of_a_new_model(api: httpx.Client) -> None:
    answer = api.post("models", json=_spec(name="first"))
    model = answer.json()
    assert answer.status_code == 201
    assert (model["name"], model["version"], model["source"]) == ("first", 1, None)
    assert answer.headers["location"] == f"/api/v1/models/{model['id']}"
    assert answer.headers["etag"] == f'"{model["etag"]}"'
    assert model["created_at"].endswith("Z")
    again = api.get(f"models/{model['id']}")
    assert again.json() == model
    assert again.headers["etag"] == answer.headers["etag"]
    assert [layer["name"] for layer in model["spec"]["layers"]] == ["input", "fc1", "drop1", "prob"]


def test_a_spec_that_cannot_be_built_is_not_stored(api: httpx.Client) -> None:
    spec = _spec(name="cannot be built")
    spec["layers"][3]["inputs"] = ["nobody"]
    spec["layers"][1]["params"]["unit"] = 3
    answer = api.post("models", json=spec)
    assert answer.status_code == 422
    assert {one["where"]["layer"] for one in answer.json()["problems"]} >= {"fc1", "prob"}
    assert api.get("models", params={"name": "cannot be built"}).json()["items"] == []


def test_lists_are_paged_and_hold_no_specs(api: httpx.Client) -> None:
    made = [_post(api, _spec(name="paged"))["id"] for _ in range(3)]
    first = api.get("models", params={"limit": 2, "name": "paged"}).json()
    rest = api.get("models", params={"limit": 2, "name": "paged", "cursor": first["next_cursor"]}).json()
    assert [item["id"] for item in first["items"] + rest["items"]] == made[::-1]
    assert rest["next_cursor"] is None
    assert "spec" not in first["items"][0]


def test_the_next_version_needs_the_etag_of_the_current_one(api: httpx.Client) -> None:
    model = _post(api)
    path = f"models/{model['id']}/spec"
    missing = api.put(path, json=_spec(100))
    assert missing.status_code == 428
    assert model["etag"] in missing.json()["detail"]
    assert [one["where"]["field"] for one in missing.json()["problems"]] == ["If-Match"]
    bare = api.put(path, json=_spec(), headers={"If-Match": model["etag"]})
    assert (bare.status_code, bare.json()["version"]) == (200, 1)
    assert api.put(path, json=_spec(100), headers={"If-Match": "v1"}).status_code == 400
    saved = api.put(path, json=_spec(100), headers={"If-Match": f'"{model["etag"]}"'})
    assert saved.status_code == 200
    assert saved.json()["version"] == 2
    assert saved.headers["etag"] == f'"{saved.json()["etag"]}"'
    late = api.put(path, json=_spec(200), headers={"If-Match": f'"{model["etag"]}"'})
    assert late.status_code == 412
    assert saved.json()["etag"] in late.json()["detail"]
    assert late.json()["problems"][0]["received"] == model["etag"]
    assert api.put(path, json=_spec(300), headers={"If-Match": "*"}).json()["version"] == 3
    weak = api.put(path, json=_spec(400), headers={"If-Match": f'W/"{model["etag"]}"'})
    assert weak.status_code == 412


def test_saving_what_is_there_makes_no_version(api: httpx.Client) -> None:
    model = _post(api)
    path, headers = f"models/{model['id']}/spec", {"If-Match": f'"{model["etag"]}"'}
    assert api.put(path, json=_spec(), headers=headers).json()["version"] == 1


def test_an_unsound_next_version_is_refused_whole(api: httpx.Client) -> None:
    model = _post(api)
    answer = api.put(f"models/{model['id']}/spec", json=_spec(-1), headers={"If-Match": "*"})
    assert answer.status_code == 422
    assert api.get(f"models/{model['id']}").json()["version"] == 1


def test_versions_are_listed_and_read(api: httpx.Client) -> None:
    model = _post(api)
    for units in (100, 200):
        api.put(f"models/{model['id']}/spec", json=_spec(units), headers={"If-Match": "*"})
    path = f"models/{model['id']}/versions"
    first = api.get(path, params={"limit": 2}).json()
    rest = api.get(path, params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [item["number"] for item in first["items"] + rest["items"]] == [3, 2, 1]
    one = api.get(f"{path}/1")
    assert one.json()["spec"] == model["spec"]
    assert one.headers["etag"] == f'"{model["etag"]}"'
    assert api.get(f"{path}/4").status_code == 404


def test_a_model_is_renamed(api: httpx.Client) -> None:
    model = _post(api)
    renamed = api.patch(f"models/{model['id']}", json={"name": "Ziffern, zweiter Versuch ✓"})
    assert renamed.status_code == 200
    assert renamed.json()["name"] == "Ziffern, zweiter Versuch ✓"
    assert renamed.json()["version"] == 1


@pytest.mark.parametrize(
    "body", [{}, {"name": ""}, {"name": "x" * 201}, {"name": 7}, {"name": "a\nb"}, {"name": "a", "id": "b"}, []]
)
def test_an_impossible_name_is_refused(api: httpx.Client, body: Any) -> None:
    model = _post(api)
    answer = api.patch(f"models/{model['id']}", json=body)
    assert answer.status_code == 422
    assert answer.json()["problems"]


def test_a_deleted_model_is_gone(api: httpx.Client) -> None:
    model = _post(api)
    deleted = api.delete(f"models/{model['id']}")
    assert (deleted.status_code, deleted.content) == (204, b"")
    for method, path in [("GET", ""), ("DELETE", ""), ("GET", "/versions"), ("GET", "/summary")]:
        assert api.request(method, f"models/{model['id']}{path}").status_code == 404


def test_the_summary_is_of_the_version_that_is_asked_for(api: httpx.Client) -> None:
    model = _post(api)
    api.put(f"models/{model['id']}/spec", json=_spec(1), headers={"If-Match": "*"})
    path = f"models/{model['id']}/summary"
    assert api.get(path).json()["params"] == 785 + 20
    assert api.get(path, params={"version": 1}).json()["params"] == 784 * 512 + 512 + 5130
    assert api.get(path, params={"version": 3}).status_code == 404


def test_two_versions_are_compared_in_meaning(api: httpx.Client) -> None:
    model = _post(api)
    saved = api.put(f"models/{model['id']}/spec", json=_spec(256), headers={"If-Match": f'"{model["etag"]}"'})
    assert saved.status_code == 200
    found = api.get(f"models/{model['id']}/diff", params={"from": 1, "to": 2}).json()
    changed = {one["name"]: one for one in found["changed"]}
    assert changed["fc1"]["changes"]["units"] == {"before": 512, "after": 256}
    assert found["params"]["after"] < found["params"]["before"]
    assert api.get(f"models/{model['id']}/diff", params={"from": 2, "to": 2}).json()["same"] is True
    assert api.get(f"models/{model['id']}/diff", params={"from": 1, "to": 3}).status_code == 404
    assert api.get(f"models/{model['id']}/diff").status_code == 422


def test_an_uploaded_file_becomes_a_model_with_its_report(converting: Gateway) -> None:
    data = json.dumps(_spec(name="from a file")).encode()
    answer = converting.api.post("models", files={"file": ("net.json", data)}, data={"name": "another name"})
    assert answer.status_code == 201, answer.text
    model = answer.json()
    assert model["name"] == "another name"
    assert model["source"]["format"] == "native"
    assert model["source"]["filename"] == "net.json"
    assert model["source"]["report"]["source"] == "native"


def test_a_file_in_no_known_format_is_refused_by_the_converter_in_its_words(converting: Gateway) -> None:
    answer = converting.api.post("models", files={"file": ("net.xyz", b"\x00\x01\x02 not a model")})
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["problems"]


@pytest.mark.parametrize("name", ["n" * 201, "\0"])
def test_an_impossible_name_for_a_file_is_refused(converting: Gateway, name: str) -> None:
    data = json.dumps(_spec()).encode()
    answer = converting.api.post("models", files={"file": ("net.json", data)}, data={"name": name})
    assert answer.status_code == 422
    assert answer.json()["problems"]


def test_an_export_gives_the_file_and_with_bundle_its_report(converting: Gateway) -> None:
    api = converting.api
    model = _post(api, _spec(name="to export"))
    path = f"models/{model['id']}/export"
    file = api.get(path, params={"format": "native"})
    assert file.status_code == 200, file.text
    assert file.json() == model["spec"]
    assert "to-export.vnn.json" in file.headers["content-disposition"]
    assert "mapped=" in file.headers["visualnn-conversion"]
    bundle = zipfile.ZipFile(io.BytesIO(api.get(path, params={"format": "native", "bundle": True}).content))
    report = json.loads(bundle.read("report.json"))
    assert json.loads(bundle.read(report["file"])) == model["spec"]
    not_modified = api.get(path, params={"format": "native"}, headers={"If-None-Match": file.headers["etag"]})
    assert (not_modified.status_code, not_modified.content) == (304, b"")


def test_an_export_registers_nothing(converting: Gateway) -> None:
    api = converting.api
    before = api.get("operators").json()
    model = _post(api)
    api.get(f"models/{model['id']}/export", params={"format": "native"})
    assert api.get("operators").json() == before


@pytest.mark.parametrize("format", ["word", "NATIVE", "", "../native"])
def test_an_export_in_an_unknown_format_is_refused(converting: Gateway, format: str) -> None:
    model = _post(converting.api)
    answer = converting.api.get(f"models/{model['id']}/export", params={"format": format})
    assert answer.status_code == 422
    assert answer.json()["problems"]


def test_an_unknown_format_is_named_as_the_caller_named_it(converting: Gateway) -> None:
    file = {"file": ("net.json", b"{}")}
    uploaded = converting.api.post("models", files=file, data={"format": "zzz"})
    exported = converting.api.get(f"models/{_post(converting.api)['id']}/export", params={"format": "zzz"})
    for answer in (uploaded, exported):
        assert answer.status_code == 422
        (one,) = answer.json()["problems"]
        assert (one["where"]["field"], one["received"]) == ("format", "zzz")
        assert one["rule"].startswith("format must be a format that can be ")


def test_what_a_newer_version_stored_is_shown_and_given_as_it_is(lone: Gateway, api: httpx.Client) -> None:
    path = f"models/{_post(api, _spec(name='of the future'))['id']}"
    newer = _spec(name="of the future") | {"visualnn": 3, "scale": 1.5}
    newer["layers"][1]["quantized"] = {"bits": 4}

    with lone.parts.db.session() as s:
        s.get_one(ModelVersion, (path.removeprefix("models/"), 1)).spec = newer
    assert api.get(path).json()["spec"] == newer
    assert api.get(f"{path}/versions/1").json()["spec"] == newer
    assert api.get(f"{path}/export", params={"format": "native"}).json() == newer
    job = {"kind": "train", "model": path.removeprefix("models/"), "dataset": "zoo:digits", "params": {}}
    refused = [
        api.get(f"{path}/summary"), api.get(f"{path}/export", params={"format": "keras"}),
        api.get(f"{path}/export", params={"format": "native", "bundle": True}),
        api.get(f"{path}/diff", params={"from": 1, "to": 1}), api.post("jobs", json=job), api.put(f"{path}/room"),
    ]  # fmt: skip
    for answer in refused:
        assert answer.status_code == 422, answer.text
        hints = [one["hint"] for one in answer.json()["problems"]]
        assert "a newer VisualNN made this: update this one to open it" in hints
    etag = api.get(path).headers["etag"]
    assert api.put(f"{path}/spec", json=newer, headers={"If-Match": etag}).status_code == 422
