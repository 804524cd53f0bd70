"""What a net holds and costs, layer by layer: shapes, parameters, multiply-accumulates, bytes.

Shapes and counts are those of the net that Keras builds. A cost that depends on a free axis is None.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from visualnn_shared.analysis.memory import FLOAT, layer_values, optimizer_problems, peak_values, slots
from visualnn_shared.analysis.walk import Resolved, ResolvedLayer, resolve
from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.catalogue.entry import Entry
from visualnn_shared.catalogue.free import Dim, Shape, known, to_json
from visualnn_shared.errors import Invalid, SpecInvalid
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.problem import problem

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
    """All outputs in float32."""
    weights: tuple[WeightSummary, ...]
    weights_of: str | None = None


class Memory(_Frozen):
    """Bytes for ``batch_size`` samples, in float32; the module ``memory`` says what is counted."""

    weights_bytes: int
    inference_bytes: int | None
    training_bytes: int | None
    batch_size: int
    optimizer: str


class Summary(_Frozen):
    """A net's layers in dependency order, and totals."""

    name: str
    layers: tuple[LayerSummary, ...]
    params: int
    trainable_params: int
    non_trainable_params: int
    macs: int | None
    memory: Memory


def summary(
    spec: Spec,
    batch_size: int = 1,
    optimizer: str | Mapping[str, Any] = "adam",
    catalogue: Mapping[str, Entry] = CATALOGUE,
) -> Summary:
    """Summarise a spec. Raises ``SpecInvalid`` with every problem, ``Invalid`` for a wrong batch size or optimizer."""
    return summarise(resolve(spec, catalogue), batch_size, optimizer)


def summarise(resolved: Resolved, batch_size: int = 1, optimizer: str | Mapping[str, Any] = "adam") -> Summary:
    """The same for a spec that is resolved already."""
    if resolved.problems:
        raise SpecInvalid(resolved.problems, resolved.name)
    _check_options(batch_size, optimizer)
    costs = _Costs()
    layers = tuple([costs.of(layer) for layer in resolved.layers])
    params = sum([layer.params for layer in layers])
    trainable = sum([layer.trainable_params for layer in layers])
    return Summary.model_construct(
        name=resolved.name,
        layers=layers,
        params=params,
        trainable_params=trainable,
        non_trainable_params=params - trainable,
        macs=_total([layer.macs for layer in layers]),
        memory=_memory(resolved, layers, (params, trainable), batch_size, optimizer),
    )


class _Cost(NamedTuple):
    """What layers of equal type, parameters and inputs have in common."""

    shapes: tuple[JsonShape, ...]
    params: int
    trainable: int
    macs: int | None
    activation_bytes: int | None


class _Costs(dict[tuple[int, tuple[Shape, ...]], _Cost]):
    """Costs worked out once for the layers that are alike: these share their parameters, which the key names."""

    def of(self, layer: ResolvedLayer) -> LayerSummary:
        key = (id(layer.params), layer.input_shapes)
        cost = self.get(key)
        if cost is None:
            cost = self[key] = _cost(layer)
        name, type, *_ = layer
        if layer.weights_of is not None:
            return LayerSummary(
                name, type, cost.shapes[0], cost.shapes, 0, 0, 0, cost.macs, cost.activation_bytes, (),
                layer.weights_of,
            )  # fmt: skip
        weights = tuple([WeightSummary(f"{name}/{own}", shape, trains) for own, shape, trains in layer.weights])  # type: ignore[arg-type]
        shapes, params, trainable, macs, size = cost
        return LayerSummary(
            name, type, shapes[0], shapes, params, trainable, params - trainable, macs, size, weights, None
        )


def _cost(layer: ResolvedLayer) -> _Cost:
    params = trainable = 0
    for _name, shape, trains in layer.weights:
        size = prod(shape)
        assert isinstance(size, int)  # resolve refuses weights with a free axis
        params += size
        trainable += size if trains else 0
    outs = layer.output_shapes
    macs = layer.entry.macs(layer.params, layer.input_shapes, outs)
    shapes = tuple([tuple(to_json(shape)) for shape in outs])
    return _Cost(shapes, params, trainable, known(macs), _bytes(layer_values(outs)))


def _check_options(batch_size: int, optimizer: str | Mapping[str, Any]) -> None:
    problems = optimizer_problems(optimizer)
    if type(batch_size) is not int or not 1 <= batch_size <= 2**31 - 1:
        problems.append(problem("batch_size must be an integer of at least 1", batch_size, field="batch_size"))
    if problems:
        raise Invalid("the summary's question", problems)


def _memory(
    resolved: Resolved,
    layers: tuple[LayerSummary, ...],
    params_and_trainable: tuple[int, int],
    batch_size: int,
    optimizer: str | Mapping[str, Any],
) -> Memory:
    params, trainable = params_and_trainable
    weights = FLOAT * params
    peak = _bytes(peak_values(resolved))
    kept = _total([layer.activation_bytes for layer in layers])
    updates = FLOAT * trainable * (1 + slots(optimizer))
    return Memory(
        weights_bytes=weights,
        inference_bytes=None if peak is None else weights + peak * batch_size,
        training_bytes=None if kept is None else weights + updates + kept * batch_size,
        batch_size=batch_size,
        optimizer=optimizer if isinstance(optimizer, str) else str(optimizer["name"]),
    )


def _total(parts: list[int | None]) -> int | None:
    """The sum, or None where a part is not known."""
    present = [part for part in parts if part is not None]
    return sum(present) if len(present) == len(parts) else None


def _bytes(values: Dim) -> int | None:
    return values * FLOAT if isinstance(values, int) else None
