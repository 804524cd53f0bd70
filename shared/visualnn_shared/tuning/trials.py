"""What is known of a trial, free of any database: what samplers, pruners and reports look at."""

from collections.abc import Sequence
from dataclasses import dataclass

from visualnn_shared.store.tables import Trial
from visualnn_shared.training.recipe import TuneParams
from visualnn_shared.training.space import Values
from visualnn_shared.training.stopping import higher_is_better

OPEN = frozenset({"queued", "running"})
"""States of trials whose job has not ended."""


@dataclass(frozen=True, slots=True)
class Told:
    """One trial."""

    number: int
    values: Values
    state: str
    value: float | None = None
    epochs: tuple[tuple[int, float], ...] = ()
    """(epoch, value), epochs growing."""

    def best_until(self, epoch: int, higher: bool) -> float | None:
        """The best value reported up to this epoch; None where it has not got so far."""
        if not self.epochs or self.epochs[-1][0] < epoch:
            return None
        seen = [value for at, value in self.epochs if at <= epoch] or [self.epochs[0][1]]
        return max(seen) if higher else min(seen)


def told(row: Trial) -> Told:
    epochs = tuple((int(epoch), float(value)) for epoch, value in row.epochs)
    return Told(row.number, row.values, row.state, row.value, epochs)


def monitored(params: TuneParams) -> str:
    """The metric that is improved."""
    return params.monitor or "val_loss"


def best(trials: Sequence[Told], higher: bool) -> Told | None:
    """The complete trial with the best value, the earliest of several."""
    ended = [one for one in trials if one.state == "complete" and one.value is not None]
    if not ended:
        return None
    return min(ended, key=lambda one: (-(one.value or 0.0) if higher else one.value or 0.0, one.number))


def upwards(params: TuneParams) -> bool:
    """Whether more of the monitored metric is better."""
    return higher_is_better(monitored(params))
