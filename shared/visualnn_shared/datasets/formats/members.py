"""What the arrays of an npz are called: which split, and whether features or labels.

``x_train``, ``y_train``, ``x_test``, ``y_test`` (or ``train_images``, ``test_labels``, ...); ``x`` and ``y`` alone are
the training split; any other name is a further input: ``x_train_left``, ``left_train``, ``x_left``, ``left``. A name
that speaks of labels and more (``y_age``, ``age_label``) is neither: labels are one array, and an input begins with x.
"""

import re
from dataclasses import dataclass
from typing import Literal

_FEATURES = {"x", "data", "images", "features", "inputs", "input"}
_LABELS = {"y", "label", "labels", "target", "targets", "class"}
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
    if head in _LABELS and len(rest) == 1:
        return Member(array, split, "label", rest[0])
    if head in _FEATURES:
        return Member(array, split, "feature", "_".join(rest[1:]) or DEFAULT_FEATURE)
    return Member(array, split, "feature", "_".join(rest))


def unclear(member: Member) -> bool:
    """Whether an input is called as if it were labels, which would teach a net from its answers."""
    words = [word.lower() for word in re.split(r"[_.\-]", member.array) if word and word.lower() not in _SPLITS]
    return words[0] not in _FEATURES and (words[0] in _LABELS or words[-1] in _LABELS - {"y"})
