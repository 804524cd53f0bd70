"""Labels against a net's head: what must hold for each way in which labels are used."""

from typing import Any

from visualnn_shared.datasets.schema import LabelSchema
from visualnn_shared.spec.problem import Problem, problem
from visualnn_shared.training.features import same_shape, show
from visualnn_shared.training.head import Head
from visualnn_shared.training.serving import Cast, Reshape, Step


def as_floats(head: Head, label: LabelSchema) -> tuple[Step, ...]:
    """Float labels in the output's own shape."""
    cast = (Cast(dtype="float32"),) if label.dtype != "float32" else ()
    if same_shape(head.shape, label.shape) or None in head.shape:
        return cast
    return (*cast, Reshape(shape=tuple(dim or 0 for dim in head.shape)))


def class_names(label: LabelSchema, count: int) -> tuple[str, ...]:
    names = label.classes or ()
    return (*names[:count], *(str(index) for index in range(len(names), count)))


def class_problems(head: Head, label: LabelSchema, units: int) -> list[Problem]:
    if label.n_classes is None:
        rule = f"labels must be whole numbers from 0 to {units - 1}, because {head.ref} tells {units} classes apart"
        return [problem(rule, f"{label.min:g} to {label.max:g}", field=label.name)]
    if label.n_classes > units:
        one = head.units == 1
        has = "is one sigmoid unit" if one else f"has {units} units"
        rule = f"the labels' classes must be at most {units}, because {head.ref} {has}"
        received = f"{label.n_classes} classes"
        if label.classes is None:
            received = f"{label.n_classes} classes (labels from {label.min:g} to {label.max:g})"
        hint = f"give {head.ref} {label.n_classes} units{' and the activation softmax' if one else ''}"
        if label.classes is None and label.min > 0 and label.max - label.min < units:
            hint = f"subtract {label.min:g} from the labels: classes are counted from 0"
        return [problem(rule, received, layer=head.ref.layer, field=label.name, hint=hint)]
    return []


def range_problems(label: LabelSchema, what: str) -> list[Problem]:
    if label.min >= 0 and label.max <= 1:
        return []
    return [problem(f"labels must be from 0 to 1, {what}", f"{label.min:g} to {label.max:g}", field=label.name)]


def size_problems(head: Head, label: LabelSchema) -> list[Problem]:
    """Labels must have as many values as the output."""
    if same_shape(head.shape, label.shape):
        return []
    if None not in head.shape and _size(head.shape) == _size(label.shape):
        return []
    hint = None
    if label.n_classes and head.units >= label.n_classes > 1 and same_shape(head.shape[:-1], label.shape):
        hint = f"to tell {label.n_classes} classes apart, give {head.ref} the activation softmax"
        if not head.settable:
            hint = f"end the net in a Dense of {label.n_classes} units with the activation softmax, its only output"
    rule = f"labels must have as many values as {head.ref} gives, {show(head.shape)}"
    return [problem(rule, show(label.shape), layer=head.ref.layer, field=label.name, hint=hint)]


def _size(shape: tuple[Any, ...]) -> int:
    size = 1
    for dim in shape:
        size *= dim
    return size


def pair_problems(head: Head, label: LabelSchema) -> list[Problem]:
    """A distance for each pair of samples; labels say whether the two are alike."""
    if head.activation == "softmax" or head.units != 1:
        rule = "contrastive must come with a head of one value, the distance of two samples"
        received = f"{show(head.shape)}, {head.activation}"
        return [problem(rule, received, layer=head.ref.layer, field="params.loss")]
    found = []
    if not (label.whole and label.min >= 0 and label.max <= 1):
        rule = "labels must be 1 for two that are alike and 0 for two that are not, with loss contrastive"
        found.append(problem(rule, f"{label.min:g} to {label.max:g}", field=label.name))
    return found + size_problems(head, label)


def sequence_problems(head: Head, label: LabelSchema) -> list[Problem]:
    """Symbols in their order, padded with 0, and values for each position (Graves et al. 2006)."""
    found = []
    where: dict[str, Any] = {"layer": head.ref.layer, "field": "params.loss"}
    if head.activation == "softmax":
        rule = "ctc must come with a head whose values are not bounded: it has a softmax of its own"
        found.append(problem(rule, head.activation, param="activation", hint="make it linear", **where))
    if len(head.shape) != 2 or len(label.shape) != 1:
        rule = "ctc must come with a head of positions x symbols and labels of one row of symbols for each sample"
        found.append(problem(rule, f"{show(head.shape)} and {show(label.shape)}", **where))
        return found
    if not label.whole or label.min < 0 or label.max >= head.units:
        rule = f"labels must be symbols from 1 to {head.units - 1}, padded with 0, the blank of ctc"
        found.append(problem(rule, f"{label.min:g} to {label.max:g}", field=label.name))
    if head.shape[0] is not None and head.shape[0] < label.shape[0]:
        rule = f"labels must be no longer than the {head.shape[0]} positions of {head.ref}"
        found.append(problem(rule, label.shape[0], field=label.name))
    return found
