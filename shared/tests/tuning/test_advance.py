"""A search from its first trial to its pictures, its trials' jobs played by hand, other dispatchers taking over."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import delete, select, update
from visualnn_shared import zoo
from visualnn_shared.jobs import events, protocol
from visualnn_shared.jobs.model import QUEUES, TUNE, Claim, ErrorClass, JobError, State
from visualnn_shared.jobs.timers import Timers
from visualnn_shared.jobs.wakeup import Waker
from visualnn_shared.objects.folder import FolderStore
from visualnn_shared.store import models
from visualnn_shared.store.clock import clock
from visualnn_shared.store.database import LOCAL_OWNER, Database
from visualnn_shared.store.tables import Dataset, Job, Model, Trial
from visualnn_shared.training.recipe import TuneParams
from visualnn_shared.tuning.advance import HOPELESS, Tuner

SPEC = zoo.load("mnist-dnn")
LAYER = next(layer.name for layer in SPEC.layers if "units" in layer.params)
RATE = {"params.learning_rate": {"type": "float", "low": 1e-4, "high": 1.0, "log": True}}
SCHEMA = {
    "features": [{"name": "x", "shape": [784], "dtype": "uint8", "whole": True, "min": 0, "max": 255}],
    "label": {"name": "y", "shape": [], "dtype": "uint8", "kind": "class", "whole": True, "min": 0, "max": 9,
              "n_classes": 10},
}  # fmt: skip
BROKEN = JobError(ErrorClass.USER, "nan-loss", "the loss is NaN in epoch 2", "lower the learning rate")


class Search:
    """A stored search, and hands that play its dispatchers and its workers."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.objects = database, FolderStore(folder)
        self.dead: list[Tuner] = []

    def begin(self, space: dict[str, Any] | None = None, **params: Any) -> str:
        with self.database.session() as s:
            model = models.create(s, LOCAL_OWNER, "net", SPEC)
            s.add(Dataset(id="dataset-1", owner=LOCAL_OWNER, name="d", sha256="0" * 64, format="npz", size=1,
                          key="datasets/1", schema=SCHEMA, splits={"train": 100}))  # fmt: skip
            wanted = TuneParams.model_validate({"space": space or RATE, "search": "random", **params})
            job = protocol.submit(
                s, owner=LOCAL_OWNER, kind="tune", queue=TUNE, params=wanted.model_dump(mode="json"),
                model_id=model.id, model_version=1, dataset_id="dataset-1",
            ).job  # fmt: skip
        self.id = job.id
        return job.id

    def step(self, times: int = 1) -> None:
        """Each by a dispatcher that knows nothing of the ones before."""
        for _ in range(times):
            Tuner(self.database, self.objects, Waker(""), Timers()).round()

    def job(self, job_id: str | None = None) -> Job:
        with self.database.reading() as s:
            return protocol.find(s, job_id or self.id)

    def trials(self) -> list[Trial]:
        with self.database.reading() as s:
            return list(s.scalars(select(Trial).where(Trial.tune_id == self.id).order_by(Trial.number)))

    def states(self) -> list[str]:
        return [one.state for one in self.trials()]

    def claim(self) -> Claim:
        with self.database.session() as s:
            claim = protocol.claim(s, queues=QUEUES, worker_id="worker-1")
        assert claim is not None
        return claim

    def report(self, claim: Claim, *values: float) -> None:
        said = [("epoch", {"epoch": epoch, "metrics": {"val_loss": value}}) for epoch, value in enumerate(values, 1)]
        with self.database.session() as s:
            assert events.append(s, claim.lease, said)

    def end(self, claim: Claim, value: float | None) -> None:
        metrics = {} if value is None else {"val_loss": value}
        with self.database.session() as s:
            assert protocol.commit(s, claim.lease, {}, metrics)

    def run_all(self, value: Callable[[Job], float]) -> None:
        """A worker that does whatever is queued, until the search has ended."""
        for _ in range(100):
            self.step()
            if self.job().state != State.RUNNING:
                return
            with self.database.session() as s:
                claim = protocol.claim(s, queues=QUEUES, worker_id="worker-1")
            if claim is not None:
                self.end(claim, value(claim.job))
        raise AssertionError("the search did not end")


@pytest.fixture
def search(database: Database, tmp_path: Path) -> Search:
    return Search(database, tmp_path / "objects")


