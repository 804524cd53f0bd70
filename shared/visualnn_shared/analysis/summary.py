"""What a net holds and costs, layer by layer: shapes, parameters, multiply-accumulates, bytes.

Shapes and counts are those of the net that Keras builds. A cost that depends on a free axis is None.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from visualnn_shared.analysis.advice import advice
from visualnn_shared.analysis.memory import DTYPES, Load, Memory, layer_values, memory
from visualnn_shared.analysis.receptive_field import receptive_fields
from visualnn_shared.analysis.walk import Resolved, ResolvedLayer, resolve
from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.catalogue.entry import Entry
from visualnn_shared.catalogue.free import known, to_json
from visualnn_shared.errors import Invalid, SpecInvalid
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.problem import Problem

JsonShape = tuple[int | None, ...]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


# The rows are plain dataclasses: pydantic sends and reads them like models, and they take a tenth of the time to build.
@dataclass(slots=True)
class WeightSummary:
    """A variable: ``name`` is ``layer/variable``."""

    name: str
    shape: tuple[int, ...]
    trainable: bool


@dataclass(slots=True)
class LayerSummary:
    """One layer. Shapes have no batch axis, None is a free axis; costs are for one sample."""

    name: str
    type: str
    output_shape: JsonShape
    """Of the first output."""
    output_shapes: tuple[JsonShape, ...]
    params: int
    """Values of its own variables; 0 for a layer that uses another's (``weights_of``)."""
    trainable_params: int
    non_trainable_params: int
    macs: int | None
    """Multiply-accumulates of matrix products and convolutions; other layers count none."""
    activation_bytes: int | None
    """All outputs of one sample."""
    receptive_field: tuple[int, ...] | None
    """Cells of the net's input that one cell of the output sees, along each spatial axis; None where that is not a
    window: behind a Flatten or a global pooling, say."""
    weights: tuple[WeightSummary, ...]
    weights_of: str | None = None


class Summary(_Frozen):
    """A net's layers in dependency order, and totals."""

    name: str
    layers: tuple[LayerSummary, ...]
    params: int
    trainable_params: int
    non_trainable_params: int
    macs: int | None
    memory: Memory
    warnings: tuple[Problem, ...]
    """Likely mistakes of a net that is valid."""


def summary(spec: Spec, load: Load = Load(), catalogue: Mapping[str, Entry] = CATALOGUE) -> Summary:  # noqa: B008
    """Summarise a spec. Raises ``SpecInvalid`` with every problem, ``Invalid`` for a wrong ``load``."""
    return summarise(resolve(spec, catalogue), load)


def summarise(resolved: Resolved, load: Load = Load()) -> Summary:  # noqa: B008
    """The same for a spec that is resolved already."""
    if resolved.problems:
        raise SpecInvalid(resolved.problems, resolved.name)
    if wrong := load.problems():
        raise Invalid("the summary's question", wrong)
    costs, fields = _Costs(DTYPES[load.dtype][1]), receptive_fields(resolved)
    layers = tuple([costs.of(layer, fields.get(layer.name)) for layer in resolved.layers])
    params = sum([layer.params for layer in layers])
    trainable = sum([layer.trainable_params for layer in layers])
    return Summary.model_construct(
        name=resolved.name,
        layers=layers,
        params=params,
        trainable_params=trainable,
        non_trainable_params=params - trainable,
        macs=_total([layer.macs for layer in layers]),
        memory=memory(resolved, params, trainable, load),
        warnings=tuple(advice(resolved)),
    )


class _Cost(NamedTuple):
    """What layers of equal type, parameters and inputs have in common."""

    shapes: tuple[JsonShape, ...]
    params: int
    trainable: int
    macs: int | None
    activation_bytes: int | None


class _Costs(dict[int, _Cost]):
    """Costs worked out once for the layers that are alike, by the ``id`` of the parameters that they share."""

    def __init__(self, value_bytes: int) -> None:
        super().__init__()
        self.value_bytes = value_bytes

    def of(self, layer: ResolvedLayer, field: tuple[int, ...] | None) -> LayerSummary:
        key = id(layer.params)
        cost = self.get(key)
        if cost is None:
            cost = self[key] = _cost(layer, self.value_bytes)
        name, type = layer.name, layer.type
        if layer.weights_of is not None:
            return LayerSummary(
                name, type, cost.shapes[0], cost.shapes, 0, 0, 0, cost.macs, cost.activation_bytes, field, (),
                layer.weights_of,
            )  # fmt: skip
        weights: tuple[WeightSummary, ...] = ()
        if layer.weights:
            weights = tuple([WeightSummary(f"{name}/{own}", shape, trains) for own, shape, trains in layer.weights])  # type: ignore[arg-type]
        shapes, params, trainable, macs, size = cost
        return LayerSummary(
            name, type, shapes[0], shapes, params, trainable, params - trainable, macs, size, field, weights, None
        )


def _cost(layer: ResolvedLayer, value_bytes: int) -> _Cost:
    params = trainable = 0
    for _name, shape, trains in layer.weights:
        size = prod(shape)
        assert isinstance(size, int)  # resolve refuses weights with a free axis
        params += size
        trainable += size if trains else 0
    outs = layer.output_shapes
    macs = layer.entry.macs(layer.params, layer.input_shapes, outs)
    shapes = tuple([tuple(to_json(shape)) for shape in outs])
    return _Cost(shapes, params, trainable, known(macs), known(layer_values(outs) * value_bytes))


def _total(parts: list[int | None]) -> int | None:
    """The sum, or None where a part is not known."""
    present = [part for part in parts if part is not None]
    return sum(present) if len(present) == len(parts) else None
