"""The document is complete: every call, every error, an example for every body."""

import json
from typing import Any

import pytest
from visualnn_api.main import create_app
from visualnn_api.settings import ApiSettings

DOCUMENT: dict[str, Any] = create_app(ApiSettings()).openapi()
CALLS = [(method, path, call) for path, calls in DOCUMENT["paths"].items() for method, call in calls.items()]
NAMES = [f"{method.upper()} {path}" for method, path, _ in CALLS]
EXPECTED = """
POST /models  GET /models  GET /models/{model_id}  PATCH /models/{model_id}  DELETE /models/{model_id}
PUT /models/{model_id}/spec  GET /models/{model_id}/versions  GET /models/{model_id}/versions/{number}
GET /models/{model_id}/summary  GET /models/{model_id}/diff  GET /models/{model_id}/export  POST /check  POST /summary
POST /unfold
GET /models/{model_id}/room  PUT /models/{model_id}/room
DELETE /models/{model_id}/room  GET /models/{model_id}/shares  POST /models/{model_id}/shares
DELETE /models/{model_id}/shares/{share_id}  GET /models/{model_id}/comments  POST /models/{model_id}/comments
POST /models/{model_id}/comments/{comment_id}/replies  PATCH /models/{model_id}/comments/{comment_id}
DELETE /models/{model_id}/comments/{comment_id}
GET /layers
GET /layers/{type}  GET /formats  GET /zoo  GET /zoo/{name}  GET /schema/spec  GET /schema/train
GET /schema/dqn  GET /environments  GET /schema/tune  GET /schema/check  GET /schema/ensemble
POST /conversions  POST /conversions/from-url  GET /features  POST /datasets  GET /datasets/known  GET /datasets/formats
OPTIONS /uploads  POST /uploads  HEAD /uploads/{upload_id}  PATCH /uploads/{upload_id}  DELETE /uploads/{upload_id}
GET /datasets  GET /datasets/{dataset_id}  GET /datasets/{dataset_id}/samples  GET /datasets/{dataset_id}/samples.png
GET /datasets/{dataset_id}/classes  GET /operators/{name}/versions/{number}/model
GET /datasets/{dataset_id}/quality  POST /datasets/{dataset_id}/split  DELETE /datasets/{dataset_id}
POST /jobs  GET /jobs  GET /jobs/{job_id}  GET /jobs/{job_id}/events  POST /jobs/{job_id}/cancel
POST /jobs/{job_id}/resume  POST /jobs/{job_id}/reproduce  GET /jobs/{job_id}/trials  GET /jobs/{job_id}/members
DELETE /jobs/{job_id}
GET /jobs/{job_id}/reproduction  GET /jobs/{job_id}/weights  GET /jobs/{job_id}/artifacts
GET /jobs/{job_id}/artifacts/{name}  POST /operators  GET /operators  GET /operators/{name}
DELETE /operators/{name}  GET /operators/{name}/versions  GET /operators/{name}/versions/{number}
PUT /operators/{name}/aliases/{alias}  POST /operators/{name}/predict  GET /workers
"""


def test_every_call_of_the_api_is_there() -> None:
    wanted = {one.strip().replace(" /", " /api/v1/") for one in EXPECTED.replace("\n", "  ").split("  ") if one.strip()}
    outside = {"GET /v2/{path}", "POST /v2/{path}", "GET /healthz", "GET /readyz", "GET /metrics"}
    assert set(NAMES) == wanted | outside


@pytest.mark.parametrize(("method", "path", "call"), CALLS, ids=NAMES)
def test_a_call_is_documented(method: str, path: str, call: dict[str, Any]) -> None:
    assert call["summary"]
    assert call["description"]
    assert call["tags"]
    assert {tag["name"] for tag in DOCUMENT["tags"]} >= set(call["tags"])
    for parameter in call.get("parameters", []):
        assert parameter.get("description"), parameter["name"]


@pytest.mark.parametrize(("method", "path", "call"), CALLS, ids=NAMES)
def test_success_has_a_schema_and_errors_are_problem_documents(method: str, path: str, call: dict[str, Any]) -> None:
    assert "default" in call["responses"]
    for status, response in call["responses"].items():
        content = response.get("content", {})
        assert response["description"]
        if status in ("200", "201", "202"):
            assert content, status
            assert all(media["schema"] for media in content.values()), status
        elif status == "503" and path == "/readyz":
            assert "application/json" in content  # says what is missing, part by part
        elif status == "default" or int(status) >= 400:
            assert list(content) == ["application/problem+json"], status
            assert content["application/problem+json"]["schema"]["$ref"].endswith("/ProblemDocument")


@pytest.mark.parametrize(("method", "path", "call"), CALLS, ids=NAMES)
def test_a_body_has_an_example(method: str, path: str, call: dict[str, Any]) -> None:
    for media in call.get("requestBody", {"content": {}})["content"].values():
        schema = _resolved(media["schema"])
        assert media.get("example") or media.get("examples") or schema.get("examples")


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


def test_every_reference_leads_somewhere() -> None:
    text = json.dumps(DOCUMENT)
    refs = {part.split('"')[0] for part in text.split('"$ref": "')[1:]}
    assert refs
    for ref in refs:
        assert ref.startswith("#/components/schemas/")
        assert ref.rpartition("/")[2] in DOCUMENT["components"]["schemas"], ref


def test_operation_ids_are_unique() -> None:
    ids = [call["operationId"] for _, _, call in CALLS]
    assert len(set(ids)) == len(ids)
