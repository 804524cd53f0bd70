"""The servers that tests run against are real, ask for their secrets, and end with the tests."""

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import redis
import urllib3
from minio import Minio
from minio.error import S3Error

from tests.parts.postgres import Postgres
from tests.parts.redis import Redis
from tests.parts.s3 import S3
from tests.parts.server import PartMissingError, Server, new_folder

ROOT = Path(__file__).resolve().parents[2]


def test_each_postgres_database_is_fresh_and_goes_away(postgres_server: Postgres) -> None:
    first, second = (postgres_server.create_database() for _ in range(2))
    with psycopg.connect(_libpq(first)) as connection:
        connection.execute("CREATE TABLE here (id int)")
    with psycopg.connect(_libpq(second)) as connection:
        assert connection.execute("SELECT to_regclass('here')").fetchone() == (None,)
        postgres_server.drop_database(first)
    postgres_server.drop_database(second)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(_libpq(first))


def test_postgres_refuses_a_wrong_password(postgres_url: str) -> None:
    user, _, rest = _libpq(postgres_url).partition("visualnn:")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(f"{user}visualnn:wrong@{rest.partition('@')[2]}")


def test_redis_refuses_a_wrong_password_and_is_emptied_for_each_test(redis_server: Redis, redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.set("left", "over")
    redis_server.clear()
    with redis.Redis.from_url(redis_url) as client:
        assert client.keys() == []
    address = redis_url.partition("@")[2]
    with redis.Redis.from_url(f"redis://:wrong@{address}") as client, pytest.raises(redis.AuthenticationError):
        client.ping()


@pytest.mark.parametrize(
    ("access_key", "secret_key", "code"),
    [
        ("visualnn:tests", "wrong", "SignatureDoesNotMatch"),
        ("visualnn:nobody", None, "SignatureDoesNotMatch|InvalidAccessKeyId"),
    ],
    ids=["wrong secret", "unknown user"],
)
def test_the_s3_server_refuses_who_it_does_not_know(
    s3_server: S3, access_key: str, secret_key: str | None, code: str
) -> None:
    host = s3_server.endpoint.removeprefix("http://")
    known = s3_server.client()
    known.make_bucket("private")
    try:
        client = Minio(host, access_key, secret_key or s3_server.secret_key, secure=False, region="us-east-1")
        for call in (client.list_buckets, lambda: client.make_bucket("other"), lambda: client.remove_bucket("private")):
            with pytest.raises(S3Error) as caught:
                call()
            assert caught.value.code in code.split("|")
    finally:
        known.remove_bucket("private")


def test_the_s3_server_gives_nothing_to_who_does_not_sign(s3_server: S3) -> None:
    client = s3_server.client()
    client.make_bucket("unsigned")
    try:
        client.put_object("unsigned", "mine", io.BytesIO(b"secret content"), 14)
        with urllib3.PoolManager(retries=False) as pool:
            for method, path in (("GET", "unsigned/mine"), ("GET", "unsigned"), ("PUT", "unsigned/new"), ("GET", "")):
                answer = pool.request(method, f"{s3_server.endpoint}/{path}", body=b"1" if method == "PUT" else None)
                assert 400 <= answer.status < 500, path
                assert b"secret content" not in answer.data
        assert [found.object_name for found in client.list_objects("unsigned")] == ["mine"]
    finally:
        client.remove_object("unsigned", "mine")
        client.remove_bucket("unsigned")


def test_the_s3_server_refuses_a_request_changed_after_it_was_signed(s3_server: S3) -> None:
    client = s3_server.client()
    client.make_bucket("signed")
    try:
        url = client.presigned_put_object("signed", "mine")
        with urllib3.PoolManager(retries=False) as pool:
            assert pool.request("PUT", url, body=b"1").status == 200
            assert pool.request("PUT", url.replace("/mine?", "/other?"), body=b"2").status == 403
        assert [found.object_name for found in client.list_objects("signed")] == ["mine"]
    finally:
        client.remove_object("signed", "mine")
        client.remove_bucket("signed")


def test_a_killed_test_run_leaves_no_server_and_no_data(tmp_path: Path) -> None:
    """The test run is killed with SIGKILL, so nothing of its own can clean up."""
    script = (
        "import time; from tests.parts.redis import Redis; r = Redis(); "
        "print(r._server.folder, r._server._keeper.pid, flush=True); time.sleep(60)"
    )
    run = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert run.stdout
    with run, run.stdout:
        folder, keeper = run.stdout.readline().split()
        server = _child_of(int(keeper))
        assert Path(folder).is_dir()
        assert _alive(server)
        run.send_signal(signal.SIGKILL)
    _eventually(lambda: not _alive(server) and not Path(folder).exists())


def test_a_server_that_does_not_start_says_why() -> None:
    def answers() -> None:
        raise ConnectionError("refused")

    server = Server("thing", new_folder("thing"))
    with pytest.raises(PartMissingError, match=r"(?s)thing did not start.*refused.*no such luck"):
        server.start([sys.executable, "-c", "import sys; sys.exit('no such luck')"], answers)
    assert not server.folder.exists()


@pytest.mark.parametrize(
    ("strict", "options", "outcome", "status"),
    [("0", [], "1 skipped", 0), ("1", ["-n", "1", "--dist", "loadfile"], "1 error", 1)],
    ids=["not strict", "strict, in another process"],
)
def test_a_missing_part_skips_or_fails_by_strict(
    tmp_path: Path, strict: str, options: list[str], outcome: str, status: int
) -> None:
    """A cache folder that cannot be made stands for a machine where the S3 server cannot be had."""
    (tmp_path / "file").write_text("no folder")
    (tmp_path / "test_it.py").write_text("def test_it(s3_server): pass\n")
    command = [sys.executable, "-m", "pytest", "-q", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT)]
    command += ["-p", "tests.parts.plugin", "-p", "no:cacheprovider", *options, str(tmp_path / "test_it.py")]
    env = {**os.environ, "STRICT": strict, "VISUALNN_TEST_CACHE": str(tmp_path / "file" / "cache")}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert outcome in done.stdout, done.stdout + done.stderr
    assert "the real part s3 cannot be had" in done.stdout
    assert "s3: none" in done.stdout
    assert done.returncode == status


def _libpq(url: str) -> str:
    return url.replace("postgresql+psycopg", "postgresql")


def _child_of(parent: int) -> int:
    return int(subprocess.check_output(["ps", "-o", "pid=", "--ppid", str(parent)], text=True).split()[0])


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout


def _eventually(holds: object, wait_s: float = 15) -> None:
    assert callable(holds)
    end = time.monotonic() + wait_s
    while not holds():
        assert time.monotonic() < end, "still not so"
        time.sleep(0.1)
