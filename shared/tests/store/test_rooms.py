"""Rooms, links and comments as rows, on both databases."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from visualnn_shared.errors import Conflict, NotFound
from visualnn_shared.spec.model import Spec
from visualnn_shared.store import comments, models, rooms, shares
from visualnn_shared.store.database import LOCAL_OWNER, Database

SPEC = Spec.model_validate(
    {"visualnn": 1, "name": "net", "layers": [{"name": "in", "type": "Input", "params": {"shape": [3]}}]}
)


@pytest.fixture
def model(database: Database) -> str:
    with database.session() as s:
        model_id = models.create(s, LOCAL_OWNER, "net", SPEC).id
        rooms.open_room(s, LOCAL_OWNER, model_id, lambda: b"seed")
    return model_id


def test_a_room_is_opened_once(database: Database, model: str) -> None:
    with database.session() as s:
        assert rooms.open_room(s, LOCAL_OWNER, model, lambda: b"other").state == b"seed"
        assert rooms.news(s, model, -1).updates == (b"seed",)
        with pytest.raises(NotFound):
            rooms.open_room(s, LOCAL_OWNER, "model-nobody", lambda: b"")
        with pytest.raises(NotFound):
            rooms.news(s, "model-nobody", -1)
        with pytest.raises(NotFound):
            rooms.append(s, "model-nobody", b"")


def test_whoever_follows_the_numbers_misses_nothing_while_many_write(database: Database, model: str) -> None:
    def write(number: int) -> int:
        with database.session() as s:
            return rooms.append(s, model, str(number).encode())

    seen: list[bytes] = []
    head = 0
    with ThreadPoolExecutor(4) as pool:
        writing = [pool.submit(write, number) for number in range(24)]
        while len(seen) < 24:
            with database.reading() as s:
                news = rooms.news(s, model, head)
            assert len(news.updates) == news.head - head
            seen += news.updates
            head = news.head
        assert sorted(one.result() for one in writing) == list(range(1, 25))
    assert sorted(map(int, seen)) == list(range(24))


def test_a_compacted_room_gives_its_state_to_who_is_behind(database: Database, model: str) -> None:
    with database.session() as s:
        for data in (b"1", b"2", b"3"):
            rooms.append(s, model, data)
        rooms.compact(s, model, b"seed12", 2)
        assert rooms.waiting(s, model) == 1
        rooms.compact(s, model, b"older", 1)  # never goes back
        assert rooms.news(s, model, -1).updates == (b"seed12", b"3")
        assert rooms.news(s, model, 1).updates == (b"seed12", b"3")
        assert rooms.news(s, model, 2).updates == (b"3",)
        assert rooms.news(s, model, 3).updates == ()


def test_what_is_compacted_between_two_statements_is_not_missed(
    database: Database, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Postgres each statement sees what is committed by then; SQLite's readers see one moment."""
    with database.session() as s:
        for data in (b"1", b"2", b"3"):
            rooms.append(s, model, data)
    with database.reading() as s:
        execute = s.execute

        def compacting(*arguments: object) -> object:
            found = execute(*arguments)  # type: ignore[call-overload]
            monkeypatch.undo()
            with database.session() as other:
                rooms.compact(other, model, b"seed12", 2)
            return found

        monkeypatch.setattr(s, "execute", compacting)
        news = rooms.news(s, model, 0)
    assert news.head == 3
    assert news.updates in ((b"seed12", b"3"), (b"1", b"2", b"3"))


def test_only_who_has_the_token_finds_the_link(database: Database, model: str) -> None:
    with database.session() as s:
        share, token = shares.create(s, LOCAL_OWNER, model, "viewer", "")
        found = shares.find(s, token)
        assert found is not None
        assert found.id == share.id
        assert shares.find(s, token[:-1]) is None
        assert token not in str(vars(found))
        assert rooms.news(s, model, 0).shares == {share.id}
        other = models.create(s, LOCAL_OWNER, "other", SPEC).id
        with pytest.raises(NotFound):
            shares.revoke(s, LOCAL_OWNER, other, share.id)
        shares.revoke(s, LOCAL_OWNER, model, share.id)
        assert shares.find(s, token) is None


def test_links_and_comments_are_bounded(database: Database, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "MOST", 1)
    monkeypatch.setattr(comments, "MOST", 1)
    with database.session() as s:
        shares.create(s, LOCAL_OWNER, model, "viewer", "")
        with pytest.raises(Conflict, match="at most 1 links"):
            shares.create(s, LOCAL_OWNER, model, "viewer", "")
        first = comments.begin(s, LOCAL_OWNER, model, "0-0", "in", "Ada", "?")
        with pytest.raises(Conflict, match="at most 1 comments"):
            comments.reply(s, LOCAL_OWNER, model, first.id, "Bob", "!")


def test_everything_of_a_room_goes_with_its_model(database: Database, model: str) -> None:
    with database.session() as s:
        rooms.append(s, model, b"1")
        _, token = shares.create(s, LOCAL_OWNER, model, "editor", "")
        first = comments.begin(s, LOCAL_OWNER, model, "0-0", "in", "Ada", "?")
        comments.reply(s, LOCAL_OWNER, model, first.id, "Bob", "!")
        models.delete(s, LOCAL_OWNER, model)
    with database.reading() as s:
        assert rooms.find(s, model) is None
        assert rooms.waiting(s, model) == 0
        assert shares.find(s, token) is None
        assert s.get(comments.Comment, first.id) is None


def test_a_comment_of_another_model_is_not_found(database: Database, model: str) -> None:
    with database.session() as s:
        first = comments.begin(s, LOCAL_OWNER, model, "0-0", "in", "Ada", "?")
        other = models.create(s, LOCAL_OWNER, "other", SPEC).id
        for act in (
            lambda: comments.reply(s, LOCAL_OWNER, other, first.id, "Bob", "!"),
            lambda: comments.resolve(s, LOCAL_OWNER, other, first.id, True),
            lambda: comments.delete(s, LOCAL_OWNER, other, first.id),
        ):
            with pytest.raises(NotFound):
                act()
        before = rooms.news(s, model, 0).talk
        comments.resolve(s, LOCAL_OWNER, model, first.id, True)
        assert rooms.news(s, model, 0).talk == before + 1
