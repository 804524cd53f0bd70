"""Does a data set fit weights that are trained already? Checked before a predict or evaluate job is queued."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from visualnn_shared.datasets.schema import PLAIN_LABELS, DatasetSchema, FeatureSchema, LabelSchema
from visualnn_shared.errors import Invalid
from visualnn_shared.spec.problem import Problem, problem
from visualnn_shared.training.features import match
from visualnn_shared.training.recipe import EvaluateParams, PredictParams
from visualnn_shared.training.serving import OneHot, Reshape, Scale, Serving, TensorSpec


@dataclass(frozen=True, slots=True)
class Fit:
    """How the data set is to be loaded and fed."""

    schema: DatasetSchema
    """For ``datasets.reading.load``: text labels are encoded by the trained net's classes, and a csv column that was
    only guessed to be the label is a feature where the net needs it."""
    features: dict[str, str]
    """Input name -> feature name."""
    labels: dict[str, str]
    """Output -> name of the labels that belong to it; of outputs that have none here nothing."""


def plan_predict(
    serving: Serving, schema: DatasetSchema | Mapping[str, Any], splits: Mapping[str, int], params: PredictParams
) -> Fit:
    """Check a predict job: features only; labels, where they fit, are kept beside the predictions. Raises Invalid."""
    schema = schema if isinstance(schema, DatasetSchema) else DatasetSchema.model_validate(schema)
    problems = _split_problems(splits, params.split)
    fitted, features, wrong = _features(serving, schema)
    problems += wrong
    if problems:
        raise Invalid("the predict job", problems)
    fitted, labels, _trouble = _labels(serving, fitted)
    return Fit(fitted, features, labels)


def plan_evaluate(
    serving: Serving, schema: DatasetSchema | Mapping[str, Any], splits: Mapping[str, int], params: EvaluateParams
) -> Fit:
    """Check an evaluate job: features, and labels that mean what the net was trained on. Raises Invalid."""
    schema = schema if isinstance(schema, DatasetSchema) else DatasetSchema.model_validate(schema)
    problems = _split_problems(splits, params.split)
    fitted, features, wrong = _features(serving, schema)
    problems += wrong
    if not fitted.labels:
        problems.append(problem("a data set must have labels to evaluate on", "none", field="dataset"))
    fitted, labels, trouble = _labels(serving, fitted)
    problems += trouble
    if problems:
        raise Invalid("the evaluate job", problems)
    return Fit(fitted, features, labels)


def _labels(serving: Serving, schema: DatasetSchema) -> tuple[DatasetSchema, dict[str, str], list[Problem]]:
    """The schema with those labels that belong to outputs and fit, as the net knows them; whose they are; problems."""
    if not schema.labels:
        return schema, {}, []
    found: dict[str, LabelSchema] = {}
    labels: dict[str, str] = {}
    problems: list[Problem] = []
    for name, own in _owned(serving, schema, problems).items():
        label, trouble = _label(serving.of(name), found.get(own.name, own))
        problems += [wrong for wrong in trouble if wrong not in problems]
        if not trouble:
            found[own.name], labels[name] = label, own.name
    return schema.with_labels(*found.values()), labels, problems


def _owned(serving: Serving, schema: DatasetSchema, problems: list[Problem]) -> dict[str, LabelSchema]:
    """Output -> its labels: those of the name that it learnt from, or what is called y. The rest go to ``problems``."""
    learnt = {spec.name: serving.meaning(spec.name).label for spec in serving.outputs}
    if len(schema.labels) == 1 and len(set(learnt.values())) == 1:
        return dict.fromkeys(learnt, schema.labels[0])
    by_name = {label.name: label for label in schema.labels}
    plain = next((label for label in schema.labels if label.plain), None)
    found = {}
    for name, wanted in learnt.items():
        any_name = wanted is None or wanted.lower() in PLAIN_LABELS
        label = by_name.get(wanted or name, plain if any_name else None)
        if label is None:
            rule = f"output {name} must have the labels that it learnt from, {wanted or name}"
            problems.append(problem(rule, f"labels {', '.join(list(by_name)[:10])}", layer=name, field="dataset"))
        else:
            found[name] = label
    return found


def _split_problems(splits: Mapping[str, int], wanted: str) -> list[Problem]:
    if wanted == "all" or wanted in splits:
        return []
    hint = f"it has {', '.join(splits)}; use that, or all"
    return [problem("the data set must have the split", wanted, field="params.split", hint=hint)]


def _features(serving: Serving, schema: DatasetSchema) -> tuple[DatasetSchema, dict[str, str], list[Problem]]:
    wanted = {spec.name: spec.shape for spec in serving.inputs}
    features, problems = match(wanted, schema.features)
    guessed = schema.label is not None and schema.label.by == "position"
    if problems and guessed:  # perhaps the last column of the csv is no label after all
        bare = without_label(schema)
        again, still = match(wanted, bare.features)
        if not still:
            schema, features, problems = bare, again, still
    by_name = {feature.name: feature for feature in schema.features}
    for spec in serving.inputs:
        if spec.name in features:
            feature = by_name[features[spec.name]]
            problems += _dtype_problems(spec, feature)
            if feature.missing and not serving.may_miss(spec.name):
                rule = f"values of {feature.name} must not be missing: the net learned no step that fills them"
                columns = ", ".join(feature.missing_in)
                received = f"{feature.missing:,} missing{f' in the columns {columns}' if columns else ''}"
                hint = 'train with preprocessing that begins with {"step": "fill"}'
                problems.append(problem(rule, received, field=feature.name, hint=hint))
    return schema, features, problems


def without_label(schema: DatasetSchema) -> DatasetSchema:
    """A csv whose last column is a feature like the others. Needs a single feature and a label by position."""
    label = schema.label
    if label is None or len(schema.features) != 1:
        return schema
    one = schema.features[0]
    wider = FeatureSchema(
        name=one.name, shape=(one.shape[0] + 1,), dtype=one.dtype, whole=one.whole and label.whole,
        min=min(one.min, label.min), max=max(one.max, label.max), missing=one.missing, missing_in=one.missing_in,
    )  # fmt: skip
    return schema.model_copy(update={"features": (wider,), "labels": ()})


def _dtype_problems(spec: TensorSpec, feature: FeatureSchema) -> list[Problem]:
    """Numbers must mean what they meant in training: 8-bit pictures are scaled, whole numbers may be tokens."""
    if (spec.dtype == "text") != (feature.dtype == "text"):
        rule = f"{feature.name} must hold {'texts' if spec.dtype == 'text' else 'numbers'}, as the net was trained on"
        return [problem(rule, feature.dtype, field=feature.name)]
    if spec.dtype == "uint8" and not (feature.whole and feature.min >= 0 and feature.max <= 255):
        rule = f"{feature.name} must hold whole numbers from 0 to 255, as the net was trained on"
        hint = "give the pictures as they were before scaling"
        received = f"{feature.dtype} from {feature.min:g} to {feature.max:g}"
        return [problem(rule, received, field=feature.name, hint=hint)]
    if spec.dtype in ("int32", "int64", "bool") and not feature.whole:
        rule = f"{feature.name} must hold whole numbers, as the net was trained on"
        return [problem(rule, f"{feature.min:g} to {feature.max:g}", field=feature.name)]
    return []


def _label(serving: Serving, label: LabelSchema) -> tuple[LabelSchema, list[Problem]]:
    """The label as the net knows it."""
    where = label.name
    if serving.classes is None:
        if label.classes is not None:
            return label, [problem("labels must be numbers, as the net was trained on", "text", field=where)]
        return label, _shape_problems(serving, label)
    if label.classes is not None:
        unknown = [name for name in label.classes if name not in serving.classes]
        known = label.model_copy(update={"classes": serving.classes, "n_classes": len(serving.classes)})
        if unknown:
            rule = f"labels must be among the net's classes ({', '.join(serving.classes[:20])})"
            return known, [problem(rule, unknown[:20], field=where)]
        return known, _shape_problems(serving, known)
    if serving.scores_by == "margin":
        return label, _sign_problems(serving, label) or _shape_problems(serving, label)
    if (not label.shape or not _rows(serving)) and (label.n_classes is None or label.n_classes > len(serving.classes)):
        rule = f"labels must be whole numbers from 0 to {len(serving.classes) - 1}"
        return label, [problem(rule, f"{label.min:g} to {label.max:g}", field=where)]
    return label, _shape_problems(serving, label)


def _sign_problems(serving: Serving, label: LabelSchema) -> list[Problem]:
    """Labels of a net whose sign tells must be what they were: 0 and 1, or -1 and 1."""
    ends = {-1, 1} if any(isinstance(step, Scale) for step in serving.labels) else {0, 1}
    if label.whole and {label.min, label.max} <= ends:
        return []
    rule = f"labels must be {min(ends)} and 1, as the net was trained on"
    return [problem(rule, f"{label.min:g} to {label.max:g}", field=label.name)]


def _rows(serving: Serving) -> bool:
    """Whether training took the labels as rows of shares."""
    return not any(isinstance(step, OneHot) or getattr(step, "dtype", None) == "int32" for step in serving.labels)


def _shape_problems(serving: Serving, label: LabelSchema) -> list[Problem]:
    output = serving.outputs[0].shape
    if serving.task == "sequence" and len(label.shape) == 1:
        return []
    by_class = serving.task == "classification" and not _rows(serving)
    wanted = output[:-1] if by_class else output
    sizes = _size(wanted), _size(label.shape)
    reshaped = any(isinstance(step, Reshape) for step in serving.labels)
    if wanted == label.shape or (reshaped and sizes[0] == sizes[1]) or (not by_class and sizes[0] == sizes[1]):
        return []
    rule = f"labels must have the shape {list(wanted)}"
    return [problem(rule, list(label.shape), field=label.name)]


def _size(shape: tuple[int | None, ...]) -> int:
    size = 1
    for dim in shape:
        size *= dim or 1
    return size
