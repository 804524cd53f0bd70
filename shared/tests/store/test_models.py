"""Models and their versions, on both databases."""

import threading

import pytest
from sqlalchemy.orm import Session
from visualnn_shared.errors import Conflict, NotFound, PreconditionFailed, PreconditionRequired
from visualnn_shared.jobs import protocol
from visualnn_shared.spec.model import Layer, Spec
from visualnn_shared.spec.reading import etag
from visualnn_shared.store import models
from visualnn_shared.store.database import LOCAL_OWNER, Database
from visualnn_shared.store.tables import Model, ModelVersion, User


def _spec(units: int = 1, name: str = "line") -> Spec:
    layers = (
        Layer(name="x", type="Input", params={"shape": [1]}),
        Layer(name="y", type="Dense", params={"units": units}, inputs=("x",)),
    )
    return Spec(name=name, layers=layers, outputs=("y",))


def _make(s: Session, name: str = "line") -> str:
    return models.create(s, LOCAL_OWNER, name, _spec()).id


def test_a_new_model_has_version_1_with_its_spec_and_etag(database: Database) -> None:
    with database.session() as s:
        model_id = models.create(s, LOCAL_OWNER, "line", _spec(), {"format": "caffe"}).id
    with database.reading() as s:
        model, version = models.get(s, LOCAL_OWNER, model_id), models.version(s, LOCAL_OWNER, model_id)
    assert (model.name, model.version, version.number) == ("line", 1, 1)
    assert Spec.model_validate(version.spec) == _spec()
    assert version.etag == etag(_spec())
    assert version.source == {"format": "caffe"}


@pytest.mark.parametrize("model_id", ["model-none", ""])
def test_an_unknown_model_is_not_found(database: Database, model_id: str) -> None:
    with database.reading() as s, pytest.raises(NotFound, match="model"):
        models.get(s, LOCAL_OWNER, model_id)


def test_another_owners_model_is_not_found(database: Database) -> None:
    with database.session() as s:
        s.add(User(id="user-ada", name="ada"))
        s.flush()
        model_id = models.create(s, "user-ada", "line", _spec()).id
    with database.session() as s:
        for read in (models.get, models.version, models.versions, models.lock):
            with pytest.raises(NotFound):
                read(s, LOCAL_OWNER, model_id)
        assert models.page(s, LOCAL_OWNER).items == []


def test_a_save_adds_a_version_and_keeps_the_old_one(database: Database) -> None:
    with database.session() as s:
        model_id = _make(s)
        models.save(s, LOCAL_OWNER, model_id, _spec(2), frozenset({etag(_spec())}))
    with database.reading() as s:
        assert models.get(s, LOCAL_OWNER, model_id).version == 2
        assert models.version(s, LOCAL_OWNER, model_id).etag == etag(_spec(2))
        assert models.version(s, LOCAL_OWNER, model_id, 1).etag == etag(_spec(1))
        with pytest.raises(NotFound, match="3"):
            models.version(s, LOCAL_OWNER, model_id, 3)


def test_saving_the_same_spec_makes_no_version(database: Database) -> None:
    with database.session() as s:
        model_id = _make(s)
        assert models.save(s, LOCAL_OWNER, model_id, _spec(), frozenset({"*"})).number == 1
        assert models.get(s, LOCAL_OWNER, model_id).version == 1


def test_a_save_needs_the_etag_of_the_current_version(database: Database) -> None:
    old = frozenset({etag(_spec())})
    with database.session() as s:
        model_id = _make(s)
        with pytest.raises(PreconditionRequired, match=etag(_spec())):
            models.save(s, LOCAL_OWNER, model_id, _spec(2), None)
        models.save(s, LOCAL_OWNER, model_id, _spec(2), old)
        with pytest.raises(PreconditionFailed, match=etag(_spec(2))):
            models.save(s, LOCAL_OWNER, model_id, _spec(3), old)
        with pytest.raises(PreconditionFailed):
            models.save(s, LOCAL_OWNER, model_id, _spec(3), frozenset())
        assert models.get(s, LOCAL_OWNER, model_id).version == 2


