"""The rows that a request for a job names: network, data set, the job whose weights it uses."""

import re

from sqlalchemy.orm import Session
from visualnn_shared import zoo
from visualnn_shared.catalogue.kinds import closest
from visualnn_shared.datasets.known import KNOWN
from visualnn_shared.ensembling.planning import TRAINS
from visualnn_shared.errors import NotFound, SpecInvalid
from visualnn_shared.jobs.model import State
from visualnn_shared.store import datasets, jobs, models, operators
from visualnn_shared.training.recipe import (
    EnsembleParams,
    TuneParams,
)
from visualnn_shared.training.weights import TRAINED, WEIGHTS

from visualnn_api import ensembling, modelling
from visualnn_api.draft import Draft

_REF = re.compile(r"([0-9a-z-]{1,64})(?:@([1-9]\d{0,8}))?")


def find(s: Session, owner: str, draft: Draft) -> None:
    """The rows that the body names."""
    dataset_id = draft.given("dataset")
    if dataset_id is not None:
        try:
            draft.dataset = datasets.get(s, owner, dataset_id)
        except NotFound:
            if dataset_id in KNOWN:
                draft.known = dataset_id
            else:
                hint = (
                    closest(dataset_id, list(KNOWN)) or f"POST the file to /datasets first, or name {', '.join(KNOWN)}"
                )
                draft.wrong("dataset must be the id of a data set, or a known name", dataset_id, "dataset", hint)
    if isinstance(draft.params, EnsembleParams) and draft.params.method not in TRAINS:
        ensembling.find_members(s, owner, draft)
    elif draft.given("kind") == "ensemble" and ensembling.brings_dataset(draft.body):
        pass  # its params are wrong
    elif draft.given("kind") in ("train", "check", "tune", "dqn", "ensemble"):
        _find_model(s, owner, draft)
        _find_initial(s, owner, draft)
    elif draft.params is not None and hasattr(draft.params, "job"):
        _find_source(s, owner, draft, draft.params.job)


def _find_model(s: Session, owner: str, draft: Draft) -> None:
    named = draft.given("model")
    if named is None:
        if not any(found.where.field == "model" for found in draft.problems):
            rule = f"model must be given for a {draft.given('kind')} job"
            draft.wrong(rule, None, "model", "an id, id@version or zoo:NAME")
        return
    if draft.zoo_name is not None:
        if draft.zoo_name in zoo.NAMES:
            draft.spec = zoo.load(draft.zoo_name)
        else:
            hint = closest(draft.zoo_name, list(zoo.NAMES)) or "GET /zoo lists them"
            draft.wrong("zoo:NAME must name a built-in network", named, "model", hint)
        return
    match = _REF.fullmatch(named)
    try:
        if match is None:
            raise NotFound("model", named)
        version = models.version(s, owner, match[1], int(match[2]) if match[2] else None)
    except NotFound:
        hint = "POST the spec to /models first, or name a built-in network with zoo:NAME"
        draft.wrong("model must be the id of a model, id@version, or zoo:NAME", named, "model", hint)
        return
    draft.model_id, draft.version = version.model_id, version.number
    try:
        draft.spec = modelling.known(version.spec)
    except SpecInvalid as invalid:
        draft.problems += invalid.problems


def _find_initial(s: Session, owner: str, draft: Draft) -> None:
    """The train job whose weights a training begins with: named itself, or by an operator that came of it."""
    recipe = draft.params.recipe if isinstance(draft.params, TuneParams | EnsembleParams) else draft.params
    named = getattr(recipe, "initial_weights", None)
    if named is None:
        return
    try:
        try:
            source = jobs.get(s, owner, named)
        except NotFound:
            name, _, which = named.partition("@")
            number = int(which) if which.isdecimal() else which or None
            lineage = operators.version(s, owner, name, number).lineage
            source = jobs.get(s, owner, str(lineage.get("job")))
        draft.weights = jobs.artifact(s, owner, source.id, WEIGHTS)
    except NotFound:
        rule = "initial_weights must name a train job that succeeded, or an operator that one of them became"
        draft.wrong(rule, named, "params.initial_weights", "a job's id, an operator's name, or name@version")
        return
    draft.initial = source


def _find_source(s: Session, owner: str, draft: Draft, job_id: str) -> None:
    try:
        source = jobs.get(s, owner, job_id)
        kinds = TRAINED if draft.given("kind") != "evaluate" else TRAINED - {"dqn"}
        if source.kind not in kinds or source.state != State.SUCCEEDED:
            received = f"a {source.kind} job that is {source.state}"
            draft.wrong(f"params.job must be a {' or '.join(sorted(kinds, reverse=True))} job that succeeded", received,
                        "params.job")  # fmt: skip
            return
        draft.weights = jobs.artifact(s, owner, job_id, WEIGHTS)
    except NotFound:
        draft.wrong("params.job must be the id of a train job", job_id, "params.job")
        return
    draft.source, draft.model_id, draft.version = source, source.model_id, source.model_version
    named = draft.given("model")
    if named is not None and named not in (source.model_id, f"{source.model_id}@{source.model_version}"):
        rule = f"model must be left out, or be {source.model_id}@{source.model_version}, which {job_id} trained"
        draft.wrong(rule, named, "model")
