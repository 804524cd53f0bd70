"""What was seen of a training until its end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from visualnn_shared.training.recipe import TrainParams

Points = Sequence[Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Seen:
    """Points and looks in order; a point has ``step``, ``epoch``, ``time``, ``learning_rate`` and the values told."""

    job: str = ""
    params: TrainParams | None = None
    """None where nothing was trained: the rest is empty then."""
    epochs: Points = ()
    batches: Points = ()
    looks: Sequence[Mapping[str, Any]] = ()
    found: Mapping[str, float] | None = None
    """What the trained net came to on the samples that judge it."""
