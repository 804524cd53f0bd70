"""Data sets, on both databases."""

import threading

import pytest
from visualnn_shared.errors import Conflict, NotFound
from visualnn_shared.ids import new_id
from visualnn_shared.jobs import protocol
from visualnn_shared.store import datasets
from visualnn_shared.store.database import LOCAL_OWNER, Database
from visualnn_shared.store.tables import Dataset, User


def _row(name: str = "digits", sha256: str = "a" * 64, owner: str = LOCAL_OWNER, size: int = 10) -> Dataset:
    dataset_id = new_id("dataset")
    return Dataset(
        id=dataset_id,
        owner=owner,
        name=name,
        sha256=sha256,
        format="npz",
        size=size,
        key=f"datasets/{sha256}/{dataset_id}",
        schema={"features": []},
        splits={"train": 3},
    )


def test_a_data_set_is_read_back_as_stored(database: Database) -> None:
    with database.session() as s:
        made = datasets.add(s, _row()).id
    with database.reading() as s:
        row = datasets.get(s, LOCAL_OWNER, made)
    assert (row.name, row.sha256, row.splits) == ("digits", "a" * 64, {"train": 3})
    assert row.created_at > 1_700_000_000


def test_another_owners_data_set_is_not_found(database: Database) -> None:
    with database.session() as s:
        s.add(User(id="user-ada", name="ada"))
        s.flush()
        made = datasets.add(s, _row(owner="user-ada")).id
        for read in (datasets.get, datasets.lock, datasets.delete):
            with pytest.raises(NotFound):
                read(s, LOCAL_OWNER, made)
        assert datasets.page(s, LOCAL_OWNER).items == []
        assert datasets.stored_bytes(s, LOCAL_OWNER) == 0


def test_the_same_content_is_stored_once_under_a_name(database: Database) -> None:
    with database.session() as s:
        made = datasets.add(s, _row()).id
        datasets.add(s, _row(name="other"))
        datasets.add(s, _row(sha256="b" * 64))
    with database.session() as s, pytest.raises(Conflict, match="once"):
        datasets.add(s, _row())
    with database.reading() as s:
        found = datasets.same(s, LOCAL_OWNER, "a" * 64, "digits")
        assert found is not None
        assert found.id == made


def test_of_many_who_store_the_same_exactly_one_wins(database: Database) -> None:
    outcomes: list[str] = []
    start = threading.Barrier(6)

    def add() -> None:
        start.wait()
        try:
            with database.session() as s:
                datasets.add(s, _row())
            outcomes.append("stored")
        except Conflict:
            outcomes.append("twice")

    threads = [threading.Thread(target=add) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["stored"] + ["twice"] * 5


def test_the_bytes_of_an_owner_are_summed(database: Database) -> None:
    with database.session() as s:
        assert datasets.stored_bytes(s, LOCAL_OWNER) == 0
        datasets.add(s, _row(size=5 * 2**30))
        datasets.add(s, _row(name="other", size=7))
        assert datasets.stored_bytes(s, LOCAL_OWNER) == 5 * 2**30 + 7


def test_pages_are_newest_first(database: Database) -> None:
    with database.session() as s:
        made = [datasets.add(s, _row(name=f"set {index}")).id for index in range(5)]
        first = datasets.page(s, LOCAL_OWNER, None, 3)
        rest = datasets.page(s, LOCAL_OWNER, first.next_cursor, 3)
        named = datasets.page(s, LOCAL_OWNER, name="set 2")
    assert [row.id for row in [*first.items, *rest.items]] == sorted(made, reverse=True)
    assert [row.id for row in named.items] == [made[2]]


def test_a_delete_gives_the_key_of_the_object_to_remove(database: Database) -> None:
    with database.session() as s:
        row = datasets.add(s, _row())
        assert datasets.delete(s, LOCAL_OWNER, row.id) == row.key
        with pytest.raises(NotFound):
            datasets.get(s, LOCAL_OWNER, row.id)


def test_a_data_set_is_kept_while_a_job_needs_it(database: Database) -> None:
    with database.session() as s:
        made = datasets.add(s, _row()).id
        job = protocol.submit(s, owner=LOCAL_OWNER, kind="train", queue="train.cpu", params={}, dataset_id=made).job
    with database.session() as s, pytest.raises(Conflict, match="queued or running"):
        datasets.delete(s, LOCAL_OWNER, made)
    with database.session() as s:
        protocol.cancel(s, job.id)
        datasets.delete(s, LOCAL_OWNER, made)