def test_of_many_who_save_over_one_version_exactly_one_wins(database: Database) -> None:
    with database.session() as s:
        model_id = _make(s)
    outcomes: list[str] = []
    start = threading.Barrier(8)

    def save(units: int) -> None:
        start.wait()
        try:
            with database.session() as s:
                models.save(s, LOCAL_OWNER, model_id, _spec(units), frozenset({etag(_spec())}))
            outcomes.append("saved")
        except PreconditionFailed:
            outcomes.append("too late")

    threads = [threading.Thread(target=save, args=(units,)) for units in range(2, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["saved"] + ["too late"] * 7
    with database.reading() as s:
        assert models.get(s, LOCAL_OWNER, model_id).version == 2


def test_pages_are_newest_first_and_hold_each_model_once(database: Database) -> None:
    with database.session() as s:
        made = [_make(s, f"net {index}") for index in range(7)]
    seen, cursor, pages = [], None, 0
    with database.reading() as s:
        while True:
            page = models.page(s, LOCAL_OWNER, cursor, 3)
            seen += [model.id for model in page.items]
            cursor, pages = page.next_cursor, pages + 1
            if cursor is None:
                break
    assert seen == sorted(made, reverse=True)
    assert pages == 3


def test_a_page_that_ends_with_the_list_has_no_next(database: Database) -> None:
    with database.session() as s:
        for _ in range(3):
            _make(s)
        assert models.page(s, LOCAL_OWNER, None, 3).next_cursor is None
        assert models.page(s, LOCAL_OWNER, None, 2).next_cursor is not None


def test_a_page_may_be_of_one_name(database: Database) -> None:
    with database.session() as s:
        _make(s, "a")
        wanted = _make(s, "b")
        assert [model.id for model in models.page(s, LOCAL_OWNER, name="b").items] == [wanted]


def test_the_current_versions_of_a_page_come_in_one_statement(database: Database) -> None:
    with database.session() as s:
        first, second = _make(s), _make(s)
        models.save(s, LOCAL_OWNER, first, _spec(2), frozenset({"*"}))
        current = models.current(s, list(models.page(s, LOCAL_OWNER).items))
        assert {key: row.number for key, row in current.items()} == {first: 2, second: 1}


def test_versions_are_listed_newest_first_in_pages(database: Database) -> None:
    with database.session() as s:
        model_id = _make(s)
        for units in (2, 3, 4):
            models.save(s, LOCAL_OWNER, model_id, _spec(units), frozenset({"*"}))
        first = models.versions(s, LOCAL_OWNER, model_id, None, 3)
        rest = models.versions(s, LOCAL_OWNER, model_id, int(str(first.next_cursor)), 3)
    assert [row.number for row in first.items] == [4, 3, 2]
    assert [row.number for row in rest.items] == [1]
    assert rest.next_cursor is None


def test_a_rename_makes_no_version(database: Database) -> None:
    with database.session() as s:
        model_id = _make(s)
        before = models.get(s, LOCAL_OWNER, model_id).updated_at
    with database.session() as s:
        model = models.rename(s, LOCAL_OWNER, model_id, "a better name")
    assert (model.name, model.version) == ("a better name", 1)
    assert model.updated_at >= before


def test_a_deleted_model_takes_its_versions_along(database: Database) -> None:
    with database.session() as s:
        model_id, other = _make(s), _make(s)
        models.delete(s, LOCAL_OWNER, model_id)
    with database.session() as s:
        assert s.get(Model, model_id) is None
        assert s.get(ModelVersion, (model_id, 1)) is None
        assert s.get(ModelVersion, (other, 1)) is not None
        with pytest.raises(NotFound):
            models.delete(s, LOCAL_OWNER, model_id)


def test_a_model_is_kept_while_a_job_needs_it(database: Database) -> None:
    with database.session() as s:
        model_id = _make(s)
        job = protocol.submit(
            s, owner=LOCAL_OWNER, kind="train", queue="train.cpu", params={}, model_id=model_id, model_version=1
        ).job
    with database.session() as s, pytest.raises(Conflict, match="queued or running"):
        models.delete(s, LOCAL_OWNER, model_id)
    with database.session() as s:
        protocol.cancel(s, job.id)
        models.delete(s, LOCAL_OWNER, model_id)


def test_who_deletes_waits_for_who_submits(database: Database) -> None:
    """A job that is being submitted holds its model: the one who deletes sees the job, and leaves the model."""
    with database.session() as s:
        model_id = _make(s)
    locked, outcome = threading.Event(), []

    def delete() -> None:
        locked.wait()
        try:
            with database.session() as s:
                models.delete(s, LOCAL_OWNER, model_id)
            outcome.append("deleted")
        except Conflict:
            outcome.append("kept")

    thread = threading.Thread(target=delete)
    thread.start()
    with database.session() as s:
        models.lock(s, LOCAL_OWNER, model_id, share=True)
        locked.set()
        thread.join(0.3)
        assert outcome == []
        protocol.submit(s, owner=LOCAL_OWNER, kind="train", queue="train.cpu", params={}, model_id=model_id)
    thread.join()
    assert outcome == ["kept"]


def test_the_same_spec_under_the_same_name_is_found_again(database: Database) -> None:
    with database.session() as s:
        model_id = _make(s)
        found = models.same(s, LOCAL_OWNER, "line", _spec())
        assert found is not None
        assert found.id == model_id
        assert models.same(s, LOCAL_OWNER, "line", _spec(2)) is None
        assert models.same(s, LOCAL_OWNER, "other", _spec()) is None


def test_models_are_found_by_a_part_of_their_name(database: Database) -> None:
    with database.session() as s:
        names = ("ResNet-50", "mnist 100%", "resnet_152", "残差网络")
        made = {name: _make(s, name) for name in names}

        def found(text: str) -> list[str]:
            return [model.id for model in models.search(s, LOCAL_OWNER, text).items]

        assert found("RESNET") == [made["resnet_152"], made["ResNet-50"]]
        assert found("%") == [made["mnist 100%"]]
        assert found("t_1") == [made["resnet_152"]]
        assert found("差网") == [made["残差网络"]]
        assert found("nobody") == []


def test_a_search_goes_on_where_it_stopped(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "SEARCHED", 4)
    with database.session() as s:
        made = [_make(s, "wanted" if number in (0, 1, 2, 9) else "other") for number in range(10)]
        wanted = [made[number] for number in (9, 2, 1, 0)]
        pages: list[list[str]] = []
        cursor: str | None = None
        while True:
            page = models.search(s, LOCAL_OWNER, "wanted", cursor, 2)
            pages.append([model.id for model in page.items])
            cursor = page.next_cursor
            if cursor is None:
                break
        assert [one for page in pages for one in page] == wanted
        assert all(len(page) <= 2 for page in pages)
