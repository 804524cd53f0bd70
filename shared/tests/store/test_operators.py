"""The registry, on both databases."""

import threading

import pytest
from sqlalchemy.orm import Session
from visualnn_shared.errors import Conflict, NotFound
from visualnn_shared.store import operators
from visualnn_shared.store.database import LOCAL_OWNER, Database
from visualnn_shared.store.tables import OperatorVersion, User

REPLAY = {"samples": 3, "max_abs_error": 1e-7, "tolerance": 1e-5}


def _version(operator_id: str, number: int) -> OperatorVersion:
    return OperatorVersion(
        operator_id=operator_id,
        number=number,
        serving={},
        onnx_key=f"operators/{operator_id}/{number}/model.onnx",
        onnx_sha256="c" * 64,
        lineage={"job": "job-1"},
        ready=False,
    )


def _register(s: Session, name: str = "digits") -> tuple[str, int]:
    operator_id, number = operators.reserve(s, LOCAL_OWNER, name)
    operators.add_version(s, _version(operator_id, number))
    operators.publish(s, operator_id, number, REPLAY)
    return operator_id, number


def test_an_operator_is_there_once_a_version_is_ready(database: Database) -> None:
    with database.session() as s:
        operator_id, number = operators.reserve(s, LOCAL_OWNER, "digits")
        operators.add_version(s, _version(operator_id, number))
    with database.reading() as s:
        assert operators.page(s, LOCAL_OWNER).items == []
        assert operators.count(s) == 0
        with pytest.raises(NotFound):
            operators.version(s, LOCAL_OWNER, "digits")
    with database.session() as s:
        operators.publish(s, operator_id, number, REPLAY)
    with database.reading() as s:
        found = operators.version(s, LOCAL_OWNER, "digits")
        assert (found.number, found.ready, found.replay) == (1, True, REPLAY)
        assert operators.get(s, LOCAL_OWNER, "digits").version == 1
        assert operators.count(s) == 1


def test_a_name_gets_the_next_version(database: Database) -> None:
    with database.session() as s:
        assert [_register(s)[1] for _ in range(3)] == [1, 2, 3]
        assert operators.get(s, LOCAL_OWNER, "digits").version == 3
        assert [row.number for row in operators.versions(s, LOCAL_OWNER, "digits").items] == [3, 2, 1]


def test_operators_are_found_by_the_model_of_their_newest_version(database: Database) -> None:
    with database.session() as s:
        for name, models in (("one", ["m-1"]), ("two", ["m-1", "m-2"]), ("three", ["m-2"])):
            for model in models:
                operator_id, number = operators.reserve(s, LOCAL_OWNER, name)
                row = _version(operator_id, number)
                row.lineage = {"job": "job-1", "model": model}
                operators.add_version(s, row)
                operators.publish(s, operator_id, number, REPLAY)
        _register(s, "of no model")
    with database.reading() as s:
        found = {
            model: {one.name for one in operators.page(s, LOCAL_OWNER, model_id=model).items}
            for model in ("m-1", "m-2", "m-3")
        }
        assert found == {"m-1": {"one"}, "m-2": {"two", "three"}, "m-3": set()}
        first = operators.page(s, LOCAL_OWNER, None, 1, model_id="m-2")
        assert [len(first.items), len(operators.page(s, LOCAL_OWNER, first.next_cursor, 1, model_id="m-2").items)] == [
            1,
            1,
        ]


def test_a_number_is_never_given_twice(database: Database) -> None:
    with database.session() as s:
        operator_id, number = operators.reserve(s, LOCAL_OWNER, "digits")
        operators.add_version(s, _version(operator_id, number))
        operators.drop_version(s, operator_id, number)
        assert operators.reserve(s, LOCAL_OWNER, "digits") == (operator_id, 2)


def test_a_ready_version_is_not_dropped(database: Database) -> None:
    with database.session() as s:
        operator_id, number = _register(s)
        operators.drop_version(s, operator_id, number)
        assert operators.version(s, LOCAL_OWNER, "digits").number == number


def test_numbers_differ_under_concurrency_also_for_a_new_name(database: Database) -> None:
    given: list[tuple[str, int]] = []
    start = threading.Barrier(8)

    def reserve() -> None:
        start.wait()
        with database.session() as s:
            given.append(operators.reserve(s, LOCAL_OWNER, "digits"))

    threads = [threading.Thread(target=reserve) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(number for _, number in given) == list(range(1, 9))
    assert len({operator_id for operator_id, _ in given}) == 1


def test_the_newest_version_is_the_highest_ready_number_whoever_is_ready_last(database: Database) -> None:
    with database.session() as s:
        operator_id, first = operators.reserve(s, LOCAL_OWNER, "digits")
        _, second = operators.reserve(s, LOCAL_OWNER, "digits")
        for number in (first, second):
            operators.add_version(s, _version(operator_id, number))
        operators.publish(s, operator_id, second, REPLAY)
        operators.publish(s, operator_id, first, REPLAY)
        assert operators.version(s, LOCAL_OWNER, "digits").number == second
        assert operators.newest(s, list(operators.page(s, LOCAL_OWNER).items))[operator_id].number == second


def test_an_alias_names_a_ready_version_and_moves(database: Database) -> None:
    with database.session() as s:
        operator_id, _ = _register(s)
        _register(s)
        operators.set_alias(s, LOCAL_OWNER, "digits", "champion", 1)
        assert operators.version(s, LOCAL_OWNER, "digits", "champion").number == 1
        operators.set_alias(s, LOCAL_OWNER, "digits", "champion", 2)
        assert operators.version(s, LOCAL_OWNER, "digits", "champion").number == 2
        assert operators.aliases(s, [operator_id]) == {operator_id: {"champion": 2}}


def test_an_alias_must_name_a_version_that_is_ready(database: Database) -> None:
    with database.session() as s:
        operator_id, _ = _register(s)
        _, unready = operators.reserve(s, LOCAL_OWNER, "digits")
        operators.add_version(s, _version(operator_id, unready))
        for number in (unready, 9):
            with pytest.raises(NotFound):
                operators.set_alias(s, LOCAL_OWNER, "digits", "champion", number)
        with pytest.raises(NotFound, match="alias"):
            operators.version(s, LOCAL_OWNER, "digits", "champion")


def test_a_name_of_another_owner_is_taken(database: Database) -> None:
    with database.session() as s:
        s.add(User(id="user-ada", name="ada"))
        s.flush()
        operators.reserve(s, "user-ada", "digits")
    with database.session() as s, pytest.raises(Conflict, match="free or one's own"):
        operators.reserve(s, LOCAL_OWNER, "digits")


def test_a_delete_takes_versions_and_aliases_along(database: Database) -> None:
    with database.session() as s:
        operator_id, number = _register(s)
        operators.set_alias(s, LOCAL_OWNER, "digits", "champion", number)
        assert operators.delete(s, LOCAL_OWNER, "digits") == operator_id
        s.expire_all()
        assert s.get(OperatorVersion, (operator_id, number)) is None
        assert operators.aliases(s, [operator_id]) == {operator_id: {}}
        with pytest.raises(NotFound):
            operators.get(s, LOCAL_OWNER, "digits")
