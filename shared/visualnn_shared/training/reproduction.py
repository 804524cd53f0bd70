"""What a training depended on, kept with its result; and two such records side by side."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

RECORD = "run.json"
"""The record's name among the files of a train job."""


class RunRecord(BaseModel):
    """Everything that decides how a training ends, and what it ended with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    versions: dict[str, str]
    """Of Python, VisualNN, Keras, its backend and NumPy."""
    backend: str
    device: str
    devices: int = 1
    """Among how many of them each batch was shared out."""
    machine: str
    """Kind of processor and operating system."""
    threads: int
    seed: int
    params: dict[str, Any]
    """The complete recipe."""
    spec_sha256: str
    dataset_sha256: str
    weights_sha256: str
    """Of every tensor of the result: name, type, shape and bytes, in the order of names."""
    metrics: dict[str, float] = Field(default_factory=dict)


class Difference(BaseModel):
    """One thing that the two runs do not share."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    what: str
    before: Any
    after: Any


Verdict = Literal["identical", "equal", "different"]
CLOSE = 1e-6
"""Metrics that differ by less, relatively, count as equal."""


def compare(before: RunRecord, after: RunRecord) -> tuple[Verdict, list[Difference], list[Difference]]:
    """(verdict, what differed in the conditions, what differs in the result).

    identical: the same weights bit for bit; equal: the same metrics but for rounding.
    """
    conditions = _flat(before.model_dump(exclude={"metrics", "weights_sha256"}))
    others = _flat(after.model_dump(exclude={"metrics", "weights_sha256"}))
    causes = _differences(conditions, others)
    if before.weights_sha256 == after.weights_sha256:
        return "identical", causes, []
    results = _differences(before.metrics, after.metrics)
    far = [one for one in results if not _close(one.before, one.after)]
    return ("different" if far else "equal"), causes, results


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    names = [*before, *(name for name in after if name not in before)]
    return [
        Difference(what=name, before=before.get(name), after=after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    ]


def _close(one: Any, other: Any) -> bool:
    numbers = isinstance(one, int | float) and isinstance(other, int | float)
    return numbers and abs(one - other) <= CLOSE * max(abs(one), abs(other))


def _flat(record: Mapping[str, Any], lead: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in record.items():
        if isinstance(value, Mapping) and lead == "":
            found |= _flat(value, f"{name}.")
        else:
            found[f"{lead}{name}"] = value
    return found
