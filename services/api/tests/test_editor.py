"""The gateway serves the built editor, and nothing else from its folder."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from visualnn_api.settings import ApiSettings

from tests.gateway.running import CLOSED, Gateway, running

PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, Path]]:
    """A gateway, and the folder from which it serves."""
    data = tmp_path_factory.mktemp("editor")
    settings = ApiSettings(data_dir=data, web_dir=str(data / "web"), converter_url=CLOSED, predictor_url=CLOSED)
    with running(settings) as gateway:
        yield gateway, data / "web"


@pytest.fixture
def folder(serving: tuple[Gateway, Path]) -> Path:
    """A build as Vite leaves it."""
    web = serving[1]
    shutil.rmtree(web, ignore_errors=True)
    (web / "assets").mkdir(parents=True)
    (web / "index.html").write_text("<!doctype html><title>editor</title>")
    (web / "favicon.svg").write_text("<svg/>")
    (web / "assets" / "index-abc.js").write_text("export const one = 1\n" * 200)
    (web.parent / "secret.txt").write_text("secret")
    return web


@pytest.fixture
def gateway(serving: tuple[Gateway, Path], folder: Path) -> Gateway:
    return serving[0]


@pytest.mark.parametrize("path", ["/", "/app/models/model-1", "/app/jobs?select=fc1"])
def test_every_address_of_the_editor_answers_with_its_page(gateway: Gateway, path: str) -> None:
    answer = gateway.http.get(path)
    assert answer.status_code == 200
    assert answer.text.endswith("<title>editor</title>")
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-cache"


def test_nothing_runs_or_loads_but_what_this_server_has(gateway: Gateway) -> None:
    policy = gateway.http.get("/").headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "frame-ancestors 'none'" in policy


def test_only_the_worker_that_runs_operators_may_compile_webassembly(gateway: Gateway, folder: Path) -> None:
    (folder / "assets" / "onnx.worker-abc.js").write_text("onmessage = () => 1")
    policies = {
        path: gateway.http.get(path).headers["content-security-policy"]
        for path in ("/", "/assets/index-abc.js", "/assets/onnx.worker-abc.js")
    }
    assert policies.pop("/assets/onnx.worker-abc.js") == policies["/"] + "; script-src 'self' 'wasm-unsafe-eval'"
    assert not any("wasm" in policy for policy in policies.values())


def test_hashed_files_are_kept_for_ever_and_sent_packed(gateway: Gateway) -> None:
    answer = gateway.http.get("/assets/index-abc.js")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) < 200
    assert answer.text.startswith("export const one")
    plain = gateway.http.get("/assets/index-abc.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.text == answer.text


@pytest.mark.parametrize(
    "path",
    ["/assets/other.js", "/assets/../index.html", "/assets/%2e%2e/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt"],
)
def test_files_that_are_not_in_the_build_are_not_found(gateway: Gateway, path: str) -> None:
    answer = gateway.http.send(httpx.Request("GET", gateway.url + path))
    assert answer.status_code == 404
    assert answer.headers["content-type"] == PROBLEM


@pytest.mark.parametrize("path", ["/api/v1/nowhere", "/nowhere", "/models", "/v2/nowhere/x", "/docs/nowhere"])
def test_the_editor_shadows_no_other_address(gateway: Gateway, path: str) -> None:
    answer = gateway.http.get(path, headers={"Accept": "text/html"})
    assert "<title>editor</title>" not in answer.text


def test_a_new_build_is_served_without_a_restart(gateway: Gateway, folder: Path) -> None:
    gateway.http.get("/")
    (folder / "assets" / "index-def.js").write_text("export const two = 2")
    (folder / "index.html").write_text("<!doctype html><title>newer</title>")
    assert "newer" in gateway.http.get("/").text
    assert gateway.http.get("/assets/index-def.js").status_code == 200


def test_without_a_build_the_page_says_how_to_make_one(another: Callable[..., Gateway], tmp_path: Path) -> None:
    gateway = another(web_dir=str(tmp_path / "nothing"))
    answer = gateway.http.get("/")
    assert answer.status_code == 200
    assert "make setup" in answer.text
    assert "not built" in answer.text
    assert gateway.http.get("/assets/index-abc.js").status_code == 404
    assert gateway.http.get("/favicon.svg").status_code == 404
    assert gateway.http.get("/healthz").status_code == 200
