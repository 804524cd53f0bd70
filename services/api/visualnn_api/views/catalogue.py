"""What there is to build with, as answers: layer types, file formats, built-in networks."""

from typing import Any

from pydantic import ConfigDict, Field

from visualnn_api.views.common import View


class Strict(View):
    """A view that knows all its fields, so that types made from it miss none."""

    model_config = ConfigDict(extra="forbid")


class Limits(Strict):
    """What bounds a value; only what applies is there."""

    least: float | None = None
    most: float | None = None
    above: bool | None = None
    """`least` itself is excluded."""
    length: int | None = None
    """Number of values of a tuple, or of spatial axes of a padding."""
    several: bool | None = None
    """A list of axes is allowed as well."""
    explicit: bool | None = None
    """A padding may be given in cells: [[top, bottom], [left, right]]."""
    longest: int | None = None
    """Characters at most."""


class Kind(Strict):
    """A kind of values, as deep as it goes."""

    kind: str
    limits: Limits | None = None
    choices: list[str] | None = None
    of: "Kind | None" = None
    """What an optional, a list, a tuple or a span holds."""
    params: "dict[str, list[KindParam]] | None" = None
    """The parameters of each choice, where a choice has parameters of its own."""


class KindParam(Kind):
    """A parameter of a choice, such as the stddev of an initializer."""

    name: str
    default: Any = None


class LayerParam(Kind):
    """A parameter of a layer type."""

    name: str
    type: str
    """Its rule: completes *must be ...*."""
    required: bool
    default: Any = None
    default_from: str | None = None
    """The parameter whose value is the default of this one."""
    doc: str


class Ports(Strict):
    """How many inputs a layer takes; `most` is null where there is no limit."""

    least: int
    most: int | None
    names: list[str]


class LayerVariable(Strict):
    """A variable; `when` names the parameter that it depends on."""

    name: str
    when: str | None
    trainable: bool


class LayerExample(Strict):
    """Input shapes that the layer takes, and parameters that fit them."""

    inputs: list[Any]
    params: dict[str, Any]


class LayerType(Strict):
    """Everything an editor needs to know of a layer type."""

    type: str
    group: str
    doc: str
    palette: bool
    """Whether editors offer it; the others come from imported files."""
    block: bool
    """Whether it stands for several layers, which `POST /unfold` puts in its place."""
    params: list[LayerParam]
    ports: Ports
    weights: list[LayerVariable]
    example: LayerExample
    formats: list[str]
    """Formats that can express it."""


class LayerTypes(Strict):
    items: list[LayerType]


class Format(Strict):
    """A file format."""

    name: str
    title: str
    extensions: list[str]
    reads: bool
    writes: bool
    """Whether `POST /conversions` and exports of a model write it."""
    worker_writes: bool
    """Whether a worker whose Keras runs on TensorFlow writes it: `POST /jobs` with the kind `export`."""
    carries_weights: bool


class Formats(Strict):
    items: list[Format]


class NetworkRow(Strict):
    """A built-in network, without its spec."""

    name: str
    title: str
    group: str
    paper: str | None
    input: dict[str, list[int | None]]
    """Shape by input layer; null is a free axis."""
    classes: int | None
    params: int
    doc: str
    trained: "BestTraining | None" = None
    """The training here that reached the best test accuracy; null where none of yours has one."""


class BestTraining(Strict):
    """Of a built-in network, with this data set."""

    accuracy: float
    """Share of the test samples, 0 to 1."""
    job: str
    dataset: str | None
    """Null where the data set is deleted."""
    dataset_name: str | None


class Networks(Strict):
    items: list[NetworkRow]


class Mapped(Strict):
    """A layer that the target has as one operator."""

    layer: str
    source: str = Field(alias="from")
    to: str


class Rewritten(Strict):
    """A layer that became another form with the same meaning."""

    layer: str
    rule: str
    why: str


class Dropped(Strict):
    """Something that the target does not carry, or that was not understood."""

    layer: str
    what: str
    why: str


class Approximated(Strict):
    """A layer whose counterpart computes almost the same."""

    layer: str
    rule: str
    bound: str
    """How far off it may be."""


class Impossible(Strict):
    """A layer that the target cannot say; a bundle has none, because then nothing is written."""

    layer: str | None
    reason: str
    received: Any
    hint: str | None


class ConversionReport(Strict):
    """`report.json` in a bundle: what a conversion mapped, rewrote and dropped, layer by layer."""

    source: str
    target: str
    mapped: list[Mapped]
    rewritten: list[Rewritten]
    approximated: list[Approximated]
    dropped: list[Dropped]
    impossible: list[Impossible]
    notes: list[str]
    renamed: dict[str, str]
    certificate: dict[str, Any] | None
    """What running both sides on the same inputs showed, with `verify`."""
    file: str
    """Name of the converted file beside it."""
