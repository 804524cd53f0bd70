"""The label part of a schema, from what was seen of the labels."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visualnn_shared.datasets.findings import Findings
from visualnn_shared.datasets.limits import Limits
from visualnn_shared.datasets.schema import By, DType, LabelSchema
from visualnn_shared.datasets.statistics import Statistics


def text_label(name: str, shape: tuple[int, ...], classes: Sequence[str], by: By = "name") -> LabelSchema:
    """Labels that are names of classes, loaded as indexes into ``classes``."""
    count = len(classes)
    return LabelSchema(
        name=name, shape=shape, dtype="int32", kind="class", classes=tuple(classes), n_classes=count,
        min=0, max=max(0, count - 1), whole=True, by=by,
    )  # fmt: skip


def number_label(
    name: str, shape: tuple[int, ...], dtype: DType, seen: Statistics, limits: Limits, by: By = "name"
) -> LabelSchema:
    """Labels that are numbers: classes, real numbers, or open (see LabelSchema)."""
    as_class = seen.whole and seen.min >= 0 and seen.max < limits.class_index
    integer = dtype in ("int32", "int64", "uint8")
    return LabelSchema(
        name=name, shape=shape, dtype=dtype, kind="class" if as_class and integer else "real",
        n_classes=int(seen.max) + 1 if as_class else None,
        min=seen.min, max=seen.max, whole=seen.whole, by=by,
    )  # fmt: skip


def encode(values: NDArray[Any], classes: tuple[str, ...]) -> NDArray[np.int32]:
    """Text labels as indexes into ``classes``. Raises DatasetInvalid for a text that is no class."""
    found, where = np.unique(values, return_inverse=True)
    texts = [bytes(t).decode("utf-8") if isinstance(t, bytes) else str(t) for t in found]
    index = {name: number for number, name in enumerate(classes)}
    unknown = [text for text in texts if text not in index]
    if unknown:
        findings = Findings()
        findings.add(f"labels must be among the classes {', '.join(classes[:20])}", unknown[:20])
        findings.raise_any()
    codes = np.array([index[text] for text in texts], np.int32)
    return codes[where].reshape(values.shape)
