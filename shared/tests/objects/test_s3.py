"""What only a server on a network does: refuse, vanish, break off."""

import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from visualnn_shared.errors import Unavailable
from visualnn_shared.objects import ObjectMissing, open_store
from visualnn_shared.objects.s3 import S3Store

from tests.parts.s3 import S3, S3Access
from tests.parts.server import free_port


def store_of(access: S3Access, prefix: str = "") -> S3Store:
    settings = access.settings
    settings.object_store += prefix
    store = open_store(settings)
    assert isinstance(store, S3Store)
    return store


def test_the_bucket_is_made_at_the_first_write_only(s3: S3Access, s3_server: S3) -> None:
    store = store_of(s3)
    assert list(store.list("")) == []
    with pytest.raises(ObjectMissing):
        store.get("a")
    assert not s3_server.client().bucket_exists(s3.bucket)
    store.put("a", b"1")
    assert s3_server.client().bucket_exists(s3.bucket)


def test_two_stores_may_make_the_bucket_at_the_same_time(s3: S3Access) -> None:
    errors: list[BaseException] = []

    def work(name: str) -> None:
        try:
            store_of(s3).put(name, b"1")
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(f"k{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert [found.key for found in store_of(s3).list("")] == ["k0", "k1", "k2", "k3"]


def test_a_bucket_removed_behind_our_back_is_said_and_made_again(s3: S3Access, s3_server: S3) -> None:
    store = store_of(s3)
    store.put("a", b"1")
    store.delete("a")
    s3_server.client().remove_bucket(s3.bucket)
    with pytest.raises(Unavailable, match="was removed"):
        store.put("a", b"2")
    store.put("a", b"3")
    assert store.get("a") == b"3"


def test_a_prefix_keeps_stores_in_one_bucket_apart(s3: S3Access, s3_server: S3) -> None:
    first, second, whole = store_of(s3, "/one/x"), store_of(s3, "/two"), store_of(s3)
    first.put("a/b", b"1")
    second.put("a/b", b"22")
    assert first.get("a/b") == b"1"
    assert [(found.key, found.size) for found in second.list("a/")] == [("a/b", 2)]
    assert [found.key for found in whole.list("")] == ["one/x/a/b", "two/a/b"]
    second.delete("a/b")
    assert first.info("a/b") is not None
    assert second.info("a/b") is None


@pytest.mark.parametrize("change", [{"secret_key": "wrong"}, {"access_key": "visualnn:nobody"}], ids=["secret", "user"])
def test_wrong_credentials_are_said_to_be_refused(s3: S3Access, change: dict[str, str]) -> None:
    store_of(s3).put("a", b"1")
    store = store_of(replace(s3, **change))
    calls: list[Callable[[], object]] = [
        store.ping,
        lambda: store.get("a"),
        lambda: store.put("a", b"2"),
        lambda: list(store.list("")),
    ]
    for call in calls:
        with pytest.raises(Unavailable, match="the access key or secret key was refused") as caught:
            call()
        assert "wrong" not in str(caught.value)
    assert store_of(s3).get("a") == b"1"


def test_a_server_that_is_not_there_fails_within_seconds(s3: S3Access) -> None:
    store = store_of(replace(s3, endpoint=f"http://127.0.0.1:{free_port()}"))
    for call in (store.ping, lambda: store.get("a"), lambda: store.put("a", b"2"), lambda: list(store.list(""))):
        started = time.monotonic()
        with pytest.raises(Unavailable, match=r"S3 server 127.0.0.1:\d+ must answer; received no answer: .*refused"):
            call()
        assert time.monotonic() - started < 5


@pytest.mark.parametrize("says", [b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", b"SSH-2.0-thing\r\n", b""])
def test_a_server_that_talks_nonsense_is_unavailable(s3: S3Access, says: bytes) -> None:
    with talker(lambda _: says) as endpoint:
        store = store_of(replace(s3, endpoint=endpoint))
        for call in (store.ping, lambda: store.get("a")):
            with pytest.raises(Unavailable, match="must answer"):
                call()


def test_a_body_that_breaks_off_is_an_error_and_not_a_short_object(s3: S3Access) -> None:
    half = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nContent-Type: application/octet-stream\r\n\r\n" + b"x" * 500
    with talker(lambda _: half) as endpoint:
        store = store_of(replace(s3, endpoint=endpoint))
        with pytest.raises(Unavailable, match="a broken answer"):
            store.get("a")
        with store.open("a") as reader, pytest.raises(Unavailable, match="a broken answer"):
            b"".join(iter(lambda: reader.read(100), b""))


def test_an_upload_cut_off_on_the_wire_leaves_nothing(s3: S3Access) -> None:
    """A proxy between store and server breaks the connection in the second part of a multipart upload."""
    store_of(s3).put("kept", b"1")
    host, port = urlsplit(s3.endpoint).hostname, urlsplit(s3.endpoint).port
    with cutting_proxy((str(host), int(port or 80)), after=20 << 20) as endpoint:
        store = store_of(replace(s3, endpoint=endpoint))
        with pytest.raises(Unavailable):
            store.put("cut", io.BytesIO(b"x" * (40 << 20)))
    assert [found.key for found in store_of(s3).list("")] == ["kept"]


@contextmanager
def listening(serve: object) -> Iterator[str]:
    assert callable(serve)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        over = threading.Event()

        def loop() -> None:
            while not over.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

        thread = threading.Thread(target=loop)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            over.set()
            thread.join()


@contextmanager
def talker(answer: object) -> Iterator[str]:
    """A server that answers every request with the same bytes and hangs up."""
    assert callable(answer)

    def serve(connection: socket.socket) -> None:
        with connection:
            request = connection.recv(65536)
            connection.sendall(answer(request))

    with listening(serve) as endpoint:
        yield endpoint


@contextmanager
def cutting_proxy(target: tuple[str, int], after: int) -> Iterator[str]:
    """Passes bytes on, and drops every connection once ``after`` bytes have gone to the target in all."""
    passed = [0]

    def pump(source: socket.socket, sink: socket.socket, count: bool) -> None:
        try:
            while data := source.recv(65536):
                if count:
                    passed[0] += len(data)
                if passed[0] > after:
                    break
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def serve(connection: socket.socket) -> None:
        if passed[0] > after:
            connection.close()
            return
        with connection, socket.create_connection(target) as upstream:
            back = threading.Thread(target=pump, args=(upstream, connection, False))
            back.start()
            pump(connection, upstream, True)
            back.join()

    with listening(serve) as endpoint:
        yield endpoint
