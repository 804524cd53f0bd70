"""Links and comments over REST: what each role may do, and that no token is kept."""

import copy
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from visualnn_api.examples import SPEC

from tests.gateway.running import Gateway

ROLES = ("viewer", "commenter", "editor")
COMMENT = {"layer": "0-1", "layer_name": "fc1", "author": "Ada", "text": "Too wide?"}


@pytest.fixture(scope="module")
def model(lone: Gateway) -> str:
    return str(lone.api.post("models", json={**copy.deepcopy(SPEC), "name": "shared"}).json()["id"])


@pytest.fixture(scope="module")
def linked(lone: Gateway, model: str) -> dict[str, httpx.Client]:
    """A client for each role."""
    clients = {}
    for role in ROLES:
        made = lone.api.post(f"models/{model}/shares", json={"role": role, "label": f"for a {role}"})
        assert made.status_code == 201, made.text
        clients[role] = lone.api
        clients[role].headers["VisualNN-Share"] = made.json()["token"]
    return clients


def _comment(api: httpx.Client, model: str) -> str:
    answer = api.post(f"models/{model}/comments", json=COMMENT)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


CALLS: list[tuple[str, str, Any, str | None]] = [
    ("GET", "layers", None, "viewer"),
    ("GET", "zoo", None, "viewer"),
    ("POST", "summary", SPEC, "viewer"),
    ("GET", "models/{model}", None, "viewer"),
    ("GET", "models/{model}/versions", None, "viewer"),
    ("GET", "models/{model}/versions/1", None, "viewer"),
    ("GET", "models/{model}/summary", None, "viewer"),
    ("GET", "models/{model}/room", None, "viewer"),
    ("GET", "models/{model}/comments", None, "viewer"),
    ("POST", "models/{model}/comments", COMMENT, "commenter"),
    ("POST", "models/{model}/comments/{comment}/replies", {"author": "B", "text": "No."}, "commenter"),
    ("PATCH", "models/{model}/comments/{comment}", {"resolved": True}, "commenter"),
    ("DELETE", "models/{model}/comments/{comment}", None, "editor"),
    ("PUT", "models/{model}/spec", SPEC, "editor"),
    ("PATCH", "models/{model}", {"name": "renamed"}, "editor"),
    ("DELETE", "models/{model}", None, None),
    ("PUT", "models/{model}/room", None, None),
    ("DELETE", "models/{model}/room", None, None),
    ("GET", "models/{model}/shares", None, None),
    ("POST", "models/{model}/shares", {"role": "editor"}, None),
    ("GET", "models", None, None),
    ("POST", "models", SPEC, None),
    ("GET", "models/{other}", None, None),
    ("PUT", "models/{other}/spec", SPEC, None),
    ("GET", "models/{model}x/versions", None, None),
    ("GET", "models/{model}/../{other}", None, None),
    ("GET", "jobs", None, None),
    ("POST", "jobs", {"kind": "train"}, None),
    ("GET", "datasets", None, None),
    ("GET", "operators", None, None),
    ("GET", "workers", None, None),
]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("method", "path", "body", "needed"), CALLS, ids=[f"{call[0]} {call[1]}" for call in CALLS])
def test_a_link_may_do_what_its_role_allows(
    lone: Gateway,
    linked: dict[str, httpx.Client],
    model: str,
    role: str,
    method: str,
    path: str,
    body: Any,
    needed: str | None,
) -> None:
    other = lone.api.post("models", json={**SPEC, "name": "other"}).json()["id"]
    full = path.format(model=model, other=other, comment=_comment(lone.api, model))
    headers = {"If-Match": "*"} if method == "PUT" else {}
    answer = linked[role].request(method, full, json=body, headers=headers)
    allowed = needed is not None and ROLES.index(role) >= ROLES.index(needed)
    if allowed:
        assert answer.is_success, answer.text
    else:
        assert answer.status_code == 403, answer.text
        assert answer.json()["problems"]