def test_a_search_asks_queues_tells_and_ends_with_its_files(search: Search) -> None:
    search.begin(trials=9, parallel=3)
    search.step()
    assert search.states() == ["queued"] * 3
    first = search.trials()[0]
    job = search.job(first.job_id)
    assert (job.kind, job.queue, job.params["learning_rate"]) == (
        "train", "train.cpu", first.values["params.learning_rate"],
    )  # fmt: skip
    assert job.params["validation_split"] == 0.2
    search.run_all(lambda job: job.params["learning_rate"])
    ended = search.job()
    assert (ended.state, ended.progress, ended.failures) == ("succeeded", 1.0, 0)
    least = min(search.trials(), key=lambda one: one.values["params.learning_rate"])
    assert ended.chosen is not None
    assert ended.chosen["best"]["value"] == least.values
    assert ended.chosen["best_job"]["value"] == least.job_id
    assert ended.metrics["best"] == least.value
    with search.database.reading() as s:
        far = [one.data["progress"] for one in events.after(s, search.id) if one.kind == "metrics"]
    assert far[0] == 0
    assert far == sorted(far)
    assert 0.5 < far[-1] < 1
    manifest = ended.result_manifest or {}
    told = json.loads(search.objects.get(manifest["trials.json"]["key"]))
    assert [one["number"] for one in told["trials"]] == list(range(9))
    assert told["best"]["number"] == least.number
    assert told["importance"] == {"params.learning_rate": 1.0}
    for name in ("parallel-coordinates.png", "importance.png"):
        assert Image.open(io.BytesIO(search.objects.get(manifest[name]["key"]))).width >= 600


def test_never_more_than_parallel_are_open_and_a_second_step_changes_nothing(search: Search) -> None:
    search.begin(trials=5, parallel=2)
    search.step(3)
    assert search.states() == ["queued"] * 2
    claim = search.claim()
    search.step()
    assert sorted(search.states()) == ["queued", "running"]
    search.end(claim, 0.5)
    search.step()
    assert sorted(search.states()) == ["complete", "queued", "queued"]


def test_a_search_whose_dispatchers_were_all_away_loses_nothing(search: Search) -> None:
    search.begin(trials=3, parallel=1)
    search.step()
    before = [one.job_id for one in search.trials()]
    with search.database.session() as s:
        s.execute(update(Job).where(Job.id == search.id).values(lease_until=clock() - 1))
        protocol.reap(s)  # by one that came back first and had not advanced it
        s.execute(update(Job).where(Job.id == search.id).values(run_after=clock()))
    assert search.job().state == "queued"
    search.step()
    assert [one.job_id for one in search.trials()] == before
    search.run_all(lambda _: 0.5)
    assert search.job().state == "succeeded"
    assert len(search.trials()) == 3


def test_the_search_renews_its_lease_before_anyone_reaps(search: Search) -> None:
    search.begin(trials=1)
    search.step()
    with search.database.session() as s:
        s.execute(update(Job).where(Job.id == search.id).values(lease_until=clock() - 1))
    search.step()
    with search.database.session() as s:
        assert protocol.reap(s) == []


def test_a_trial_of_a_killed_worker_is_run_again_and_counts_once(search: Search) -> None:
    search.begin(trials=1)
    search.step()
    lost = search.claim()
    search.report(lost, 0.9)
    with search.database.session() as s:
        s.execute(update(Job).where(Job.id == lost.lease.job_id).values(lease_until=clock() - 1))
        protocol.reap(s)
        s.execute(update(Job).where(Job.id == lost.lease.job_id).values(run_after=clock()))
    search.step()
    assert search.states() == ["queued"]
    again = search.claim()
    assert again.lease.attempt == 2
    search.report(again, 0.8, 0.7)
    search.end(again, 0.7)
    search.step()
    (only,) = search.trials()
    assert (only.state, only.value, only.epochs) == ("complete", 0.7, [[1, 0.8], [2, 0.7]])


def test_cancel_ends_every_trial_and_resume_goes_on_with_them(search: Search) -> None:
    search.begin(trials=3, parallel=2)
    search.step()
    claim = search.claim()
    with search.database.session() as s:
        protocol.cancel(s, search.id)
    search.step(2)
    assert sorted(search.states()) == ["running", "stopped"]  # the worker has not ended its child yet
    assert search.job().state == "running"
    seen = len(_events(search, claim.lease.job_id))
    search.step()
    assert len(_events(search, claim.lease.job_id)) == seen
    with search.database.session() as s:
        assert protocol.confirm_cancel(s, claim.lease)
    search.step()
    assert search.states() == ["stopped", "stopped"]
    assert search.job().state == "cancelled"
    before = [one.job_id for one in search.trials()]
    with search.database.session() as s:
        protocol.resume(s, search.id)
    search.step()
    assert search.states() == ["queued", "queued"]
    search.run_all(lambda _: 0.5)
    assert search.states() == ["complete"] * 3
    assert [one.job_id for one in search.trials()][:2] == before


