"""Reading jobs, on both databases."""

import pytest
from sqlalchemy import Connection, event
from visualnn_shared.errors import NotFound
from visualnn_shared.jobs import protocol
from visualnn_shared.jobs.model import TRAIN_CPU
from visualnn_shared.spec.reading import etag
from visualnn_shared.store import jobs, models
from visualnn_shared.store.database import LOCAL_OWNER, Database
from visualnn_shared.store.tables import Dataset, User
from visualnn_shared.zoo import load

MANIFEST_SHA = "d" * 64


def _submit(database: Database, owner: str = LOCAL_OWNER, **given: object) -> str:
    values = {"kind": "train", "queue": "train.cpu", "params": {}, **given}
    with database.session() as s:
        return protocol.submit(s, owner=owner, **values).job.id  # type: ignore[arg-type]


def test_pages_may_be_filtered_by_state_kind_and_model(database: Database) -> None:
    plain = _submit(database)
    of_model = _submit(database, model_id="model-1", model_version=1)
    predict = _submit(database, kind="predict", queue="infer")
    with database.session() as s:
        protocol.cancel(s, plain)
    with database.reading() as s:

        def found(**wanted: str) -> list[str]:
            return [job.id for job in jobs.page(s, LOCAL_OWNER, **wanted).items]  # type: ignore[arg-type]

        assert found() == [predict, of_model, plain]
        assert found(state="cancelled") == [plain]
        assert found(state="queued") == [predict, of_model]
        assert found(kind="predict") == [predict]
        assert found(model_id="model-1") == [of_model]
        assert found(kind="predict", state="cancelled") == []
        assert jobs.count_by_state(s) == {"queued": 2, "cancelled": 1}


def test_filtered_pages_go_on_from_their_cursor(database: Database) -> None:
    made = [_submit(database, kind=kind) for kind in ("train", "evaluate") * 3]
    with database.reading() as s:
        first = jobs.page(s, LOCAL_OWNER, None, 2, kind="train")
        rest = jobs.page(s, LOCAL_OWNER, first.next_cursor, 2, kind="train")
    assert [job.id for job in [*first.items, *rest.items]] == [made[4], made[2], made[0]]
    assert rest.next_cursor is None


def test_a_job_is_found_by_its_key_and_owner(database: Database) -> None:
    made = _submit(database, idempotency_key="k", fingerprint="f" * 64)
    with database.reading() as s:
        found = jobs.by_key(s, LOCAL_OWNER, "k")
        assert found is not None
        assert found.id == made
        assert jobs.by_key(s, LOCAL_OWNER, "other") is None
        assert jobs.by_key(s, "user-ada", "k") is None


def test_another_owners_job_is_not_found(database: Database) -> None:
    with database.session() as s:
        s.add(User(id="user-ada", name="ada"))
    made = _submit(database, owner="user-ada")
    with database.reading() as s:
        for read in (jobs.get, jobs.artifacts):
            with pytest.raises(NotFound):
                read(s, LOCAL_OWNER, made)


def test_artifacts_are_there_once_the_job_has_succeeded(database: Database) -> None:
    made = _submit(database)
    with database.reading() as s:
        assert jobs.artifacts(s, LOCAL_OWNER, made) == []
    with database.session() as s:
        claim = protocol.claim(s, queues=["train.cpu"], worker_id="worker-1")
        assert claim is not None
        manifest = {
            name: {"key": claim.lease.prefix() + name, "size": 3, "sha256": MANIFEST_SHA} for name in ("b", "a")
        }
        assert protocol.commit(s, claim.lease, manifest, {}, None)
    with database.reading() as s:
        assert [row.name for row in jobs.artifacts(s, LOCAL_OWNER, made)] == ["a", "b"]
        assert jobs.artifact(s, LOCAL_OWNER, made, "a").sha256 == MANIFEST_SHA
        with pytest.raises(NotFound, match="'c'"):
            jobs.artifact(s, LOCAL_OWNER, made, "c")


def _net(database: Database, name: str, owner: str = LOCAL_OWNER) -> tuple[str, str]:
    """(a model of this network, the network's ETag)."""
    spec = load(name)
    with database.session() as s:
        return models.create(s, owner, spec.name, spec, None).id, etag(spec)


def _trained(database: Database, model: str, accuracy: object, **given: object) -> str:
    """A job that succeeded with this test accuracy."""
    job = _submit(database, model_id=model, model_version=1, **given)
    with database.session() as s:
        claim = protocol.claim(s, queues=(TRAIN_CPU,), worker_id="worker-1")
        assert claim is not None
        assert protocol.commit(s, claim.lease, {}, {"test_accuracy": accuracy, "loss": 0.5})
    return job


def test_the_best_accuracy_of_a_network_is_found_over_all_its_models(database: Database) -> None:
    (first, etag), (again, _), (other, other_etag) = [_net(database, one) for one in ("linear", "linear", "mnist-dnn")]
    with database.session() as s:
        s.add(User(id="user-ada", name="ada"))
        s.add(Dataset(id="dataset-1", owner=LOCAL_OWNER, name="points", sha256="0" * 64, format="npz", size=1, key="k",
                      schema={}, splits={}))  # fmt: skip
    foreign, _ = _net(database, "linear", "user-ada")
    _trained(database, first, 0.5)
    _trained(database, again, 0.75, dataset_id="dataset-gone")
    best = _trained(database, again, 0.75, dataset_id="dataset-1")
    _trained(database, first, float("nan"))
    _trained(database, first, None)
    _trained(database, first, 0.9, kind="evaluate")
    _trained(database, foreign, 1.0, owner="user-ada")
    _submit(database, model_id=other, model_version=1)
    with database.reading() as s:
        found = jobs.best_accuracies(s, LOCAL_OWNER, [etag, other_etag, "unknown"])
        assert found == {etag: jobs.Best(0.75, best, "dataset-1", "points")}
        assert jobs.best_accuracies(s, LOCAL_OWNER, []) == {}
    with database.session() as s:
        s.delete(s.get_one(Dataset, "dataset-1"))
    with database.reading() as s:
        assert jobs.best_accuracies(s, LOCAL_OWNER, [etag]) == {etag: jobs.Best(0.75, best, None, None)}


def test_the_best_accuracy_is_looked_up_in_an_index(database: Database) -> None:
    """Neither jobs nor models are walked through."""
    model, etag = _net(database, "linear")
    _trained(database, model, 0.5)
    plans: list[str] = []

    def look(connection: Connection, _cursor: object, statement: str, parameters: object, *_more: object) -> None:
        if statement.startswith("WITH"):
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            explain = "EXPLAIN " if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN "
            plans.append(str(connection.exec_driver_sql(explain + statement, parameters).all()))

    event.listen(database.engine, "before_cursor_execute", look)
    with database.reading() as s:
        assert jobs.best_accuracies(s, LOCAL_OWNER, [etag])[etag].accuracy == 0.5
    event.remove(database.engine, "before_cursor_execute", look)
    assert "ix_jobs_accuracy" in plans[0]
    assert "SCAN jobs" not in plans[0]
    assert "Seq Scan on jobs" not in plans[0]
