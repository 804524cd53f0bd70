"""The interface of objects/base.py, run against every store there is."""

import hashlib
import io
import os
import random
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from visualnn_shared.objects import KeyInvalid, ObjectInfo, ObjectMissing, ObjectStore

MANY = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
NAMES = st.text("abcXYZ019._-=+@", min_size=1, max_size=12).filter(lambda name: name[0] != ".")
KEYS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)


class Broken(io.RawIOBase):
    """Gives ``good`` bytes and then fails, as an upload does whose client goes away."""

    def __init__(self, good: int) -> None:
        super().__init__()
        self._good = good

    def read(self, size: int = -1) -> bytes:
        if not self._good:
            raise ConnectionResetError("the client went away")
        size = min(size, self._good)
        self._good -= size
        return b"x" * size


def keys(store: ObjectStore, prefix: str = "") -> list[str]:
    return [found.key for found in store.list(prefix)]


def test_what_was_put_is_there(store: ObjectStore) -> None:
    assert store.put("jobs/job-1/1/weights.safetensors", b"abc") == ObjectInfo("jobs/job-1/1/weights.safetensors", 3)
    assert store.get("jobs/job-1/1/weights.safetensors") == b"abc"
    assert store.info("jobs/job-1/1/weights.safetensors") == ObjectInfo("jobs/job-1/1/weights.safetensors", 3)


def test_an_empty_object_is_an_object(store: ObjectStore) -> None:
    store.put("empty", b"")
    assert store.get("empty") == b""
    assert store.info("empty") == ObjectInfo("empty", 0)
    assert store.open("empty").read() == b""
    assert store.open("empty", 5, 5).read() == b""


def test_a_second_put_replaces_the_first(store: ObjectStore) -> None:
    store.put("a", b"long first content")
    store.put("a", b"second")
    assert store.get("a") == b"second"


@pytest.mark.parametrize("key", ["absent", "folder/absent", "there/below"])
def test_a_missing_object_is_said_to_be_missing(store: ObjectStore, key: str, tmp_path: Path) -> None:
    store.put("there", b"1")
    assert store.info(key) is None
    for read in (store.get, store.open, lambda k: store.open(k, 1, 0), lambda k: store.get_file(k, tmp_path / "out")):
        with pytest.raises(ObjectMissing, match=f"object must exist; received '{key}'") as caught:
            read(key)
        assert caught.value.status == 404
    assert not (tmp_path / "out").exists()


def test_a_folder_of_keys_is_no_object(store: ObjectStore) -> None:
    store.put("a/b", b"1")
    assert store.info("a") is None
    store.delete("a")
    with pytest.raises(ObjectMissing):
        store.get("a")
    assert keys(store) == ["a/b"]


def test_a_deleted_object_is_gone_and_deleting_again_is_no_error(store: ObjectStore) -> None:
    store.put("a/b/c", b"1")
    store.put("a/b/d", b"2")
    store.delete("a/b/c")
    store.delete("a/b/c")
    store.delete("never/was")
    assert keys(store) == ["a/b/d"]


def test_an_empty_store_lists_nothing_and_misses_everything(store: ObjectStore) -> None:
    assert keys(store) == []
    assert store.info("a") is None
    store.delete("a")


