"""From settings to the object store they name."""

from pathlib import Path
from typing import ClassVar
from urllib.parse import SplitResult, unquote, urlsplit

from visualnn_shared.errors import Invalid
from visualnn_shared.objects.base import ObjectStore
from visualnn_shared.objects.folder import FolderStore
from visualnn_shared.objects.keys import KeyInvalid, check_key
from visualnn_shared.settings import CommonSettings
from visualnn_shared.spec.problem import Problem, problem

_HINT = "set VISUALNN_OBJECT_STORE to s3://bucket, s3://bucket/prefix or file:///folder"


class StoreSettingsInvalid(Invalid):
    """The settings name no usable object store; a service refuses to start."""

    code: ClassVar[str] = "object-store-settings-invalid"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "The object store's settings break rules"

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("the object store's settings", problems)


def open_store(settings: CommonSettings) -> ObjectStore:
    """The store that ``settings.objects`` names, without asking its server.

    Raises ``StoreSettingsInvalid`` with every problem."""
    address = urlsplit(settings.objects)
    match address.scheme:
        case "file":
            return FolderStore(_folder(address))
        case "s3":
            return _s3(address, settings)
        case "hdfs":
            rule, hint = "HDFS is not supported yet", _HINT
        case _:
            rule, hint = "the object store's address must start with s3:// or file:///", _HINT
    raise StoreSettingsInvalid([problem(rule, settings.objects, field="VISUALNN_OBJECT_STORE", hint=hint)])


def _folder(address: SplitResult) -> Path:
    if address.netloc not in ("", "localhost") or not address.path.startswith("/"):
        rule = "a file address must have three slashes and an absolute path"
        raise StoreSettingsInvalid([problem(rule, address.geturl(), field="VISUALNN_OBJECT_STORE", hint=_HINT)])
    return Path(unquote(address.path))


def _s3(address: SplitResult, settings: CommonSettings) -> ObjectStore:
    endpoint = urlsplit(settings.s3_endpoint)
    prefix = address.path.strip("/")
    problems = [*_bucket_problems(address, prefix), *_server_problems(endpoint, settings)]
    if problems:
        raise StoreSettingsInvalid(problems)
    from visualnn_shared.objects.s3 import S3Store  # the SDK takes a quarter of a second, which a folder need not pay

    return S3Store(
        endpoint=endpoint.netloc,
        secure=endpoint.scheme == "https",
        access_key=settings.s3_access_key,
        secret_key=settings.s3_secret_key,
        bucket=address.netloc,
        region=settings.s3_region,
        prefix=prefix,
    )


def _bucket_problems(address: SplitResult, prefix: str) -> list[Problem]:
    problems = []
    name = address.netloc
    allowed = name.replace("-", "").replace(".", "")
    if not (3 <= len(name) <= 63 and allowed.isascii() and allowed.isalnum() and allowed == allowed.lower()):
        rule = "a bucket name must be 3 to 63 lower-case letters, digits, dots and hyphens"
        problems.append(problem(rule, name, field="VISUALNN_OBJECT_STORE", hint=_HINT))
    if prefix:
        try:
            check_key(prefix)
        except KeyInvalid as error:
            rule = f"the prefix after the bucket: {error.problems[0].rule}"
            problems.append(problem(rule, prefix, field="VISUALNN_OBJECT_STORE", hint=_HINT))
    return problems


def _server_problems(endpoint: SplitResult, settings: CommonSettings) -> list[Problem]:
    problems = []
    if endpoint.scheme not in ("http", "https") or not endpoint.netloc or endpoint.path not in ("", "/"):
        rule = "the S3 endpoint must be http:// or https:// with a host and no path"
        problems.append(problem(rule, settings.s3_endpoint, field="VISUALNN_S3_ENDPOINT"))
    for field in ("s3_access_key", "s3_secret_key"):
        if not getattr(settings, field):
            rule = "an s3:// object store needs an access key and a secret key"
            problems.append(problem(rule, "", field=f"VISUALNN_{field.upper()}"))
    return problems
