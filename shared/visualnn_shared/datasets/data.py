"""A data set in memory."""

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Split:
    """Samples along the first axis of every array."""

    x: dict[str, NDArray[Any]]
    y: NDArray[Any] | None

    def __len__(self) -> int:
        return len(next(iter(self.x.values())))


@dataclass(frozen=True, slots=True)
class Data:
    splits: dict[str, Split]
    """"train", and "test" where the file has one."""
