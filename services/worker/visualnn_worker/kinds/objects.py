"""Objects of an attempt: stored, read back and compared, and named in a manifest."""

import hashlib
from pathlib import Path
from typing import Any

from visualnn_shared.errors import Unavailable
from visualnn_shared.objects import ObjectStore

_BLOCK = 1 << 20
Entry = dict[str, Any]
"""{"key", "size", "sha256"}: one entry of a manifest."""


def put_verified(objects: ObjectStore, key: str, path: Path) -> Entry:
    """Store the file and read it back. Raises ``Unavailable`` where the store holds something else afterwards."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    entry: Entry = {"key": key, "size": path.stat().st_size, "sha256": digest.hexdigest()}
    objects.put_file(key, path)
    _check(objects, entry)
    return entry


def get_verified(objects: ObjectStore, entry: Entry, path: Path) -> None:
    """Fetch an object that a manifest names. Raises ``Unavailable`` where it is not what was stored."""
    _check(objects, entry)
    objects.get_file(entry["key"], path)


def _check(objects: ObjectStore, entry: Entry) -> None:
    info = objects.info(entry["key"])
    if info is None or info.size != entry["size"]:
        raise Unavailable(
            "the object store", f"{info.size if info else 'no'} bytes of {entry['size']} for {entry['key']}"
        )
    digest = hashlib.sha256()
    with objects.open(entry["key"]) as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    if digest.hexdigest() != entry["sha256"]:
        raise Unavailable("the object store", f"other bytes than were stored for {entry['key']}")
