"""Opening an uploaded data set: which format it is, what it holds, and its arrays."""

import re
from dataclasses import dataclass
from pathlib import Path

from visualnn_shared.datasets.data import Data, Split
from visualnn_shared.datasets.findings import Findings
from visualnn_shared.datasets.formats import csv, images, listed, npz
from visualnn_shared.datasets.formats.pixels import Size
from visualnn_shared.datasets.limits import LIMITS, Limits
from visualnn_shared.datasets.schema import DatasetSchema, Splits

__all__ = ["FORMATS", "Data", "Inspected", "Split", "inspect", "load", "settled"]

FORMATS = listed()
_BY_NAME = csv.RANK - 1
"""From this rank on a file's ending must be a format's own: the content of a text says too little."""
_SIZE = re.compile(r"(\d{1,5})\s*[x×,]\s*(\d{1,5})")


@dataclass(frozen=True, slots=True)
class Inspected:
    """What an upload turned out to be."""

    format: str
    schema: DatasetSchema
    splits: Splits
    packed: Path | None = None
    """The npz that is kept in its place, beside the file; None where the file itself is kept."""


def inspect(
    path: Path, filename: str, format: str | None = None, limits: Limits = LIMITS, picture_size: str | None = None
) -> Inspected:
    """Look at every value of the file at ``path`` once. ``filename`` is the user's; ``format`` is sniffed if not given.

    ``picture_size`` (``64x64``) is what pictures of several sizes are brought to. Raises DatasetInvalid with every
    problem.
    """
    name, size = settled(path, filename, format, picture_size)
    module = FORMATS[name]
    if hasattr(module, "inspect"):
        schema, splits = module.inspect(path, limits)
        return Inspected(name, schema, splits)
    packed = path.with_name(f"{path.name}.npz")
    notes = module.pack(path, packed, limits, **({} if size is None else {"size": size}))
    schema, splits = npz.inspect(packed, limits)
    return Inspected(name, schema.model_copy(update={"notes": (*schema.notes, *notes)}), splits, packed)


def settled(
    path: Path, filename: str, format: str | None = None, picture_size: str | None = None
) -> tuple[str, Size | None]:
    """The format that a file is read as, and what size its pictures are brought to. Raises DatasetInvalid."""
    name = _format(path, filename, format)
    return name, _picture_size(name, picture_size, filename)


def load(path: Path, format: str, schema: DatasetSchema, limit: int | None = None) -> Data:
    """The arrays of an inspected file, or the first ``limit`` samples of each split.

    ``schema`` is what ``inspect`` gave, or that changed by a plan: without its label (a csv's last column is a feature
    then), or with another net's class names to encode text labels by. Raises DatasetInvalid.
    """
    module = FORMATS[format]
    data: Data = (module if hasattr(module, "load") else npz).load(path, schema, limit)
    return data


def _picture_size(format: str, given: str | None, filename: str) -> Size | None:
    if given is None:
        return None
    findings = Findings()
    match = _SIZE.fullmatch(given.strip())
    if match is None or not all(1 <= int(one) <= 4096 for one in match.groups()):
        rule = "picture_size must be a height and a width from 1 to 4096, as in 64x64"
        findings.add(rule, given[:50], field="picture_size")
    elif format != images.NAME:
        findings.add("picture_size must come with a zip of pictures only", format, field="picture_size")
    findings.raise_any(filename)
    assert match is not None
    return int(match[1]), int(match[2])


def _format(path: Path, filename: str, given: str | None) -> str:
    findings = Findings()
    names = ", ".join(sorted(FORMATS))
    if given is not None and given not in FORMATS:
        findings.add(f"the format must be one of {names}", given[:100], field="format")
        findings.raise_any(filename)
    if given is not None:
        return given
    with path.open("rb") as file:
        start = file.read(4096)
    if not start:
        findings.add("a data set must not be empty", "an empty file")
    extension = Path(filename.lower()).suffix
    for name, module in FORMATS.items():
        may_be = extension in module.EXTENSIONS or module.RANK < _BY_NAME
        if start and may_be and module.sniff(path, start):
            return name
    if not findings:
        endings = sorted({ending for module in FORMATS.values() for ending in module.EXTENSIONS if ending})
        hint = f"name the format, or the file with one of {', '.join(endings)}"
        findings.add(f"a data set must be in a known format ({names})", filename[:200], hint=hint)
    findings.raise_any(filename)
    raise AssertionError("unreachable")
