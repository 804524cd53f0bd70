"""A real S3 server for tests, one that checks signatures. By hand: ``python -m tests.parts.s3``."""

import os
import secrets
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from minio import Minio
from visualnn_shared.settings import CommonSettings

from tests.parts.installing import venv_from
from tests.parts.server import PartMissingError, Server, cache_folder, free_port, new_folder

SWIFT = Path(__file__).resolve().parents[2] / "deploy" / "swift"


@dataclass(frozen=True)
class S3Access:
    """What a client needs, and a bucket that does not exist yet."""

    endpoint: str
    access_key: str
    secret_key: str
    bucket: str
    region: str = "us-east-1"

    @property
    def settings(self) -> CommonSettings:
        """What a service would read from its environment."""
        return CommonSettings(
            object_store=f"s3://{self.bucket}",
            s3_endpoint=self.endpoint,
            s3_access_key=self.access_key,
            s3_secret_key=self.secret_key,
            s3_region=self.region,
        )

    @property
    def environment(self) -> dict[str, str]:
        """The same as ``VISUALNN_`` settings."""
        return {
            "VISUALNN_OBJECT_STORE": f"s3://{self.bucket}",
            "VISUALNN_S3_ENDPOINT": self.endpoint,
            "VISUALNN_S3_ACCESS_KEY": self.access_key,
            "VISUALNN_S3_SECRET_KEY": self.secret_key,
            "VISUALNN_S3_REGION": self.region,
        }


class S3:
    """OpenStack Swift with its S3 interface; see ``deploy/swift/serve.py``."""

    def __init__(self) -> None:
        started = time.monotonic()
        python = venv_from("swift", SWIFT / "swift.lock") / "bin" / "python"
        self.install_s = time.monotonic() - started
        self.version = f"OpenStack Swift {_version_of('swift', SWIFT / 'swift.lock')}"
        self.where = "s3api with tempauth, checks signatures"
        port = free_port()
        self.endpoint = f"http://127.0.0.1:{port}"
        self.access_key = "visualnn:tests"
        self.secret_key = secrets.token_hex(16)
        folder = new_folder("s3", [_folder_with_attributes()])
        self._server = Server("s3", folder)
        self._command = [str(python), str(SWIFT / "serve.py"), "--data", str(folder / "data"), "--port", str(port)]
        self.start()

    def start(self) -> None:
        """Start it, at the first time or after ``kill``: on its port, with its data."""
        self._server.start(
            self._command,
            self._answers,
            env={"S3_ACCESS_KEY": self.access_key, "S3_SECRET_KEY": self.secret_key},
            wait_s=240,
        )

    def kill(self) -> None:
        """Kill it and all its processes at once, requests under way included."""
        self._server.kill()

    def access(self, bucket: str | None = None) -> S3Access:
        """Settings, with a new bucket name where none is given."""
        return S3Access(self.endpoint, self.access_key, self.secret_key, bucket or f"visualnn-{uuid4().hex[:12]}")

    def client(self) -> Minio:
        host = self.endpoint.removeprefix("http://")
        return Minio(host, self.access_key, self.secret_key, secure=False, region="us-east-1")

    def stop(self) -> None:
        self._server.stop()

    def _answers(self) -> None:
        import urllib3  # the SDK would try again and again

        host = self.endpoint.removeprefix("http://")
        pool = urllib3.PoolManager(retries=False, timeout=10)
        try:
            Minio(
                host, self.access_key, self.secret_key, secure=False, region="us-east-1", http_client=pool
            ).list_buckets()
        finally:
            pool.clear()


def _version_of(package: str, lock: Path) -> str:
    return next(
        line.split("==")[1].split()[0] for line in lock.read_text().splitlines() if line.startswith(f"{package}==")
    )


def _folder_with_attributes() -> Path:
    """Swift keeps what it knows of an object in extended attributes, which some temp file systems refuse."""
    for folder in (Path(tempfile.gettempdir()), cache_folder()):
        with tempfile.NamedTemporaryFile(dir=folder) as probe:
            try:
                os.setxattr(probe.name, "user.visualnn.probe", b"1")
            except (OSError, AttributeError):
                continue
        return folder
    raise PartMissingError(
        "no folder for the S3 server: neither the temp folder nor the cache keeps extended attributes"
    )


def main() -> int:
    server = S3()
    try:
        for name, value in server.access("visualnn").environment.items():
            print(f"export {name}={value}")
        print(f"# {server.version}, {server.where}; Ctrl-C ends it and removes its data", flush=True)
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        return 0
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(main())
