"""A request for a job on its way to a row."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.problem import Problem, problem
from visualnn_shared.store.tables import Artifact, Dataset, Job

from visualnn_api import ensembling
from visualnn_api.views.jobs import JobRequest


@dataclass(slots=True)
class Draft:
    """A request on its way to a row; ``problems`` grow as it is looked at."""

    body: Any
    request: JobRequest | None = None
    params: BaseModel | None = None
    problems: list[Problem] = field(default_factory=list)
    model_id: str | None = None
    version: int | None = None
    spec: Spec | None = None
    dataset: Dataset | None = None
    known: str | None = None
    """A data set known by name that is to be had first."""
    source: Job | None = None
    initial: Job | None = None
    """The train job whose weights a training begins with."""
    weights: Artifact | None = None
    members: list[ensembling.Found] = field(default_factory=list)
    """Of an ensemble: jobs that are there already, and their weights."""
    chosen: dict[str, Any] | None = None
    doubts: list[Problem] = field(default_factory=list)
    """What may be meant so, but hardly is; told with the queued job."""
    limits: dict[str, Any] = field(default_factory=dict)
    """Limits that the platform gives, with what is chosen."""

    @property
    def zoo_name(self) -> str | None:
        name = self.given("model")
        return name.removeprefix("zoo:") if name is not None and name.startswith("zoo:") else None

    def given(self, key: str) -> str | None:
        """A text of the body, valid or not as a whole."""
        value = self.body.get(key) if isinstance(self.body, Mapping) else None
        return value if isinstance(value, str) else None

    def wrong(self, rule: str, received: Any, name: str, hint: str | None = None) -> None:
        self.problems.append(problem(rule, received, field=name, hint=hint))