def test_a_listing_is_ordered_by_key_and_limited_to_the_prefix(store: ObjectStore) -> None:
    made = ["b", "a/2", "a/10", "a-b", "a/1/x", "ab", "a.c", "B", "a/1-x"]
    for key in made:
        store.put(key, key.encode())
    assert keys(store) == sorted(made)
    assert list(store.list("a/")) == [ObjectInfo(k, len(k)) for k in ("a/1-x", "a/1/x", "a/10", "a/2")]
    assert keys(store, "a/1") == ["a/1-x", "a/1/x", "a/10"]
    assert keys(store, "a") == ["a-b", "a.c", "a/1-x", "a/1/x", "a/10", "a/2", "ab"]
    assert keys(store, "a/1/x") == ["a/1/x"]
    assert keys(store, "a/1/x/") == []
    assert keys(store, "none/") == []


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [
        (0, None, b"0123456789"),
        (3, None, b"3456789"),
        (0, 4, b"0123"),
        (3, 4, b"3456"),
        (8, 100, b"89"),
        (9, 1, b"9"),
        (10, None, b""),
        (10, 1, b""),
        (99, 5, b""),
        (4, 0, b""),
    ],
)
def test_a_range_is_read(store: ObjectStore, start: int, length: int | None, expected: bytes) -> None:
    store.put("digits", b"0123456789")
    with store.open("digits", start, length) as reader:
        assert reader.read() == expected
        assert reader.read() == b""


def test_a_range_must_not_be_negative(store: ObjectStore) -> None:
    for start, length in ((-1, None), (0, -1)):
        with pytest.raises(ValueError, match="must not be negative"):
            store.open("a", start, length)


def test_a_reader_reads_forward_in_pieces_and_does_not_seek(store: ObjectStore) -> None:
    store.put("digits", b"0123456789")
    with store.open("digits", 1) as reader:
        assert [reader.read(4), reader.read(4), reader.read(4), reader.read(4)] == [b"1234", b"5678", b"9", b""]
        assert reader.readable()
        assert not reader.seekable()
        with pytest.raises(io.UnsupportedOperation):
            reader.seek(0)
    assert reader.closed


def test_lines_can_be_read(store: ObjectStore) -> None:
    store.put("lines", b"one\ntwo\n")
    with store.open("lines") as reader:
        assert list(reader) == [b"one\n", b"two\n"]


