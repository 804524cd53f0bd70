"""One module or package a format, found by listing this folder.

Each has ``NAME, TITLE, EXTENSIONS, MEDIA_TYPE, CARRIES_WEIGHTS``, ``sniff(data)``, and where it can
``read(data, report, **options)`` and ``write(spec, weights, report)``.
"""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from visualnn_shared.catalogue.kinds import closest
from visualnn_shared.errors import Invalid, TooLarge
from visualnn_shared.spec.problem import problem

LARGEST_FILE = 32 * 2**20
"""Bytes of a model file without weights; the largest published ones are below 3 MB."""


def largest(module: ModuleType) -> int:
    """Bytes that a file of this format may have: more than others where weights are inside."""
    found: int = getattr(module, "LARGEST_FILE", LARGEST_FILE)
    return found


@cache
def formats() -> Mapping[str, ModuleType]:
    """Every format by name."""
    found = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    return {module.NAME: module for module in sorted(found, key=lambda module: module.NAME)}


def reads(module: ModuleType) -> bool:
    """Whether files of this format can be read."""
    return hasattr(module, "read")


def writes(module: ModuleType) -> bool:
    """Whether files of this format can be written."""
    return hasattr(module, "write")


def worker_writes(module: ModuleType) -> bool:
    """Whether files of this format are made where Keras is: by export jobs, and by ``visualnn convert``."""
    return bool(getattr(module, "BY_WORKER", False))


def describe() -> list[dict[str, Any]]:
    """What ``GET /formats`` answers."""
    return [
        {
            "name": module.NAME,
            "title": module.TITLE,
            "extensions": list(module.EXTENSIONS),
            "reads": reads(module),
            "writes": writes(module),
            "worker_writes": worker_writes(module),
            "carries_weights": module.CARRIES_WEIGHTS,
        }
        for module in formats().values()
    ]


def named(name: str, field: str) -> ModuleType:
    """The format of this name. Raises ``Invalid``; ``field`` is where the name came from."""
    module = formats().get(name)
    can = writes if field == "target" else reads
    if module is not None and can(module):
        return module
    allowed = [known for known, one in formats().items() if can(one)]
    verb = "written" if field == "target" else "read"
    rule = f"{field} must be a format that can be {verb}: {', '.join(allowed)}"
    hint = closest(name, allowed)
    if module is not None and field == "target" and worker_writes(module):
        hint = "a worker makes it: POST /jobs with the kind export; or, with Keras here: visualnn convert"
    raise Invalid("the request", [problem(rule, name, field=field, hint=hint)])


def _by_ending(filename: str | None) -> ModuleType | None:
    """The one format whose files end so, where such files can be read."""
    found = [
        module
        for module in formats().values()
        if reads(module) and filename is not None and filename.endswith(tuple(module.EXTENSIONS))
    ]
    return found[0] if len(found) == 1 else None


def sniffed(data: bytes, filename: str | None) -> ModuleType:
    """The format of a file's content. Raises ``Invalid`` where none recognises it, ``TooLarge``."""
    for module in formats().values():
        if len(data) <= largest(module) and module.sniff(data):
            return named(module.NAME, "source")
    meant = _by_ending(filename)
    if meant is not None:  # its reader says what is wrong with the file
        return meant
    if len(data) > LARGEST_FILE:
        raise TooLarge("a model file without weights (bytes)", LARGEST_FILE, len(data))
    readable = [module.TITLE for module in formats().values() if reads(module)]
    begins = data[:40].decode("utf-8", "replace")
    hint = "name the format if this is one of them"
    rule = f"the file must be one of {', '.join(readable)}"
    what = f"the file {filename!r}" if filename else "the file"
    raise Invalid(what, [problem(rule, begins, field="file", hint=hint)])