def test_a_trial_that_falls_behind_is_ended_and_a_late_success_still_counts(search: Search) -> None:
    search.begin(trials=6, parallel=6, pruner="asha", recipe={"epochs": 9})
    search.step()
    claims = [search.claim() for _ in range(6)]
    for place, claim in enumerate(claims):
        search.report(claim, float(place))
    search.step()
    asked = [search.job(claim.lease.job_id).cancel_requested for claim in claims]
    assert asked == [False, False, True, True, True, True]
    with search.database.session() as s:
        for claim in claims[2:]:
            assert protocol.confirm_cancel(s, claim.lease)
    search.end(claims[0], 0.1)
    search.end(claims[1], 0.2)
    search.step()
    assert sorted(search.states()) == ["complete"] * 2 + ["pruned"] * 4
    assert {one.pruned_at for one in search.trials() if one.state == "pruned"} == {1}
    search.step()
    assert search.job().state == "succeeded"


def test_trials_end_in_every_way_and_the_search_goes_on(search: Search) -> None:
    search.begin(trials=5, parallel=5)
    search.step()
    claims = [search.claim() for _ in range(5)]
    with search.database.session() as s:
        protocol.fail(s, claims[0].lease, BROKEN)
        protocol.cancel(s, claims[1].lease.job_id)
        protocol.confirm_cancel(s, claims[1].lease)
    search.end(claims[2], None)
    search.end(claims[3], 0.5)
    search.end(claims[4], 0.4)
    with search.database.session() as s:
        s.execute(delete(Job).where(Job.id == claims[4].lease.job_id))
    search.step(2)
    found = {one.job_id: (one.state, one.note) for one in search.trials()}
    assert [found[claim.lease.job_id] for claim in claims] == [
        ("failed", "the loss is NaN in epoch 2"),
        ("cancelled", None),
        ("failed", "it reported no val_loss"),
        ("complete", None),
        ("failed", "its job was deleted"),
    ]
    assert search.job().state == "succeeded"


def test_a_hopeless_search_ends_and_says_why(search: Search) -> None:
    search.begin(trials=1000, parallel=2)
    for _ in range(HOPELESS + 1):
        search.step()
        with search.database.session() as s:
            while claim := protocol.claim(s, queues=QUEUES, worker_id="worker-1"):
                protocol.fail(s, claim.lease, BROKEN)
    search.step()
    ended = search.job()
    assert (ended.state, ended.attempt) == ("failed", 1)
    assert ended.error is not None
    assert ended.error["code"] == "no-trial-succeeded"
    assert "the loss is NaN in epoch 2" in ended.error["detail"]
    assert HOPELESS <= len(search.trials()) <= HOPELESS + 2


def test_a_changed_network_is_a_model_of_its_own_shared_by_trials_with_the_same(search: Search) -> None:
    search.begin({f"model.layers.{LAYER}.params.units": {"type": "choice", "choices": [5, 6]}}, trials=8, parallel=8)
    search.step()
    with search.database.reading() as s:
        found = {job.model_id: s.get(Model, job.model_id) for job in s.scalars(select(Job).where(Job.kind == "train"))}
        names = sorted(one.name for one in found.values() if one is not None)
    assert names == [f"net: {LAYER}.units 5", f"net: {LAYER}.units 6"]


def test_values_that_do_not_fit_together_are_a_failed_trial_without_a_job(search: Search) -> None:
    space = {
        "params.optimizer": {"type": "choice", "choices": ["sgd", "adam"]},
        "params.optimizer.momentum": {"type": "float", "low": 0.1, "high": 0.9},
    }
    search.begin(space, trials=12, parallel=12)
    search.step()
    found = search.trials()
    assert all((one.job_id is None) == (one.values["params.optimizer"] == "adam") for one in found)
    assert {"failed", "queued"} == {one.state for one in found}
    assert all("momentum" in str(one.note) for one in found if one.state == "failed")


def _events(search: Search, job_id: str) -> list[Any]:
    with search.database.reading() as s:
        return events.after(s, job_id)
