"""Writes the small data sets that come with the platform: ``python tools/bundle_datasets.py FOLDER``.

From scikit-learn, split 80 : 20 with the same share of each class in both parts. Run once; the tests compare the files
with what scikit-learn gives.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SEED = 7
TEST_SHARE = 0.2
NAMES = ("digits", "iris", "wine", "breast_cancer", "diabetes")


def arrays(name: str) -> dict[str, NDArray[Any]]:
    """``x_train``, ``y_train``, ``x_test``, ``y_test`` of one data set."""
    from sklearn import datasets
    from sklearn.model_selection import train_test_split

    found = getattr(datasets, f"load_{name}")()
    x, y = found.data, found.target
    if name == "digits":  # dark pixels of 4 x 4 blocks, 0 to 16: stretched to what 8-bit pictures hold
        x = np.rint(found.images * (255 / 16)).astype(np.uint8)
    y = y.astype(np.float64 if name == "diabetes" else np.int64)
    stratify = None if name == "diabetes" else y
    parts = train_test_split(x, y, test_size=TEST_SHARE, stratify=stratify, random_state=SEED)
    return dict(zip(("x_train", "x_test", "y_train", "y_test"), parts, strict=True))


def main() -> None:
    folder = Path(sys.argv[1])
    for name in NAMES:
        np.savez_compressed(folder / f"{name}.npz", **arrays(name))  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
