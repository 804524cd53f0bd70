"""A table of what becomes of model files in other formats: ``python tools/outcomes.py FILE... [--to keras,onnx]``.

A file that cannot be read is a line with its first problem; a format that cannot say a net counts the obstacles, and
the first one is below the table. Nothing is written. Status 1 where a conversion ends in anything but an answer or a
listed problem.
"""

import argparse
import sys
import traceback
from pathlib import Path
from typing import Any

from visualnn_converter import conversion
from visualnn_shared.analysis.summary import summary
from visualnn_shared.errors import VisualNNError
from visualnn_shared.spec.model import Spec

ONLY_WEIGHTS = "weights must be given"


def first_of(error: VisualNNError) -> str:
    """The first problem in a line."""
    return str(error.problems[0])[:200] if error.problems else error.detail


def cell(spec: Spec, target: str, notes: list[str], name: str) -> str:
    """What becomes of a net in a format."""
    try:
        made = conversion.write(spec, target)
    except VisualNNError as error:
        true = [one for one in error.problems if not one.rule.startswith(ONLY_WEIGHTS)]
        if not true and error.problems:
            return "with weights"
        notes.append(f"{name} to {target}: {str(true[0])[:200] if true else error.detail}")
        return f"{max(len(true), 1)} obstacle{'s' if len(true) > 1 else ''}"
    return f"{len(made.report.mapped)} layers"


def read(path: Path, shape: Any) -> tuple[Spec, Any]:
    """The file's net; ``shape`` is used only where the file does not say enough to be read without it."""
    try:
        spec, _, report = conversion.read(path.read_bytes(), filename=path.name)
    except VisualNNError:
        if shape is None:
            raise
        spec, _, report = conversion.read(path.read_bytes(), filename=path.name, input_shape=shape)
    return spec, report


def row(path: Path, targets: list[str], shape: Any, notes: list[str]) -> tuple[list[str], bool]:
    """A file's line, and whether everything in it was an answer or a listed problem."""
    name = f"{path.parent.name}/{path.name}"
    try:
        spec, report = read(path, shape)
    except VisualNNError as error:
        notes.append(f"{name}: {first_of(error)}")
        return [name, "not read", "", *("" for _ in targets)], True
    except Exception:  # noqa: BLE001 - what this tool is to find
        notes.append(f"{name}: {traceback.format_exc(limit=-1).strip().splitlines()[-1]}")
        return [name, "FAILED", "", *("" for _ in targets)], False
    cells, fine = [], True
    for target in targets:
        try:
            cells.append(cell(spec, target, notes, name))
        except Exception:  # noqa: BLE001 - as above
            notes.append(f"{name} to {target}: {traceback.format_exc(limit=-1).strip().splitlines()[-1]}")
            cells.append("FAILED")
            fine = False
    return [name, report.source, _params(spec), *cells], fine


def _params(spec: Spec) -> str:
    try:
        return f"{summary(spec).params:,}"
    except VisualNNError:
        return "?"


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--to", help="formats, with commas between; all that are written without it")
    parser.add_argument("--input-shape", help="height,width,channels of inputs that a file does not say")
    asked = parser.parse_args()
    known = [one["name"] for one in conversion.formats() if one["writes"] and one["name"] != "native"]
    targets = asked.to.split(",") if asked.to else known
    shape = [int(n) for n in asked.input_shape.split(",")] if asked.input_shape else None
    notes: list[str] = []
    rows = [row(path, targets, shape, notes) for path in sorted(asked.files)]
    print("| file | read as | parameters | " + " | ".join(targets) + " |")
    print("|---|---|---:|" + "---|" * len(targets))
    for cells, _ in rows:
        print("| " + " | ".join(cells) + " |")
    print()
    for text in notes:
        print(f"- {text}")
    return 0 if all(fine for _, fine in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