@pytest.mark.parametrize("token", ["", "x" * 43, "../../etc", "\xff" * 43, "a" * 10_000])
def test_a_wrong_token_opens_nothing_not_even_what_is_open_without(lone: Gateway, model: str, token: str) -> None:
    headers = {"VisualNN-Share": token.encode("latin-1")}
    assert lone.http.get(f"/api/v1/models/{model}", headers=headers).status_code == 403  # type: ignore[arg-type]


def test_a_revoked_link_opens_nothing(lone: Gateway, model: str) -> None:
    made = lone.api.post(f"models/{model}/shares", json={"role": "editor"}).json()
    headers = {"VisualNN-Share": made["token"]}
    assert lone.api.get(f"models/{model}", headers=headers).status_code == 200
    assert lone.api.delete(f"models/{model}/shares/{made['id']}").status_code == 204
    assert lone.api.get(f"models/{model}", headers=headers).status_code == 403
    assert lone.api.delete(f"models/{model}/shares/{made['id']}").status_code == 404


def test_tokens_are_told_once_and_kept_nowhere(lone: Gateway, model: str) -> None:
    made = lone.api.post(f"models/{model}/shares", json={"role": "viewer", "label": "for Bob"}).json()
    assert made["path"] == f"/app/models/{model}#share={made['token']}"
    listed = lone.api.get(f"models/{model}/shares")
    assert (listed.json()["items"][0]["label"], listed.json()["items"][0]["role"]) == ("for Bob", "viewer")
    assert made["token"] not in listed.text
    with lone.parts.db.reading() as s:
        rows = [str(row) for row in s.execute(text("SELECT * FROM shares"))]
    assert rows
    assert not any(made["token"] in row for row in rows)


def test_the_room_says_the_callers_role(lone: Gateway, linked: dict[str, httpx.Client], model: str) -> None:
    assert lone.api.get(f"models/{model}/room").json()["role"] == "owner"
    for role, client in linked.items():
        told = client.get(f"models/{model}/room").json()
        assert told.pop("key")
        assert told == {"model": model, "open": True, "role": role, "people": 0}
    fresh = lone.api.post("models", json={**SPEC, "name": "alone"}).json()["id"]
    assert lone.api.get(f"models/{fresh}/room").json()["open"] is False
    assert lone.api.get("models/model-nobody/room").status_code == 404


def test_threads_are_answered_resolved_and_deleted(api: httpx.Client, model: str) -> None:
    first = _comment(api, model)
    answered = api.post(f"models/{model}/comments/{first}/replies", json={"author": "Bob", "text": " No.\n"}).json()
    assert (answered["thread"], answered["layer"], answered["text"]) == (first, "0-1", "No.")
    path = f"models/{model}/comments/{first}"
    assert api.patch(path, json={"resolved": True}).json()["resolved"] is True
    api.post(f"{path}/replies", json={"author": "Ada", "text": "But."})
    found = {one["id"]: one for one in api.get(f"models/{model}/comments").json()["items"]}
    assert found[first]["resolved"] is False  # an answer opens it again
    assert [one["text"] for one in found.values() if one["thread"] == first] == ["No.", "But."]
    assert (
        api.post(f"models/{model}/comments/{answered['id']}/replies", json={"author": "A", "text": "?"}).status_code
        == 404
    )
    assert api.delete(path).status_code == 204
    left = {one["id"] for one in api.get(f"models/{model}/comments").json()["items"]}
    assert not left & {first, answered["id"]}
    assert api.patch(path, json={"resolved": True}).status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        {"text": ""},
        {"text": "   "},
        {"text": "x" * 4001},
        {"author": ""},
        {"author": "a\nb"},
        {"layer": "a b"},
        {"by": 1},
    ],
)
def test_an_impossible_comment_is_refused(api: httpx.Client, model: str, change: dict[str, Any]) -> None:
    answer = api.post(f"models/{model}/comments", json={**COMMENT, **change})
    assert answer.status_code == 422
    assert answer.json()["problems"]


@pytest.mark.parametrize("body", [{"role": "owner"}, {}, {"role": "viewer", "label": "x" * 101}, {"role": 1}])
def test_an_impossible_link_is_refused(api: httpx.Client, model: str, body: dict[str, Any]) -> None:
    assert api.post(f"models/{model}/shares", json=body).status_code == 422