def test_files_go_in_and_come_out(store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(bytes(range(256)))
    assert store.put_file("f", tmp_path / "in").size == 256
    (tmp_path / "out").write_bytes(b"what was there")
    store.get_file("f", tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == bytes(range(256))
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["in", "out"]


def test_a_big_object_arrives_whole(store: ObjectStore, tmp_path: Path) -> None:
    """34 MiB: three parts of a multipart upload, the last one short."""
    size = (34 << 20) + 7
    (tmp_path / "big").write_bytes(random.Random(1).randbytes(size))
    assert store.put_file("big/one", tmp_path / "big") == ObjectInfo("big/one", size)
    assert store.info("big/one") == ObjectInfo("big/one", size)
    assert list(store.list("")) == [ObjectInfo("big/one", size)]
    store.get_file("big/one", tmp_path / "back")
    sums = [hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in ("big", "back")]
    assert sums[0] == sums[1]
    across = (16 << 20) - 5  # a range that lies in two parts
    assert store.open("big/one", across, 10).read() == (tmp_path / "big").read_bytes()[across : across + 10]
    store.delete("big/one")
    assert keys(store) == []


@pytest.mark.parametrize("good", [0, 10, (17 << 20)], ids=["at once", "in the first part", "in the second part"])
def test_a_broken_upload_leaves_what_was_there(store: ObjectStore, good: int) -> None:
    store.put("kept", b"before")
    for key in ("kept", "new"):
        with pytest.raises(ConnectionResetError, match="the client went away"):
            store.put(key, Broken(good))  # type: ignore[arg-type]  # as much of a BinaryIO as an upload is
    assert store.get("kept") == b"before"
    assert keys(store) == ["kept"]


def test_a_partial_write_is_never_visible(store: ObjectStore) -> None:
    """While an object is written slowly, its key shows nothing; then all of it."""
    seen: list[object] = []

    class Slow(io.RawIOBase):
        left = 20

        def read(self, size: int = -1) -> bytes:
            seen.append((store.info("slow"), keys(store)))
            self.left -= 1
            return os.urandom(1 << 20) if self.left >= 0 else b""

    store.put("slow", Slow())  # type: ignore[arg-type]
    assert len(seen) > 20
    assert all(look == (None, []) for look in seen)
    assert store.info("slow") == ObjectInfo("slow", 20 << 20)


def test_concurrent_puts_of_one_key_leave_one_of_them_whole(store: ObjectStore) -> None:
    contents = [bytes([n]) * 50_000 for n in range(5)]
    errors: list[BaseException] = []
    reads: list[bytes] = []

    def work(content: bytes) -> None:
        try:
            for _ in range(3):
                store.put("same/key", content)
                reads.append(store.get("same/key"))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert set(reads) <= set(contents)
    assert store.get("same/key") in contents
    assert keys(store) == ["same/key"]


def test_puts_and_deletes_in_one_folder_do_not_disturb_each_other(store: ObjectStore) -> None:
    errors: list[BaseException] = []

    def work(name: str) -> None:
        try:
            for _ in range(8):
                store.put(f"shared/folder/{name}", b"1")
                store.delete(f"shared/folder/{name}")
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(str(n),)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert keys(store) == []


BAD_KEYS = [
    "",
    "/",
    "/absolute",
    "trailing/",
    "a//b",
    "../up",
    "a/../../up",
    "a/..",
    "./a",
    ".hidden",
    "a/.tmp",
    "back\\slash",
    "null\0",
    "line\n",
    "a\n",
    "sp ace",
    "ümlaut",
    "q?x",
    "per%2e%2e",
    "x" * 201,
    "/".join(["x" * 100] * 6),
]


@pytest.mark.parametrize("key", BAD_KEYS, ids=lambda key: repr(key)[:20])
def test_a_key_that_is_none_is_refused_everywhere(store: ObjectStore, key: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"1")
    calls: list[Callable[[], object]] = [
        lambda: store.put(key, b""),
        lambda: store.put_file(key, tmp_path / "file"),
        lambda: store.open(key),
        lambda: store.get(key),
        lambda: store.get_file(key, tmp_path / "out"),
        lambda: store.info(key),
        lambda: store.delete(key),
    ]
    for call in calls:
        with pytest.raises(KeyInvalid, match="an object key must be") as caught:
            call()
        assert caught.value.status == 422
        assert str(caught.value.problems[0].received)[:100] == key[:100]


@pytest.mark.parametrize("prefix", ["/", "..", "a/../b", "a//", ".tmp", "x" * 600])
def test_a_prefix_that_begins_no_key_is_refused(store: ObjectStore, prefix: str) -> None:
    with pytest.raises(KeyInvalid, match="an object key must be"):
        store.list(prefix)


def test_the_store_answers(store: ObjectStore) -> None:
    store.ping()
    store.put("a", b"1")
    store.ping()
    assert keys(store) == ["a"]


@MANY
@given(key=KEYS, data=st.binary(max_size=2000), start=st.integers(0, 2100), length=st.none() | st.integers(0, 2100))
def test_any_key_and_bytes_come_back(store: ObjectStore, key: str, data: bytes, start: int, length: int | None) -> None:
    try:
        assert store.put(key, io.BytesIO(data)) == ObjectInfo(key, len(data))
        assert store.get(key) == data
        with store.open(key, start, length) as reader:
            assert reader.read() == data[start:][:length]
        assert list(store.list("")) == [ObjectInfo(key, len(data))]
    finally:
        store.delete(key)
    assert keys(store) == []


@MANY
@given(made=st.sets(KEYS, max_size=5), prefix=KEYS | st.just(""))
def test_any_listing_is_the_sorted_keys_with_the_prefix(store: ObjectStore, made: set[str], prefix: str) -> None:
    chosen: set[str] = set()
    for key in sorted(made):  # none a folder of another, as the interface asks
        if not any(key.startswith(f"{other}/") for other in chosen):
            chosen.add(key)
    try:
        for key in chosen:
            store.put(key, b"1")
        assert keys(store, prefix) == sorted(key for key in chosen if key.startswith(prefix))
    finally:
        for key in chosen:
            store.delete(key)
