"""Features of a data set to inputs of a net: which goes where, and the preprocessing between them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import permutations

from visualnn_shared.analysis.walk import Resolved, ResolvedLayer
from visualnn_shared.datasets.schema import DatasetSchema, FeatureSchema
from visualnn_shared.spec.problem import Problem, problem
from visualnn_shared.training.head import plain, readers
from visualnn_shared.training.pipeline import Planned
from visualnn_shared.training.preparing import prepared, unknown_inputs
from visualnn_shared.training.serving import Cast, Channels, Reshape, Resize, Scale, Step, TensorSpec
from visualnn_shared.training.steps import FillMissing, Fitted, Pca, Preprocessing, SubtractMean

_RESCALES = {"Scale", "Rescaling", "Normalization"}
_FLOATS = {"float32", "float64", "float16"}
_KEEPS_SCALE = (FillMissing, SubtractMean, Pca, Resize, Channels, Reshape)
"""A user's steps that leave the scale of 8-bit values to the plan; any other is a scale of his own."""
_MOST_INPUTS = 6  # so that all assignments by shape can be tried
Dims = tuple[int | None, ...]


@dataclass(slots=True)
class Feeding:
    """How each input is fed. Where there are problems, the rest is not complete."""

    features: dict[str, str] = field(default_factory=dict)
    """Input name -> feature name."""
    raw: list[TensorSpec] = field(default_factory=list)
    """The inputs as the data set has them."""
    fed: list[TensorSpec] = field(default_factory=list)
    """The inputs after the user's steps."""
    steps: dict[str, tuple[Planned, ...]] = field(default_factory=dict)
    whys: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def asked(self) -> dict[str, tuple[Planned, ...]]:
        """Input name -> its steps, where there are any."""
        return {name: steps for name, steps in self.steps.items() if steps}

    @property
    def ready(self) -> dict[str, tuple[Step, ...]]:
        """The same where no step has to learn from the training split first."""
        return {
            name: tuple(step for step in steps if not isinstance(step, Fitted))
            for name, steps in self.asked.items()
            if not any(isinstance(step, Fitted) for step in steps)
        }


def feed(resolved: Resolved, schema: DatasetSchema, asked: Preprocessing = ()) -> Feeding:
    """Match features to inputs by name, else by shape where only one way fits, and plan the preprocessing of each.

    ``asked``: steps that come first; features are matched as these leave them.
    """
    found = Feeding()
    wanted = {layer.name: plain(layer.output_shapes[0]) for layer in resolved.inputs}
    found.problems = unknown_inputs(asked, wanted)
    piped = prepared(resolved, schema.features, asked, found.whys)
    found.problems += [wrong for one in piped.values() for wrong in one.problems]
    if found.problems:
        return found
    found.features, found.problems = match(wanted, [one.feature for one in piped.values()])
    raw = {feature.name: feature for feature in schema.features}
    for layer in resolved.inputs:
        if layer.name in found.features:
            before, after = raw[found.features[layer.name]], piped[found.features[layer.name]]
            found.raw.append(TensorSpec(name=layer.name, shape=before.shape, dtype=before.dtype))
            found.fed.append(TensorSpec(name=layer.name, shape=after.feature.shape, dtype=after.feature.dtype))
            left = before.dtype == "uint8" and all(isinstance(step, _KEEPS_SCALE) for step in after.steps)
            found.steps[layer.name] = (*after.steps, *_steps(resolved, layer, after.feature, left, found))
    return found


def match(
    wanted: dict[str, Dims], features: Sequence[FeatureSchema], field: str = "dataset"
) -> tuple[dict[str, str], list[Problem]]:
    """Input name -> feature name for inputs of these shapes; or the problems."""
    shapes = {feature.name: feature.shape for feature in features}
    if len(wanted) != len(features):
        rule = f"the data set must have a feature for each of the net's inputs ({_listed(wanted)})"
        hint = "name npz arrays x_train_<input>, csv columns <input>[0], <input>[1], ..." if len(wanted) > 1 else None
        return {}, [problem(rule, _listed(shapes), field=field, hint=hint)]
    if len(wanted) == 1:
        pairs = dict(zip(wanted, shapes, strict=True))
    elif set(wanted) == set(shapes):
        pairs = {name: name for name in wanted}
    else:
        ways = _ways(wanted, shapes)
        if len(ways) != 1:
            fit = "no order of them fits" if not ways else f"{len(ways)} orders of them fit"
            rule = f"the features must have the names of the net's inputs ({_listed(wanted)}), or fit in one order only"
            return {}, [problem(rule, f"{_listed(shapes)}; {fit}", field=field)]
        pairs = ways[0]
    problems = [wrong for name, of in pairs.items() if (wrong := _misfit(name, wanted[name], shapes[of], of))]
    return ({} if problems else pairs), problems


