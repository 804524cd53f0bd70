"""Opening an uploaded data set: which format it is, what it holds, and its arrays."""

from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from visualnn_shared.datasets.data import Data, Split
from visualnn_shared.datasets.findings import Findings
from visualnn_shared.datasets.formats import csv, npz
from visualnn_shared.datasets.schema import DatasetSchema, Splits

__all__ = ["FORMATS", "Data", "Inspected", "Split", "inspect", "load"]

FORMATS: dict[str, ModuleType] = {npz.NAME: npz, csv.NAME: csv}


@dataclass(frozen=True, slots=True)
class Inspected:
    """What an upload turned out to be."""

    format: str
    schema: DatasetSchema
    splits: Splits


def inspect(path: Path, filename: str, format: str | None = None) -> Inspected:
    """Look at every value of the file at ``path`` once. ``filename`` is the user's; ``format`` is sniffed if not given.

    Raises DatasetInvalid with every problem.
    """
    name = _format(path, filename, format)
    schema, splits = FORMATS[name].inspect(path)
    return Inspected(name, schema, splits)


def load(path: Path, format: str, schema: DatasetSchema, limit: int | None = None) -> Data:
    """The arrays of an inspected file, or the first ``limit`` samples of each split.

    ``schema`` is what ``inspect`` gave, or that changed by a plan: without its label (a csv's last column is a feature
    then), or with another net's class names to encode text labels by. Raises DatasetInvalid.
    """
    data: Data = FORMATS[format].load(path, schema, limit)
    return data


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
        if start and module.sniff(start) and (extension in module.EXTENSIONS or name == npz.NAME):
            return name
    if not findings:
        hint = (
            f"name the format, or the file with one of {', '.join(e for m in FORMATS.values() for e in m.EXTENSIONS)}"
        )
        findings.add(f"a data set must be in a known format ({names})", filename[:200], hint=hint)
    findings.raise_any(filename)
    raise AssertionError("unreachable")
