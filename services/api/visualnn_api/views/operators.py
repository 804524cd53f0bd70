"""Operators as answers and requests."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from visualnn_shared.ids import NAME
from visualnn_shared.store.tables import Operator, OperatorVersion
from visualnn_shared.training.serving import ScoresBy, Serving, Step, Task, TensorSpec

from visualnn_api.deps import MAX_NUMBER
from visualnn_api.views.common import Links, Timestamp, View


class Register(BaseModel):
    """What `POST /operators` takes."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "digits", "job": "job-01jd2k3m4n5p6q7r8s9t0v1w2x"}]}
    )

    name: str = Field(pattern=NAME)
    """Small letters, digits, - and _: it is part of URLs. An existing name gets the next version."""
    job: str = Field(max_length=64)
    """A succeeded train job, whose weights, preprocessing and classes make the operator."""


class PointAlias(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"version": 1}]})

    version: int = Field(ge=1, le=MAX_NUMBER, strict=True)


class Signature(View):
    inputs: tuple[TensorSpec, ...]
    """Raw inputs, as the data set stored them."""
    outputs: tuple[TensorSpec, ...]


class OutputView(View):
    """What one output says."""

    task: Task
    classes: tuple[str, ...] | None = None
    scores_by: ScoresBy | None = None
    label: str | None = None
    """The data set's labels that it learnt from."""


class OperatorView(View):
    """A named, versioned, callable network."""

    name: str
    version: int
    aliases: dict[str, int]
    signature: Signature
    preprocessing: dict[str, tuple[Step, ...]]
    """Input name -> what is done to a raw input before the network sees it."""
    task: Task
    classes: tuple[str, ...] | None = None
    scores_by: ScoresBy | None = None
    """What makes scores of the first output where the net was trained from logits."""
    label: str | None = None
    """The data set's labels that the first output learnt from, where that is known."""
    others: dict[str, OutputView] = Field(default_factory=dict)
    """What the further outputs say, by name, where training has told."""
    lineage: dict[str, Any]
    """The model version, job, data set and weights it was made from."""
    replay: dict[str, Any] | None = None
    """What replaying stored samples through serving gave: samples, max_abs_error, tolerance."""
    ready: bool
    created_at: Timestamp
    links: Links


def operator_view(operator: Operator, version: OperatorVersion, aliases: dict[str, int]) -> OperatorView:
    serving = Serving.model_validate(version.serving)
    return OperatorView(
        name=operator.name,
        version=version.number,
        aliases=aliases,
        signature=Signature(inputs=serving.inputs, outputs=serving.outputs),
        preprocessing=serving.preprocessing,
        task=serving.task,
        classes=serving.classes,
        scores_by=serving.scores_by,
        label=serving.label,
        others={
            name: OutputView(task=own.task, classes=own.classes, scores_by=own.scores_by, label=own.label)
            for name, own in serving.others.items()
        },
        lineage=version.lineage,
        replay=version.replay,
        ready=version.ready,
        created_at=version.created_at,
        links=_links(operator.name, version.number),
    )


def _links(name: str, number: int) -> Links:
    url, v2 = f"/api/v1/operators/{name}", f"/v2/models/{name}/versions/{number}"
    return {
        "self": f"{url}/versions/{number}",
        "predict": f"{url}/predict",
        "versions": f"{url}/versions",
        "infer": f"{v2}/infer",
    }
