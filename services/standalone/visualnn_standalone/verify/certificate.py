"""What a verification says, as it stands in the conversion report."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

GATE = 1e-4
"""The largest absolute error that passes, in float32."""
SEED = 0


class _Said(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Runtime(_Said):
    """What computed one side."""

    name: str
    version: str
    how: str
    """How the file came to it: by its own reader, or by ours."""
    independent: bool
    """Whether a reader that is not VisualNN's understood the file: reading back what we wrote proves less."""
    instead_of: tuple[str, ...] = ()
    """Runtimes that could not run the file, each with the reason."""


class Side(_Said):
    """A file and what ran it."""

    format: str
    file: str
    sha256: str
    weights_sha256: str | None = None
    """Of the file of weights beside it."""
    runtime: Runtime


class OutputError(_Said):
    """How one output of the target differs from the source's, element by element."""

    output: str
    shape: tuple[int, ...]
    """With the samples as first axis."""
    max_abs: float | None
    """None where the shapes differ or a value is not finite on one side alone."""
    max_rel: float | None
    """Each error against the larger of the two values; values below a millionth of the largest are left out."""
    largest: float | None
    """Largest absolute value of the source's output."""
    varies: float | None = None
    """How far the source's samples differ at one place: an output that hardly depends on its input proves little."""
    top1: float | None = None
    """Share of positions where the largest value along the last axis is at the same place; None for single values."""
    note: str | None = None


class Cause(_Said):
    """A change to the layer that gives the target's values from the source's inputs."""

    kind: str
    """``padding``, ``epsilon``, ``axis``, ``activation``, ``batch-norm mode``, ``kernel``, ``gates``, ..."""
    text: str


class Divergence(_Said):
    """The first layer whose values differ, though those that it reads agree."""

    layer: str | None
    """None where no layer's own values differ by more than rounding."""
    type: str | None = None
    between: str
    """Which step made the difference: ``reading the source`` or ``writing the target``."""
    max_abs: float | None = None
    agreeing: tuple[str, ...] = ()
    """Inputs of the layer, which agree."""
    unseen: tuple[str, ...] = ()
    """Layers between them that one side does not show: the cause may be one of them."""
    causes: tuple[Cause, ...] = ()
    read_back: tuple[str, ...] = ()
    """What VisualNN's reader finds different in the target's file at this layer."""


class Opinion(_Said):
    """What the NumPy reference says: the source's spec with its tensors, computed in float64 by no framework."""

    runtime: Runtime
    agrees: bool
    """Whether the source answers as the reference does, within the gate."""
    source: float | None
    """Largest absolute error of the source against the reference; None where it cannot be compared."""
    target: float | None
    """The target's."""
    nearer: Literal["source", "target"] | None = None
    """The side whose outputs are nearer to the reference's; None where both are as near."""
    layer: str | None = None
    """Where the source does not agree, the first layer whose values differ, if it can be told."""


class Certificate(_Said):
    """The outcome of one verification."""

    passed: bool
    gate: float
    max_abs: float | None
    max_rel: float | None
    top1: float | None
    seed: int
    inputs: str
    """Where the inputs came from."""
    weights: str
    """Where the weights came from."""
    batch: int
    source: Side
    target: Side
    outputs: tuple[OutputError, ...]
    divergence: Divergence | None = None
    reference: Opinion | None = None
    """The third opinion; None where it was not asked for."""
    no_reference: str | None = None
    """Why there is no third opinion."""
    notes: tuple[str, ...] = Field(default=())

    def as_json(self) -> dict[str, Any]:
        """As in the report."""
        return self.model_dump(mode="json")
