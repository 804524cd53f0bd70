"""An ensemble from its first training to the worker that ends it, its members' jobs played by hand."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update
from visualnn_shared.datasets.schema import DatasetSchema
from visualnn_shared.ensembling.advance import Ensembler
from visualnn_shared.ensembling.combining import combine
from visualnn_shared.ensembling.planning import plan_ensemble
from visualnn_shared.jobs import protocol
from visualnn_shared.jobs.model import ENSEMBLE, TRAIN_CPU
from visualnn_shared.jobs.timers import Timers
from visualnn_shared.jobs.wakeup import Waker
from visualnn_shared.spec.model import Spec
from visualnn_shared.store import models
from visualnn_shared.store.clock import clock
from visualnn_shared.store.database import LOCAL_OWNER, Database
from visualnn_shared.store.tables import Dataset, Job, ModelVersion
from visualnn_shared.training.recipe import EnsembleParams

from shared.tests.tuning.test_advance import BROKEN, SCHEMA, SPEC, Search


class Made(Search):
    """An ensemble instead of a search."""

    def begin(self, space: Any = None, **params: Any) -> str:
        del space
        with self.database.session() as s:
            model = models.create(s, LOCAL_OWNER, "net", SPEC)
            s.add(Dataset(id="dataset-1", owner=LOCAL_OWNER, name="d", sha256="0" * 64, format="npz", size=1,
                          key="datasets/1", schema=SCHEMA, splits={"train": 100}))  # fmt: skip
            wanted = EnsembleParams.model_validate(params)
            chosen = plan_ensemble(SPEC, DatasetSchema.model_validate(SCHEMA), {"train": 100}, wanted)
            job = protocol.submit(
                s, owner=LOCAL_OWNER, kind="ensemble", queue=ENSEMBLE, params=wanted.model_dump(mode="json"),
                model_id=model.id, model_version=1, dataset_id="dataset-1", chosen=chosen,
            ).job  # fmt: skip
        self.id = job.id
        return job.id

    def step(self, times: int = 1) -> None:
        for _ in range(times):
            Ensembler(self.database, self.objects, Waker(""), Timers()).round()

    def spec(self) -> Spec:
        job = self.job()
        with self.database.reading() as s:
            return Spec.model_validate(s.get_one(ModelVersion, (job.model_id, job.model_version)).spec)


@pytest.fixture
def made(database: Database, tmp_path: Path) -> Made:
    return Made(database, tmp_path / "objects")


def test_members_train_at_the_same_time_and_a_worker_ends_the_ensemble(made: Made) -> None:
    made.begin(members=3, parallel=2, recipe={"seed": 5, "time_limit_s": 60.0, "memory_limit_mb": 2048})
    base = made.job().model_id
    made.step(2)
    assert made.states() == ["queued"] * 2
    claims = [made.claim(), made.claim()]  # two workers
    assert [claim.job.params["seed"] for claim in claims] == [5, 6]
    assert {(claim.job.time_limit_s, claim.job.memory_limit_mb) for claim in claims} == {(60.0, 2048)}
    assert all(claim.job.chosen["ensemble"]["value"] == made.id for claim in claims if claim.job.chosen)
    made.step()
    made.end(claims[0], 0.5)
    made.end(claims[1], 0.25)
    made.step()
    assert made.states() == ["complete", "complete", "queued"]
    job = made.job()
    assert (job.state, job.metrics["complete"], job.metrics["members"]) == ("running", 2, 3)
    assert job.progress == pytest.approx(0.95 * 2 / 3)
    made.end(made.claim(), 0.125)
    made.step()
    job = made.job()
    assert (job.state, job.queue, job.failures) == ("queued", TRAIN_CPU, 0)
    assert made.spec() == combine([SPEC] * 3, "net: ensemble of 3").spec
    assert job.chosen is not None
    assert job.chosen["network"]["value"] == f"{base}@1"
    made.step()  # dispatchers leave it alone now
    last = made.claim()
    assert (last.job.id, last.lease.attempt) == (made.id, 2)
    made.end(last, 0.1)
    assert made.job().state == "succeeded"


def test_snapshots_are_of_one_training_and_an_average_keeps_the_network(made: Made) -> None:
    made.begin(method="average", members=2, recipe={"epochs": 4})
    made.step()
    assert made.states() == ["queued"]
    claim = made.claim()
    assert claim.job.params["snapshots"] == [3, 4]
    made.end(claim, 0.5)
    made.step()
    assert made.job().queue == TRAIN_CPU
    assert made.spec() == SPEC


def test_a_member_of_a_killed_worker_trains_again_and_dispatchers_may_all_be_away(made: Made) -> None:
    made.begin(members=2)
    made.step()
    lost = made.claim()
    with made.database.session() as s:
        for job_id in (lost.lease.job_id, made.id):
            s.execute(update(Job).where(Job.id == job_id).values(lease_until=clock() - 1))
        protocol.reap(s)
        s.execute(update(Job).values(run_after=clock()))
    before = [one.job_id for one in made.trials()]
    made.step()
    claims = [made.claim(), made.claim()]
    assert {claim.lease.attempt for claim in claims} == {1, 2}
    for claim in claims:
        made.end(claim, 0.5)
    made.step()
    assert made.job().queue == TRAIN_CPU
    assert [one.job_id for one in made.trials()] == before


def test_cancel_ends_every_member_and_resume_goes_on_with_them(made: Made) -> None:
    made.begin(members=3, parallel=2)
    made.step()
    claim = made.claim()
    with made.database.session() as s:
        protocol.cancel(s, made.id)
    made.step(2)
    assert sorted(made.states()) == ["running", "stopped"]
    with made.database.session() as s:
        assert protocol.confirm_cancel(s, claim.lease)
    made.step()
    assert (made.job().state, made.states()) == ("cancelled", ["stopped", "stopped"])
    with made.database.session() as s:
        protocol.resume(s, made.id)
    made.step()
    assert made.states() == ["queued", "queued"]


def test_members_that_fail_are_left_out_and_too_few_of_them_fail_the_ensemble(made: Made) -> None:
    made.begin(members=3)
    made.step()
    first, second, third = (made.claim() for _ in range(3))
    made.end(first, 0.5)
    with made.database.session() as s:
        protocol.fail(s, second.lease, BROKEN)
        protocol.fail(s, third.lease, BROKEN)
    made.step()
    ended = made.job()
    assert ended.state == "failed"
    assert ended.error is not None
    assert ended.error["code"] == "too-few-members"
    assert "of 3 trainings 1 succeeded" in ended.error["detail"]
    assert "NaN in epoch 2" in ended.error["detail"]
    with made.database.session() as s:
        protocol.resume(s, made.id)
    made.step()
    assert made.states() == ["complete", "queued", "queued"]
    again, lost = made.claim(), made.claim()
    made.end(again, 0.25)
    with made.database.session() as s:
        protocol.fail(s, lost.lease, BROKEN)
    made.step(2)
    job = made.job()
    assert job.queue == TRAIN_CPU
    assert job.chosen is not None
    assert job.chosen["left_out"]["value"] == [3]
    assert len(made.spec().groups) == 2


def test_what_was_deleted_meanwhile_fails_the_ensemble_and_says_so(made: Made) -> None:
    made.begin(members=3, parallel=1)
    made.step()
    made.end(made.claim(), 0.5)
    with made.database.session() as s:
        s.execute(delete(ModelVersion))
    made.step(3)
    ended = made.job()
    assert ended.state == "failed"
    assert ended.error is not None
    assert "model of the search or ensemble" in ended.error["detail"]
