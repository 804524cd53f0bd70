"""What the arrays of an npz are called: which split, and whether features or labels.

``x_train``, ``y_train``, ``x_test``, ``y_test`` (or ``train_images``, ``test_labels``, ...); ``x`` and ``y`` alone are
the training split; any other name is a further input: ``x_train_left``, ``left_train``, ``x_left``, ``left``. A name
that speaks of labels and more is labels of one output's own: ``y_train_age``, ``y_age`` and ``age_label`` are
called ``age``.
"""

import re
from dataclasses import dataclass
from typing import Literal

from visualnn_shared.datasets.schema import PLAIN_LABELS

_FEATURES = {"x", "data", "images", "features", "inputs", "input"}
_SPLITS = {"train": "train", "training": "train", "test": "test", "testing": "test"}
_ELSEWHERE = {"val", "valid", "validation", "dev", "eval"}
DEFAULT_FEATURE = "x"


@dataclass(frozen=True, slots=True)
class Member:
    """The place of one array in the data set."""

    array: str
    """The array's own name in the file."""
    split: str
    role: Literal["feature", "label"]
    name: str
    """Of the feature, or of the label."""

    @property
    def key(self) -> tuple[str, str]:
        """What is the same in both splits: y_train and labels_test are the same labels."""
        return label_key(self.name) if self.role == "label" else (self.role, self.name)


def label_key(name: str) -> tuple[str, str]:
    """The key of the arrays that hold these labels."""
    return "label", "" if name.lower() in PLAIN_LABELS else name


def place(array: str) -> Member | str:
    """Where the array belongs, or the rule that its name breaks."""
    words = re.split(r"[_.\-]", array)
    marks = [word for word in words if word.lower() in _SPLITS]
    if any(word.lower() in _ELSEWHERE for word in words):
        return "the splits must be train and test (a part of train is set aside by validation_split)"
    if len(marks) > 1:
        return "an array's name must name one split"
    split = _SPLITS[marks[0].lower()] if marks else "train"
    rest = [word for word in words if word not in marks]
    if not any(rest):
        return "an array's name must say what it holds, as in x_train and y_train"
    head = rest[0].lower()
    if head in PLAIN_LABELS:
        return Member(array, split, "label", "_".join(rest[1:]) or rest[0])
    if head in _FEATURES:
        return Member(array, split, "feature", "_".join(rest[1:]) or DEFAULT_FEATURE)
    if rest[-1].lower() in PLAIN_LABELS - {"y"}:  # pos_y is one of two coordinates
        return Member(array, split, "label", "_".join(rest[:-1]))
    return Member(array, split, "feature", "_".join(rest))
