"""What the zoo knows of a network without building it."""

from collections.abc import Callable
from dataclasses import dataclass

from visualnn_shared.spec.model import Spec


@dataclass(frozen=True, slots=True)
class Network:
    """One network: what lists show of it, and the function that builds its spec, whose docstring describes it.

    ``classes`` is the number of classes it tells apart, None where its output is no choice between classes. ``paper``
    is where it comes from, as ``Authors (year): Title``; None where there is no paper.
    """

    title: str
    group: str
    build: Callable[[], Spec]
    classes: int | None = None
    paper: str | None = None

    @property
    def doc(self) -> str:
        """The builder's docstring in one line."""
        return " ".join((self.build.__doc__ or "").split())
