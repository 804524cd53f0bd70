"""Ensembles of jobs that are there already: found, and judged by what their weights files say of themselves."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy.orm import Session
from visualnn_shared.ensembling.planning import (
    average_problems,
    form_problems,
    monitor_problems,
    monitored,
    size_problems,
)
from visualnn_shared.errors import NotFound
from visualnn_shared.jobs.model import FINAL, State
from visualnn_shared.objects import ObjectStore
from visualnn_shared.spec.problem import Problem, problem
from visualnn_shared.store import datasets, jobs
from visualnn_shared.store.tables import Artifact, Job
from visualnn_shared.training.recipe import EnsembleParams, TrainParams, TuneParams
from visualnn_shared.training.serving import Serving
from visualnn_shared.training.weights import WEIGHTS
from visualnn_shared.tuning import reading
from visualnn_shared.tuning.trials import upwards

from visualnn_api.weights import trained

if TYPE_CHECKING:
    from visualnn_api.draft import Draft

_SAME = ("inputs", "preprocessing", "labels", "task", "classes")


class Found(NamedTuple):
    """A member that is there."""

    job: Job
    weights: Artifact


def brings_dataset(body: Any) -> bool:
    """Whether the members say which data set it is."""
    params = body.get("params") if isinstance(body, Mapping) else None
    return isinstance(params, Mapping) and params.get("method") in ("top_k", "jobs")


def find_members(s: Session, owner: str, draft: "Draft") -> None:
    """The jobs that are to be members, their data set and model; what is wrong goes to the draft's problems."""
    params = draft.params
    assert isinstance(params, EnsembleParams)
    draft.problems += form_problems(params)
    wanted = list(params.jobs)
    if params.method == "top_k" and params.tune is not None:
        wanted = _best_trials(s, owner, draft, params)
    for job_id in wanted:
        _find_member(s, owner, draft, job_id)
    if not draft.members:
        return
    first = draft.members[0].job
    draft.model_id, draft.version = first.model_id, first.model_version
    if draft.given("model") not in (None, first.model_id, f"{first.model_id}@{first.model_version}"):
        draft.wrong("model must be left out: members have theirs", draft.given("model"), "model")
    _same_dataset(s, owner, draft)


def _best_trials(s: Session, owner: str, draft: "Draft", params: EnsembleParams) -> list[str]:
    """The train jobs of the search's best trials, the best first."""
    where, named = "params.tune", str(params.tune)
    try:
        job = jobs.get(s, owner, named)
    except NotFound:
        draft.wrong("tune must be the id of a tune job", named, where)
        return []
    if job.kind != "tune" or job.state not in FINAL:
        draft.wrong("tune must be a tune job that has ended", f"a {job.kind} job that is {job.state}", where)
        return []
    sign = -1 if upwards(TuneParams.model_validate(job.params)) else 1
    done = [row for row in reading.rows(s, job.id) if row.state == "complete" and row.value is not None]
    ranked = sorted(done, key=lambda row: (sign * (row.value or 0.0), row.number))
    if len(ranked) < params.members:
        rule = f"members must be at most the search's complete trials, {len(ranked)}"
        draft.wrong(rule, params.members, "params.members")
        return []
    return [str(row.job_id) for row in ranked[: params.members]]


def _find_member(s: Session, owner: str, draft: "Draft", job_id: str) -> None:
    where = "params.jobs" if isinstance(draft.params, EnsembleParams) and draft.params.jobs else "params.tune"
    try:
        job = jobs.get(s, owner, job_id)
        if (job.kind, job.state) == ("train", State.SUCCEEDED):
            draft.members.append(Found(job, jobs.artifact(s, owner, job_id, WEIGHTS)))
            return
        received = f"{job_id}, a {job.kind} job that is {job.state}"
    except NotFound:
        received = job_id
    draft.wrong("a member must be a train job that succeeded", received, where)


def _same_dataset(s: Session, owner: str, draft: "Draft") -> None:
    of = {str(one.job.dataset_id) for one in draft.members}
    if len(of) > 1:
        draft.wrong("members must be trained on the same data set", sorted(of), "params.jobs")
        return
    (wanted,) = of
    if draft.given("dataset") not in (None, wanted):
        rule = "dataset must be left out, or be the one that the members were trained on"
        draft.wrong(rule, draft.given("dataset"), "dataset")
        return
    try:
        draft.dataset = datasets.get(s, owner, wanted)
    except NotFound:
        draft.wrong("the members' data set must still be there", wanted, "dataset")


def judge_members(draft: "Draft", objects: ObjectStore) -> None:
    """Can these nets be one? What is chosen, or every problem, goes to the draft."""
    params, dataset = draft.params, draft.dataset
    assert isinstance(params, EnsembleParams)
    assert dataset is not None
    if draft.problems or not draft.members:
        return
    found = [trained(objects, one.weights.key) for one in draft.members]
    ids = [one.job.id for one in draft.members]
    for job_id, one in zip(ids[1:], found[1:], strict=True):
        draft.problems += _differing(found[0].serving, one.serving, f"{job_id} beside {ids[0]}")
    draft.problems += average_problems(found[0].serving)
    draft.problems += _monitor_problems(params, [one.job for one in draft.members])
    recipes = [TrainParams.model_validate(one.job.params) for one in draft.members]
    held = {(one.validation_split, one.splits_by, one.stratify) for one in recipes}
    if "test" not in dataset.splits and (len(held) > 1 or not recipes[0].validation_split):
        rule = "members must have set the same samples aside, or the data set must have a test split to compare them by"
        draft.wrong(rule, [list(one) for one in sorted(held)], "params.jobs")
    if not draft.problems:
        draft.problems += size_problems([one.spec for one in found], [one.serving for one in found])
    why = "the best trials of that search" if params.method == "top_k" else "as they were named"
    draft.chosen = {"members": {"value": ids, "why": why}}
    if params.monitor is None:
        draft.chosen["monitor"] = {"value": monitored(params), "why": "what the loss is on samples that were set aside"}


def _differing(one: Serving, other: Serving, which: str) -> list[Problem]:
    """Members must take and give the same."""
    names = [name for name in _SAME if getattr(one, name) != getattr(other, name)]
    if None not in (one.label, other.label) and one.label != other.label:
        names.append("label")
    if list(one.others.values()) != list(other.others.values()):
        names.append("labels of further outputs")
    if [each.shape for each in one.outputs] != [each.shape for each in other.outputs]:
        names.append("outputs")
    if not names:
        return []
    rule = "members must have the same inputs, preprocessing, labels and outputs"
    return [problem(rule, f"{which}: other {', '.join(names)}", field="params.jobs")]


def _monitor_problems(params: EnsembleParams, members: Sequence[Job]) -> list[Problem]:
    """The metric must be one that every member was measured by."""
    known = [{name.removeprefix("val_").removeprefix("test_") for name in one.metrics} - {"epoch"} for one in members]
    shared = sorted(set.intersection(*known) | {"loss"})
    return monitor_problems(params, shared)
