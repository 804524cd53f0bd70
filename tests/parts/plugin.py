"""Fixtures that give tests real servers. A part that cannot be had skips the test, or fails it under ``STRICT=1``.

Session-wide: ``postgres_server``, ``redis_server``, ``s3_server``; ``keras_two``, ``jax`` and ``tfjs``, which are no
servers but run programs of their own. A module: ``own_s3_server``, to be killed. A test: ``postgres_url`` (a fresh
database), ``redis_url`` (emptied), ``s3`` (settings with a bucket of its own).
"""

import os
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:  # the servers' clients take seconds to import, which most test runs need not pay
    from tests.parts.jax import Jax
    from tests.parts.keras_two import KerasTwo
    from tests.parts.postgres import Postgres
    from tests.parts.redis import Redis
    from tests.parts.s3 import S3, S3Access
    from tests.parts.tfjs import Tfjs


class Part(Protocol):
    version: str
    where: str

    def stop(self) -> None: ...


_used: dict[str, str] = {}


def _have(name: str, class_name: str) -> Iterator[Any]:
    from tests.parts.server import PartMissingError

    start: Callable[[], Part] = getattr(import_module(f"tests.parts.{name}"), class_name)
    try:
        part = start()
    except PartMissingError as error:
        _used[name] = f"none: {error}"
        if strict():
            pytest.fail(f"STRICT=1, and the real part {name} cannot be had: {error}", pytrace=False)
        pytest.skip(f"the real part {name} cannot be had: {error}")
    _used[name] = f"{part.version} ({part.where})"
    try:
        yield part
    finally:
        part.stop()


def strict() -> bool:
    """Whether a missing part is a failure."""
    return os.environ.get("STRICT", "") not in ("", "0")


@pytest.fixture(scope="session")
def postgres_server() -> "Iterator[Postgres]":
    yield from _have("postgres", "Postgres")


@pytest.fixture(scope="session")
def redis_server() -> "Iterator[Redis]":
    yield from _have("redis", "Redis")


@pytest.fixture(scope="session")
def s3_server() -> "Iterator[S3]":
    yield from _have("s3", "S3")


@pytest.fixture(scope="module")
def own_s3_server() -> "Iterator[S3]":
    """One that no other test uses, and that may be killed."""
    yield from _have("s3", "S3")


@pytest.fixture(scope="session")
def keras_two() -> "Iterator[KerasTwo]":
    yield from _have("keras_two", "KerasTwo")


@pytest.fixture(scope="session")
def jax() -> "Iterator[Jax]":
    yield from _have("jax", "Jax")


@pytest.fixture(scope="session")
def tfjs() -> "Iterator[Tfjs]":
    yield from _have("tfjs", "Tfjs")


@pytest.fixture
def postgres_url(postgres_server: "Postgres") -> Iterator[str]:
    """A fresh, empty database; dropped after the test."""
    url = postgres_server.create_database()
    yield url
    postgres_server.drop_database(url)


@pytest.fixture
def redis_url(redis_server: "Redis") -> str:
    """An empty Redis."""
    redis_server.clear()
    return redis_server.url


@pytest.fixture
def s3(s3_server: "S3") -> "S3Access":
    """Settings of the S3 server with a bucket name that nobody else uses; the store makes the bucket."""
    return s3_server.access()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In a process of pytest-xdist: tell the one that reports."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["real_parts"] = _used


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """In the one that reports: hear it; a process that crashed said nothing."""
    for name, what in getattr(node, "workeroutput", {}).get("real_parts", {}).items():
        if not _used.get(name, "").startswith("none: "):
            _used[name] = what


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.section("real parts")
    for name in ("postgres", "redis", "s3", "keras_two", "jax", "tfjs"):
        terminalreporter.write_line(f"{name}: {_used.get(name, 'not needed by these tests')}")
