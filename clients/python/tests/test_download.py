import hashlib
import re
from pathlib import Path

import pytest
from visualnn.download import download
from visualnn.errors import ApiError, DownloadDamaged, ServerUnreachable
from visualnn.transport import Retries, Transport

from tests.scripted_http import Asked, Say, Server

CONTENT = bytes(range(256)) * 4000
SHA = hashlib.sha256(CONTENT).hexdigest()
QUICK = Retries(tries=4, first_s=0.01, most_s=0.02)


def ranges(cuts: list[int | None], content: bytes = CONTENT, sha: str = SHA):  # type: ignore[no-untyped-def]
    """Answers range requests; the n-th answer breaks off after ``cuts[n]`` bytes."""

    def answer(asked: Asked) -> Say:
        cut = cuts.pop(0) if cuts else None
        match = re.fullmatch(r"bytes=(\d+)-", asked.headers.get("range", ""))
        start = int(match[1]) if match else 0
        headers = {"ETag": f'"{sha}"'}
        if start >= len(content):
            return Say(416, b"{}", {**headers, "Content-Range": f"bytes */{len(content)}"})
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        return Say(206 if start else 200, content[start:], headers, cut)

    return answer


def fetch(server: Server, target: Path) -> str:
    return download(Transport(server.url, retries=QUICK), "/jobs/j/weights", target, format="safetensors").sha256


def test_a_file_arrives_whole_with_its_sha256(server: Server, tmp_path: Path) -> None:
    server.answer = ranges([])
    assert fetch(server, tmp_path / "new" / "w.safetensors") == SHA
    assert (tmp_path / "new" / "w.safetensors").read_bytes() == CONTENT
    assert server.asked[0].path == "/api/v1/jobs/j/weights?format=safetensors"
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["w.safetensors"]


def test_a_broken_connection_is_taken_up_where_it_broke(server: Server, tmp_path: Path) -> None:
    server.answer = ranges([100_000, 300_000, None])
    assert fetch(server, tmp_path / "w") == SHA
    starts = [one.headers.get("range") for one in server.asked]
    assert starts[0] is None
    assert len(starts) == 3
    assert all(start and start.startswith("bytes=") for start in starts[1:])


def test_what_an_earlier_call_left_is_completed(server: Server, tmp_path: Path) -> None:
    (tmp_path / "w.part").write_bytes(CONTENT[:500_000])
    server.answer = ranges([])
    assert fetch(server, tmp_path / "w") == SHA
    assert [one.headers.get("range") for one in server.asked] == ["bytes=500000-"]


@pytest.mark.parametrize("left", [b"of another file" * 10, CONTENT, CONTENT + b"more"])
def test_whatever_lies_there_the_right_file_comes_out(server: Server, tmp_path: Path, left: bytes) -> None:
    (tmp_path / "w.part").write_bytes(left)
    server.answer = ranges([])
    assert fetch(server, tmp_path / "w") == SHA
    assert (tmp_path / "w").read_bytes() == CONTENT
    assert not (tmp_path / "w.part").exists()


def test_a_file_that_arrives_wrong_twice_is_refused(server: Server, tmp_path: Path) -> None:
    server.answer = ranges([], sha="0" * 64)
    with pytest.raises(DownloadDamaged, match=f"must have sha256 {'0' * 64}; received {SHA}"):
        fetch(server, tmp_path / "w")
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_keeps_breaking_off_is_given_up(server: Server, tmp_path: Path) -> None:
    server.answer = ranges([0] * 20)
    with pytest.raises(ServerUnreachable):
        fetch(server, tmp_path / "w")
    assert not (tmp_path / "w").exists()


def test_an_error_answer_leaves_the_old_file(server: Server, tmp_path: Path) -> None:
    (tmp_path / "w").write_text("old")
    server.script = [Say(409, b'{"detail": "the job must have succeeded"}')]
    with pytest.raises(ApiError, match="must have succeeded"):
        fetch(server, tmp_path / "w")
    assert (tmp_path / "w").read_text() == "old"
