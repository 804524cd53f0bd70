from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper
from visualnn_predictor import registry
from visualnn_shared.errors import Unavailable

from tests.predictor.served import Served, dense, floats, onnx_file, serving

LINE = serving((1,), (1,))


def adds(number: float) -> bytes:
    """x + number."""
    nodes = [helper.make_node("Add", ["x", "n"], ["y"])]
    return onnx_file(nodes, [floats("x", 1)], [floats("y", 1)], {"n": np.array([number], "f")})


def said(served: Served, path: str) -> Any:
    """What the operator makes of 0, or the error's code."""
    answer = served.post(f"/predict/{path}", {"inputs": [0]})
    return answer.json()["predictions"][0]["values"][0] if answer.status_code == 200 else answer.status_code


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are asked for every time, so that tests need not wait."""
    monkeypatch.setattr(registry, "FRESH_S", 0.0)
    monkeypatch.setattr(registry, "ABSENT_S", 0.0)


def test_versions_and_aliases_are_told_apart(served: Served, fresh: None) -> None:
    for number in (1, 2, 3):
        served.register("op", adds(number), LINE, number)
    served.alias("op", "stable", 2)
    asked = {"op": 3, "op/versions/1": 1, "op/versions/stable": 2, "op?version=stable": 2, "op?version=1": 1}
    absent = {"op/versions/9": 404, "op?version=gone": 404, "nobody": 404}
    assert {path: said(served, path) for path in asked | absent} == asked | absent
    served.alias("op", "stable", 1)
    served.register("op", adds(4), LINE, 4)
    assert [said(served, path) for path in ("op?version=stable", "op")] == [1, 4]
    assert served.get("/v2/models/op").json()["versions"] == ["1", "2", "3", "4"]


def test_a_version_that_is_not_ready_answers_by_number_only(served: Served, fresh: None) -> None:
    served.register("op", adds(1), LINE, 1, ready=False)
    assert (said(served, "op"), said(served, "op/versions/1")) == (404, 1)
    assert served.get("/v2/models/op/versions/1").json()["versions"] == ["1"]
    assert served.get("/v2/models/op").status_code == 404


def test_what_a_name_means_is_kept_for_a_second(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(registry, "monotonic", lambda: now)
    assert said(served, "op") == 404
    served.register("op", adds(1), LINE, 1)
    assert said(served, "op") == 404
    now += 0.3
    assert said(served, "op") == 1
    served.register("op", adds(2), LINE, 2)
    now += 0.9
    assert said(served, "op") == 1
    now += 0.2
    assert said(served, "op") == 2


def test_while_the_database_is_away_known_operators_go_on(
    served: Served, fresh: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    served.register("op", adds(1), LINE)
    assert said(served, "op") == 1

    async def away(*_: Any) -> None:
        raise Unavailable("the database", "no answer")

    monkeypatch.setattr(served.app.db, "read", away)
    assert said(served, "op") == 1
    answer = served.post("/predict/other", {"inputs": [0]})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


@pytest.mark.parametrize(
    ("file", "signature", "sha256", "reason"),
    [
        (b"no onnx", LINE, None, "ONNX Runtime says"),
        (adds(1), LINE, "0" * 64, "another sha256"),
        (adds(1), serving((2,), (1,)), None, "its first call failed"),
        (dense(1, 1)[0].replace(b"x", b"z"), LINE, None, "has the inputs"),
    ],
)
def test_a_version_that_cannot_be_served_says_why(
    served: Served, file: bytes, signature: Any, sha256: str | None, reason: str
) -> None:
    served.register("op", file, signature, sha256=sha256)
    for answer in (served.post("/predict/op", {"inputs": [0]}), served.get("/v2/models/op/ready")):
        assert answer.status_code == 503
        assert reason in answer.json()["detail"]


def test_a_version_whose_file_is_gone_says_so(served: Served) -> None:
    served.register("op", adds(1), LINE)
    served.app.objects.delete("operators/op/1.onnx")
    assert "its file is gone" in served.post("/predict/op", {"inputs": [0]}).json()["detail"]


def test_a_file_over_the_limit_is_not_loaded(start: Callable[..., Served]) -> None:
    served = start(predictor_max_model_bytes=50)
    served.register("op", adds(1), LINE)
    assert "over 50" in served.post("/predict/op", {"inputs": [0]}).json()["detail"]


def test_the_model_used_least_recently_makes_room(start: Callable[..., Served], fresh: None) -> None:
    size = 2 * len(adds(1))
    served = start(predictor_memory_bytes=2 * size)
    for name in "abc":
        served.register(name, adds(1), LINE)

    def loaded() -> list[str]:
        return [one.model.name for one in served.app.registry._models.values()]

    assert [said(served, name) for name in "ab"] == [1, 1]
    said(served, "a")
    assert loaded() == ["b", "a"]
    said(served, "c")
    assert loaded() == ["a", "c"]
    assert said(served, "b") == 1


def test_callers_at_the_same_time_load_a_model_once(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[Any] = []
    read = served.app.registry._read

    def counted(found: Any) -> Any:
        built.append(found)
        return read(found)

    monkeypatch.setattr(served.app.registry, "_read", counted)
    served.register("op", adds(1), LINE)
    answers = served.all("/predict/op", [{"inputs": [n]} for n in range(20)])
    assert [answer.json()["predictions"][0]["values"] for answer in answers] == [[n + 1.0] for n in range(20)]
    assert len(built) == 1


def test_before_the_tables_are_made_operators_are_unavailable(tmp_path: Path) -> None:
    (tmp_path / "rows.db").touch()
    served = Served(tmp_path)
    try:
        assert served.post("/predict/op", {"inputs": [0]}).status_code == 503
        assert served.get("/v2/models/op").status_code == 503
    finally:
        served.close()
