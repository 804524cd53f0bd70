"""How the learning rate changes while a net trains: a factor on it for every step, counted in epochs.

``factor`` is written with the functions of an array module, so that NumPy and Keras' backends compute the same.
"""

import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from visualnn_shared.spec.problem import Problem, problem

_Share = Annotated[float, Field(strict=True, ge=0, le=1)]
_Epochs = Annotated[float, Field(strict=True, ge=0, le=100_000, allow_inf_nan=False)]


class _Schedule(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    warmup_epochs: _Epochs = 0.0
    """The rate rises in a straight line for so long (Goyal et al. 2017); then the schedule begins."""


class Constant(_Schedule):
    """The learning rate itself; of use with a warm-up."""

    name: Literal["constant"]


class StepDecay(_Schedule):
    """Times ``factor`` after every ``epochs`` epochs."""

    name: Literal["step"]
    epochs: Annotated[int, Field(strict=True, ge=1)]
    factor: Annotated[float, Field(strict=True, gt=0, lt=1)] = 0.1


class Exponential(_Schedule):
    """Times ``factor`` each epoch, evenly over its steps."""

    name: Literal["exponential"]
    factor: Annotated[float, Field(strict=True, gt=0, lt=1)] = 0.95


class InverseTime(_Schedule):
    """1 / (1 + ``decay`` x epochs)."""

    name: Literal["inverse_time"]
    decay: Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)] = 0.1


class Cosine(_Schedule):
    """Half a cosine from the learning rate to ``final`` of it (Loshchilov and Hutter 2017, without restarts)."""

    name: Literal["cosine"]
    final: _Share = 0.0


class OneCycle(BaseModel):
    """Up to the learning rate and down again, both as half a cosine (Smith and Topin 2018; PyTorch's defaults)."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: Literal["one_cycle"]
    rising: Annotated[float, Field(strict=True, gt=0, lt=1)] = 0.3
    """Share of the steps in which the rate rises."""
    start: Annotated[float, Field(strict=True, gt=0, le=1)] = 0.04
    final: Annotated[float, Field(strict=True, gt=0, le=1)] = 4e-6


class CyclicCosine(BaseModel):
    """Half a cosine from the learning rate to ``final`` of it, again and again: warm restarts (Loshchilov and Hutter
    2017), and with a snapshot at each cycle's end the schedule of snapshot ensembles (Huang et al. 2017)."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: Literal["cyclic_cosine"]
    cycles: Annotated[int, Field(strict=True, ge=1, le=1000)] = 5
    """So many of the same length; the training's epochs are a multiple of them."""
    final: _Share = 0.0


class Plateau(BaseModel):
    """Times ``factor`` where ``monitor`` has not got better by ``min_delta`` for ``patience`` epochs."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: Literal["plateau"]
    monitor: str | None = None
    """``val_loss`` where samples are set aside, else ``loss``."""
    factor: Annotated[float, Field(strict=True, gt=0, lt=1)] = 0.1
    patience: Annotated[int, Field(strict=True, ge=1)] = 10
    min_delta: Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)] = 1e-4
    least: Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)] = 0.0
    """The rate goes no lower."""


Schedule = Annotated[
    Constant | StepDecay | Exponential | InverseTime | Cosine | OneCycle | CyclicCosine | Plateau,
    Field(discriminator="name"),
]


def schedule_problems(schedule: Schedule | None, epochs: int) -> list[Problem]:
    """A warm-up must end before the training does, and cycles must be whole epochs."""
    if isinstance(schedule, CyclicCosine) and epochs % schedule.cycles:
        rule = f"cycles must divide the training's epochs, {epochs}, so that each ends with an epoch"
        return [problem(rule, schedule.cycles, field="params.schedule.cycles")]
    warmup = getattr(schedule, "warmup_epochs", 0.0)
    if warmup < epochs or not warmup:
        return []
    rule = f"warmup_epochs must be less than the training's epochs, {epochs}"
    return [problem(rule, warmup, field="params.schedule.warmup_epochs")]


def factor(schedule: Schedule, step: Any, per_epoch: int, epochs: int, ops: Any) -> Any:
    """What the learning rate is multiplied with in ``step``, counted from 0, of ``epochs`` epochs of ``per_epoch``.

    ``ops`` is ``numpy`` or ``keras.ops``. A plateau's is 1: it depends on how the training goes.
    """
    if isinstance(schedule, Plateau):
        return step * 0.0 + 1.0
    if isinstance(schedule, CyclicCosine):
        cycle = per_epoch * epochs / schedule.cycles
        return _half_cosine(1.0, schedule.final, (step - cycle * ops.floor(step / cycle)) / cycle, ops)
    if isinstance(schedule, OneCycle):
        return _one_cycle(schedule, step / max(per_epoch * epochs - 1, 1), ops)
    warmup = schedule.warmup_epochs * per_epoch
    rise = ops.minimum((step + 1.0) / max(warmup, 1.0), 1.0)
    done = ops.maximum(step - warmup, 0.0) / per_epoch
    return rise * _decay(schedule, done, epochs - schedule.warmup_epochs, ops)


def _decay(schedule: Schedule, done: Any, epochs: float, ops: Any) -> Any:
    """The factor after ``done`` of ``epochs`` epochs."""
    if isinstance(schedule, StepDecay):
        return ops.exp(ops.floor(done / schedule.epochs) * math.log(schedule.factor))
    if isinstance(schedule, Exponential):
        return ops.exp(done * math.log(schedule.factor))
    if isinstance(schedule, InverseTime):
        return 1.0 / (1.0 + schedule.decay * done)
    if isinstance(schedule, Cosine):
        return _half_cosine(1.0, schedule.final, done / epochs, ops)
    return done * 0.0 + 1.0


def _one_cycle(schedule: OneCycle, share: Any, ops: Any) -> Any:
    up = _half_cosine(schedule.start, 1.0, share / schedule.rising, ops)
    down = _half_cosine(1.0, schedule.final, (share - schedule.rising) / (1.0 - schedule.rising), ops)
    return ops.where(share < schedule.rising, up, down)


def _half_cosine(begin: float, end: float, share: Any, ops: Any) -> Any:
    return end + (begin - end) * 0.5 * (1.0 + ops.cos(math.pi * ops.clip(share, 0.0, 1.0)))
