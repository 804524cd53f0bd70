"""A data set in memory."""

from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Split:
    """Samples along the first axis of every array."""

    x: dict[str, NDArray[Any]]
    labels: dict[str, NDArray[Any]] = field(default_factory=dict)
    """By name, as the schema lists them; most data sets have one array, some none."""

    @property
    def y(self) -> NDArray[Any] | None:
        """The first labels, None where there are none."""
        return next(iter(self.labels.values()), None)

    def part(self, which: slice) -> "Split":
        """These samples."""
        return Split(
            {name: array[which] for name, array in self.x.items()},
            {name: array[which] for name, array in self.labels.items()},
        )

    def __len__(self) -> int:
        return len(next(iter(self.x.values())))


@dataclass(frozen=True, slots=True)
class Data:
    splits: dict[str, Split]
    """"train", and "test" where the file has one."""
