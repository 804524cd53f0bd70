"""Objects in a bucket of an S3-compatible server, through the ``minio`` SDK."""

import contextlib
import io
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

import certifi
import urllib3
from minio import Minio
from minio.error import MinioException, S3Error

from visualnn_shared.errors import Unavailable
from visualnn_shared.objects.base import ObjectInfo, ObjectMissing
from visualnn_shared.objects.keys import check_key, check_prefix, check_range
from visualnn_shared.objects.reader import CHUNK, forward_reader

PART = 16 << 20
"""Bytes of one part of a multipart upload; with S3's 10,000 parts, objects of up to 156 GiB."""
_MISSING = frozenset({"NoSuchKey", "NoSuchBucket", "NoSuchObject", "ResourceNotFound"})
_REFUSED = frozenset(
    {
        "AccessDenied",
        "SignatureDoesNotMatch",
        "InvalidAccessKeyId",
        "RequestTimeTooSkewed",
        "AuthorizationHeaderMalformed",
    }
)
_BUCKET_IS_THERE = frozenset({"BucketAlreadyOwnedByYou", "BucketAlreadyExists"})


class S3Store:
    """An ``ObjectStore`` in ``bucket``, which is created at the first write. ``prefix`` comes before every key."""

    def __init__(
        self,
        *,
        endpoint: str,
        secure: bool,
        access_key: str,
        secret_key: str,
        bucket: str,
        region: str = "us-east-1",
        prefix: str = "",
    ) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._endpoint = endpoint
        self._bucket_known = False
        self._bucket_lock = threading.Lock()
        self._client = Minio(
            endpoint,
            access_key=access_key,
            secret_key=secret_key,
            secure=secure,
            region=region,  # given, so that the SDK does not ask the server for it at each start
            http_client=_pool(),
        )

    def put(self, key: str, data: BinaryIO | bytes) -> ObjectInfo:
        name = self._name(key)
        source = _Counted(io.BytesIO(data) if isinstance(data, bytes) else data)
        self._ensure_bucket()
        with self._errors(key):
            try:
                self._client.put_object(self._bucket, name, source, length=-1, part_size=PART, num_parallel_uploads=1)
            except S3Error as error:
                if error.code == "NoSuchBucket":  # removed behind our back: the next write makes it again
                    self._bucket_known = False
                    raise self._unavailable(f"bucket {self._bucket!r} was removed") from error
                raise
        return ObjectInfo(key, source.size)

    def put_file(self, key: str, path: Path) -> ObjectInfo:
        with path.open("rb") as file:
            return self.put(key, file)

    def open(self, key: str, start: int = 0, length: int | None = None) -> BinaryIO:
        check_range(start, length)
        name = self._name(key)
        if length == 0:  # S3 has no way to ask for no bytes
            if self.info(key) is None:
                raise ObjectMissing(key)
            return forward_reader(lambda _: b"")
        with self._errors(key):
            try:
                response = self._client.get_object(self._bucket, name, offset=start, length=length or 0)
            except S3Error as error:
                if error.code == "InvalidRange":
                    return forward_reader(lambda _: b"")
                raise
        return self._reader(key, response)

    def get(self, key: str) -> bytes:
        with self.open(key) as reader:
            return reader.read()

    def get_file(self, key: str, path: Path) -> None:
        part = path.with_name(f"{path.name}.{uuid4().hex}.part")
        with self.open(key) as reader:
            try:
                with part.open("xb") as out:
                    while chunk := reader.read(CHUNK):
                        out.write(chunk)
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)

    def info(self, key: str) -> ObjectInfo | None:
        name = self._name(key)
        try:
            with self._errors(key):
                found = self._client.stat_object(self._bucket, name)
        except ObjectMissing:
            return None
        return ObjectInfo(key, int(found.size or 0))

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        check_prefix(prefix)
        return self._list(prefix)

    def delete(self, key: str) -> None:
        name = self._name(key)
        with contextlib.suppress(ObjectMissing), self._errors(key):
            self._client.remove_object(self._bucket, name)

    def ping(self) -> None:
        with self._errors("ping"):
            there = self._client.bucket_exists(self._bucket)
        if not there:
            self._bucket_known = False
            self._ensure_bucket()

    def _name(self, key: str) -> str:
        return self._prefix + check_key(key)

    def _list(self, prefix: str) -> Iterator[ObjectInfo]:
        with contextlib.suppress(ObjectMissing), self._errors(prefix):
            for found in self._client.list_objects(self._bucket, self._prefix + prefix, recursive=True):
                yield ObjectInfo(found.object_name.removeprefix(self._prefix), int(found.size or 0))

    def _ensure_bucket(self) -> None:
        with self._bucket_lock:
            if self._bucket_known:
                return
            with self._errors(self._bucket):
                if not self._client.bucket_exists(self._bucket):
                    try:
                        self._client.make_bucket(self._bucket)
                    except S3Error as error:
                        if error.code not in _BUCKET_IS_THERE:  # else someone was faster
                            raise
            self._bucket_known = True

    def _reader(self, key: str, response: Any) -> BinaryIO:
        def read(size: int) -> bytes:
            with self._errors(key):
                data: bytes = response.read(size)
                return data

        def close() -> None:
            response.close()
            response.release_conn()

        return forward_reader(read, close)

    @contextlib.contextmanager
    def _errors(self, key: str) -> Iterator[None]:
        """Errors of the SDK in our words. Others, such as those of a caller's stream, pass through."""
        try:
            yield
        except S3Error as error:
            if error.code in _MISSING:
                raise ObjectMissing(key) from None
            if error.code in _REFUSED:
                reason = f"the access key or secret key was refused ({error.code}: {error.message})"
                raise self._unavailable(reason) from error
            raise self._unavailable(f"{error.code}: {error.message}") from error
        except urllib3.exceptions.MaxRetryError as error:
            raise self._unavailable(f"no answer: {_short(error.reason or error)}") from error
        except (urllib3.exceptions.HTTPError, MinioException) as error:
            raise self._unavailable(f"a broken answer: {_short(error)}") from error

    def _unavailable(self, reason: str) -> Unavailable:
        return Unavailable(f"the S3 server {self._endpoint}", reason)


class _Counted(io.RawIOBase):
    """A stream that knows how many bytes were read from it."""

    def __init__(self, source: BinaryIO) -> None:
        super().__init__()
        self._source = source
        self.size = 0

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self.size += len(data)
        return data


def _pool() -> urllib3.PoolManager:
    """The SDK's own pool waits five minutes for a connection; a request here must fail sooner than its caller does."""
    return urllib3.PoolManager(
        maxsize=16,
        timeout=urllib3.Timeout(connect=5, read=60),
        retries=urllib3.Retry(total=3, connect=2, backoff_factor=0.2, status_forcelist=[500, 502, 503, 504]),
        cert_reqs="CERT_REQUIRED",
        ca_certs=os.environ.get("SSL_CERT_FILE") or certifi.where(),
    )


def _short(error: BaseException) -> str:
    return str(error)[:300]
