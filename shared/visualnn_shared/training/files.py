"""JSON files of a job's result that others read: what makes them and what reads them agree on these forms."""

from pydantic import BaseModel, ConfigDict, Field


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True, validate_by_name=True)


class ClassRow(_File):
    """How well one class is told."""

    name: str = Field(alias="class")
    samples: int
    """Samples with this label."""
    precision: float | None
    """None where the class was never predicted."""
    recall: float | None
    f1: float | None


class WorstSample(_File):
    """A sample of whose label the network was least sure."""

    sample: int
    label: str
    predicted: str
    share: float
    """The probability that was given to the label."""


class ClassReport(_File):
    """``classes.json``: what a classifier takes for what."""

    output: str | None = None
    """Which one, of a network with several."""
    split: str
    samples: int
    names: list[str]
    confusion: list[list[int]]
    """Rows are labels, columns predictions."""
    accuracy: float
    classes: list[ClassRow]
    worst: list[WorstSample]


class Told(_File):
    """How well yes and no are told; a share is null where nothing is to be shared."""

    support: int
    """Samples of which it holds."""
    predicted: int
    """Samples of which the net says so."""
    precision: float | None
    recall: float | None
    f1: float | None
    roc_auc: float | None


class AttributeRow(Told):
    """One attribute."""

    attribute: str


class AttributeReport(_File):
    """``attributes.json``: how well each of several yes-or-no answers is told."""

    output: str | None = None
    """Of a network with several outputs: which one."""
    split: str
    samples: int
    threshold: float
    attributes: list[AttributeRow]
    micro: Told
    """Every answer counted alike."""
    macro: dict[str, float | None]
    """The means over attributes."""
    accuracy: float
    all_right: float
    """Share of the samples of which every answer is right."""


class DqnEvaluation(_File):
    """``evaluation.json`` of an agent that has learnt."""

    environment: str
    episodes: int
    """Greedy episodes that judge it."""
    steps: int
    """Decisions, over all of them."""
    returns: list[float]
    """Of each episode."""
    solved_at: float | None
    """The mean return from which the environment counts as solved; None where none is known."""
    metrics: dict[str, float]
