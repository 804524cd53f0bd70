"""Parquet: a table, whose columns are numbers, vectors (lists of one length), pictures (PNG, JPEG) and a label.

The label is the column of that name (label, target, class, y), else the last one; a column ``split`` says train or
test. Where the last columns, two at least, are named ``y_OUTPUT`` or ``OUTPUT_label``, each is the label of an output.
Numbers together are the input ``x``, as in a csv; a vector or a picture is an input of its own.

The file is opened by a process of its own (``parquet_child``), which writes an npz.
"""

from pathlib import Path

from visualnn_shared.datasets.formats import outside
from visualnn_shared.datasets.limits import LIMITS, Limits

NAME = "parquet"
TITLE = "Parquet"
EXTENSIONS = (".parquet", ".pq")
RANK = 0
_MAGIC = b"PAR1"


def sniff(path: Path, start: bytes) -> bool:  # noqa: ARG001 - the form that all formats share
    """By the format's own first bytes."""
    return start.startswith(_MAGIC)


def pack(source: Path, target: Path, limits: Limits = LIMITS) -> tuple[str, ...]:
    """Write the npz of the table at ``source``; notes. Raises DatasetInvalid."""
    return outside.packed(f"{__package__}.parquet_child", TITLE, source, target, limits)
