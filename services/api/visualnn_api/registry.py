"""The registry of operators, read and changed."""

from typing import BinaryIO

from anyio import to_thread
from sqlalchemy.orm import Session
from visualnn_shared.errors import NotFound
from visualnn_shared.objects import ObjectStore
from visualnn_shared.store import operators
from visualnn_shared.store.database import Database

from visualnn_api.downloads import File
from visualnn_api.registration import read
from visualnn_api.views.common import Listing, listing
from visualnn_api.views.operators import OperatorView, operator_view


def listed(s: Session, owner: str, cursor: str | None, limit: int, model: str | None) -> Listing[OperatorView]:
    """Each operator as its newest ready version."""
    page = operators.page(s, owner, cursor, limit, model_id=model)
    newest = operators.newest(s, list(page.items))
    aliases = operators.aliases(s, [operator.id for operator in page.items])
    return listing([operator_view(one, newest[one.id], aliases[one.id]) for one in page.items], page)


def listed_versions(s: Session, owner: str, name: str, cursor: int | None, limit: int) -> Listing[OperatorView]:
    operator = operators.get(s, owner, name)
    page = operators.versions(s, owner, name, cursor, limit)
    aliases = operators.aliases(s, [operator.id])[operator.id]
    return listing([operator_view(operator, row, aliases) for row in page.items], page)


def pointed(s: Session, owner: str, name: str, alias: str, number: int) -> OperatorView:
    """The version that the alias names from now on. Raises NotFound."""
    operators.set_alias(s, owner, name, alias, number)
    return read(s, owner, name, number)


async def remove(db: Database, objects: ObjectStore, owner: str, name: str) -> None:
    """The rows first, then the objects: a crash between the two leaves bytes, never a row without its bytes."""
    operator_id = await db.run(operators.delete, owner, name)
    await to_thread.run_sync(_remove_objects, objects, operator_id)


def _remove_objects(objects: ObjectStore, operator_id: str) -> None:
    for found in list(objects.list(f"operators/{operator_id}/")):
        objects.delete(found.key)


async def network(db: Database, objects: ObjectStore, owner: str, name: str, number: int) -> File:
    """A version's ONNX file to download. Raises NotFound."""
    row = await db.read(operators.version, owner, name, number)
    found = await to_thread.run_sync(objects.info, row.onnx_key)
    if found is None:
        raise NotFound(f"file of operator {name}", number)

    def reader(start: int, length: int) -> BinaryIO:
        return objects.open(row.onnx_key, start, length)

    return File(f"{name}-{number}.onnx", "application/octet-stream", found.size, row.onnx_sha256, reader)
