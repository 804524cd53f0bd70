"""The handwritten digits that come with scikit-learn, as a data set file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
_TEST_SHARE = 0.2
_SEED = 7


@dataclass(frozen=True, slots=True)
class Digits:
    """8-bit pictures (n, 8, 8) and labels 0-9, in a training and a test part."""

    x_train: Array
    y_train: Array
    x_test: Array
    y_test: Array

    def save(self, path: Path) -> None:
        """As an npz file."""
        np.savez_compressed(path, x_train=self.x_train, y_train=self.y_train, x_test=self.x_test, y_test=self.y_test)


def load_digits() -> Digits:
    """1,797 digits of the UCI test set, split 80 : 20 with the same share of each digit in both parts.

    The originals count dark pixels of 4 x 4 blocks, 0-16; here they are stretched to 0-255, so that they are what their
    type says, 8-bit pictures, and the platform scales them as such.
    """
    from sklearn import datasets
    from sklearn.model_selection import train_test_split

    found = datasets.load_digits()
    pictures = np.rint(found.images * (255 / 16)).astype(np.uint8)
    labels = found.target.astype(np.int64)
    x_train, x_test, y_train, y_test = train_test_split(
        pictures, labels, test_size=_TEST_SHARE, stratify=labels, random_state=_SEED
    )
    return Digits(x_train, y_train, x_test, y_test)