def _ways(wanted: dict[str, Dims], shapes: dict[str, tuple[int, ...]]) -> list[dict[str, str]]:
    if len(wanted) > _MOST_INPUTS:
        return []
    orders = (dict(zip(wanted, order, strict=True)) for order in permutations(shapes))
    return [pairs for pairs in orders if not any(_misfit(n, wanted[n], shapes[of], of) for n, of in pairs.items())]


def _misfit(name: str, wanted: Dims, shape: tuple[int, ...], feature: str) -> Problem | None:
    """The problem of feeding samples of ``shape`` to an input of ``wanted``, or None where they fit."""
    if same_shape(wanted, shape):
        return None
    sizes = [dim for dim in wanted if dim is not None]
    rule = f"samples of {feature} must have as many values as input {name} takes ({show(wanted)})"
    if len(sizes) < len(wanted):
        rule = f"samples of {feature} must have the shape of input {name}, {show(wanted)}"
        return problem(rule, list(shape), layer=name, field=feature)
    if math.prod(sizes) != math.prod(shape):
        return problem(rule, f"{math.prod(shape):,} values, {show(shape)}", layer=name, field=feature)
    long, have = [dim for dim in sizes if dim != 1], [dim for dim in shape if dim != 1]
    if long != have and sorted(long) == sorted(have):
        rule = f"samples of {feature} must have their axes in the order of input {name}, {show(wanted)}"
        hint = "transpose the array: channels are the last axis"
        return problem(rule, list(shape), layer=name, field=feature, hint=hint)
    return None


def same_shape(wanted: Dims, shape: Dims) -> bool:
    """Whether ``shape`` is ``wanted``, where a None fits any size."""
    return len(wanted) == len(shape) and all(w is None or w == s for w, s in zip(wanted, shape, strict=True))


def show(shape: Dims) -> str:
    """28 x 28 x 1; a free size is a question mark."""
    return " x ".join("?" if dim is None else str(dim) for dim in shape) or "a single value"


def _listed(shapes: dict[str, Dims] | dict[str, tuple[int, ...]]) -> str:
    return ", ".join(f"{name}: {show(shape)}" for name, shape in shapes.items()) or "none"


def _steps(
    resolved: Resolved, layer: ResolvedLayer, feature: FeatureSchema, bits: bool, found: Feeding
) -> tuple[Step, ...]:
    steps: list[Step] = []
    wanted = plain(layer.output_shapes[0])
    if not same_shape(wanted, feature.shape):
        target = tuple(dim for dim in wanted if dim is not None)
        steps.append(Reshape(shape=target))
        found.whys.append(
            f"{layer.name} takes {show(wanted)}, samples are {show(feature.shape)}: the same values, reshaped"
        )
    return (*steps, *_values(resolved, layer, feature, bits, found))


def _values(resolved: Resolved, layer: ResolvedLayer, feature: FeatureSchema, bits: bool, found: Feeding) -> list[Step]:
    """Scaling and casting: tokens stay whole numbers, 8-bit pictures become 0 to 1, other numbers pass.

    ``bits``: the feature began as 8-bit values, and no step has changed their scale.
    """
    reading = list(readers(resolved, layer.name))
    tables = [reader for reader in reading if reader.type == "Embedding"]
    dtype = str(layer.params["dtype"])
    if tables or dtype in ("int32", "int64"):
        found.problems += _token_problems(layer, tables, feature)
        if feature.dtype == (target := "int64" if dtype == "int64" else "int32"):
            return []
        found.whys.append(f"{layer.name} takes whole numbers")
        return [Cast(dtype="int64" if target == "int64" else "int32")]
    if dtype not in _FLOATS:
        return []
    if bits and not any(reader.type in _RESCALES for reader in reading):
        found.whys.append(f"8-bit values of {feature.name} are scaled from 0-255 to 0-1")
        return [Scale(factor=1 / 255)]
    return [] if feature.dtype == "float32" else [Cast(dtype="float32")]


def _token_problems(layer: ResolvedLayer, tables: list[ResolvedLayer], feature: FeatureSchema) -> list[Problem]:
    problems = []
    if not feature.whole:
        rule = f"{feature.name} must hold whole numbers, because input {layer.name} takes them"
        problems.append(problem(rule, f"{feature.min:g} to {feature.max:g}", layer=layer.name, field=feature.name))
    for table in tables:
        rows = int(table.params["input_dim"])
        if feature.min < 0 or feature.max >= rows:
            rule = f"{feature.name} must hold tokens from 0 to {rows - 1}, because {table.name} has input_dim {rows}"
            received = f"{feature.min:g} to {feature.max:g}"
            problems.append(problem(rule, received, layer=table.name, param="input_dim", field=feature.name))
    return problems
