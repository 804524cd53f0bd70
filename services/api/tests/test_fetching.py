"""Files from addresses: what is fetched, and above all what is not."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import anyio
import pytest
from visualnn_api import fetching
from visualnn_api.fetching import checked, fetched, is_public
from visualnn_api.routes.conversions import PASSED_ON
from visualnn_api.settings import ApiSettings
from visualnn_api.views.conversions import FromUrl
from visualnn_shared.errors import Invalid, TooLarge

BODY = b'{"visualnn": 1}'


class _Site(BaseHTTPRequestHandler):
    asked: list[str]

    def do_GET(self) -> None:
        type(self).asked.append(self.path)
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to/"))
            self.end_headers()
        elif self.path == "/loop":
            self.send_response(302)
            self.send_header("Location", "/loop")
            self.end_headers()
        elif self.path == "/missing":
            self.send_error(404)
        else:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(BODY * (1000 if self.path == "/large" else 1))
            if self.path == "/slow":
                self.wfile.flush()
                threading.Event().wait(3)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    _Site.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def near(site: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The site, as if it were public; the cloud's own address and other private ones are still not."""
    monkeypatch.setattr(fetching, "PORTS", {80, 443, int(site.rpartition(":")[2])})
    monkeypatch.setattr(fetching, "is_public", lambda address: address == "127.0.0.1" or is_public(address))
    return site


def fetch(url: str, **settings: object) -> tuple[bytes, str, str]:
    """Content, name and sha256 of what lies there."""

    async def run() -> tuple[bytes, str, str]:
        given = {"import_urls": True, "max_url_bytes": 5000, "url_timeout_s": 1.0, **settings}
        async with fetched(url, ApiSettings(**given)) as upload:  # type: ignore[arg-type]
            return upload.path.read_bytes(), upload.filename, upload.sha256

    return anyio.run(run)


@pytest.mark.parametrize("way", ["/nets/model.json", "/to//nets/model.json"])
def test_a_file_is_fetched_also_behind_a_redirect(near: str, way: str) -> None:
    assert fetch(near + way) == (BODY, "model.json", hashlib.sha256(BODY).hexdigest())


@pytest.mark.parametrize(
    ("path", "told"),
    [("/missing", "must answer with 200"), ("/loop", "redirected at most 4 times"), ("/slow", "within 1 s")],
)
def test_what_does_not_answer_well_is_told(near: str, path: str, told: str) -> None:
    with pytest.raises(Invalid) as caught:
        fetch(near + path)
    assert told in caught.value.problems[0].rule


def test_more_bytes_than_allowed_are_not_taken(near: str) -> None:
    with pytest.raises(TooLarge, match=r"5,?000"):
        fetch(near + "/large")


@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/latest/meta-data", "http://10.0.0.1/", "http://[::1]/", "http://0.0.0.0/"]
)
def test_a_redirect_to_a_private_address_is_not_followed(near: str, target: str) -> None:
    with pytest.raises(Invalid) as caught:
        fetch(f"{near}/to/{target}")
    assert "public addresses only" in caught.value.problems[0].rule


def test_a_redirect_to_another_kind_of_address_is_not_followed(near: str) -> None:
    with pytest.raises(Invalid):
        fetch(f"{near}/to/file:///etc/passwd")


def test_this_machine_is_not_public(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "PORTS", {int(site.rpartition(":")[2])})
    for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"):
        with pytest.raises(Invalid):
            fetch(site.replace("127.0.0.1", host))
    assert _Site.asked == []


def test_a_name_is_judged_by_all_its_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    async def two_faced(host: str, port: int) -> list[str]:
        return ["93.184.216.34", "192.168.0.1"]

    monkeypatch.setattr(fetching, "resolved", two_faced)
    with pytest.raises(Invalid) as caught:
        fetch("https://two-faced.example/model.json")
    assert caught.value.problems[0].received == "two-faced.example"


def test_nothing_is_fetched_unless_it_is_switched_on(near: str) -> None:
    with pytest.raises(Invalid) as caught:
        fetch(near + "/model.json", import_urls=False)
    assert "VISUALNN_IMPORT_URLS" in (caught.value.problems[0].hint or "")
    assert _Site.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/x", "file:///etc/passwd", "example.org", "http://", "http://user:word@example.org/x",
        "http://example.org:22/", "http://example.org:99999/", "http://example.org/" + "x" * 2000, "gopher://a:70/",
    ],
)  # fmt: skip
def test_addresses_of_another_form_are_refused(url: str) -> None:
    with pytest.raises(Invalid):
        checked(url)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True), ("2606:2800:220:1:248:1893:25c8:1946", True), ("10.1.2.3", False),
        ("100.64.0.1", False),
        ("127.0.0.1", False), ("169.254.169.254", False), ("172.16.0.1", False), ("192.168.1.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False), ("255.255.255.255", False), ("::1", False), ("fe80::1%eth0", False), ("fc00::1", False),
        ("::ffff:10.0.0.1", False), ("64:ff9b::a00:1", False), ("2002:a00:1::", False), ("ff02::1", False),
    ],
)  # fmt: skip
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) == public


def test_the_call_is_there_and_says_that_it_is_off(another: Callable[..., object]) -> None:
    gateway = another()
    api = gateway.api  # type: ignore[attr-defined]
    assert api.get("features").json() == {"import_urls": False}
    answer = api.post("conversions/from-url", json={"url": "https://example.org/m.json", "target": "native"})
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["where"]["field"] == "url"
    assert another(import_urls=True).api.get("features").json() == {"import_urls": True}  # type: ignore[attr-defined]


def test_a_fetched_file_is_converted_with_all_that_an_uploaded_one_may_be() -> None:
    assert set(FromUrl.model_fields) - {"url", "target"} == set(PASSED_ON)
    body = FromUrl(url="u", target="onnx", level=0, verify=True, gate=1e-5, input_shape=[1, 2], stage="deploy")
    assert body.passed_on() == {
        "level": "0", "verify": "true", "gate": "1e-05", "input_shape": "[1, 2]", "stage": "deploy",
    }  # fmt: skip
