"""Rooms on real websockets: merging, roles, restarts, and what is refused."""

import copy
import random
import time
from collections.abc import Callable
from typing import Any

import pytest
from pycrdt import Doc, Map
from visualnn_api.examples import SPEC
from visualnn_api.together import protocol
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.gateway.people import Person
from tests.gateway.running import Gateway, running


def _model(gateway: Gateway, name: str = "together") -> str:
    answer = gateway.api.post("models", json={**copy.deepcopy(SPEC), "name": name})
    assert answer.status_code == 201, answer.text
    model = str(answer.json()["id"])
    assert gateway.api.put(f"models/{model}/room").status_code == 200
    return model


def _link(gateway: Gateway, model: str, role: str) -> dict[str, Any]:
    answer = gateway.api.post(f"models/{model}/shares", json={"role": role})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def _units(person: Person, value: int) -> None:
    person.change(lambda me: me.layers["0-1"]["params"].__setitem__("units", value))


def test_a_room_begins_with_the_current_version(lone: Gateway) -> None:
    with Person(lone, _model(lone)) as ada:
        ada.synced()
        layers = ada.layers.to_py()
        assert [layers[f"0-{i}"]["name"] for i in range(4)] == ["input", "fc1", "drop1", "prob"]
        assert layers["0-1"]["params"] == {"units": 512, "activation": "relu"}
        assert layers["0-3"]["inputs"] == ["0-2"]
        assert ada.outputs.to_py() == ["0-3"]
        assert ada.doc.get("base", type=Map).to_py()["version"]["number"] == 1


def test_notes_and_groups_are_in_the_room_too(lone: Gateway) -> None:
    spec = copy.deepcopy(SPEC)
    spec["layers"][1]["note"] = "wide"
    spec["groups"] = [{"name": "body", "layers": ["fc1", "drop1"], "folded": True}]
    model = str(lone.api.post("models", json=spec).json()["id"])
    lone.api.put(f"models/{model}/room")
    with Person(lone, model) as ada:
        ada.synced()
        assert ada.layers["0-1"]["note"] == "wide"
        assert ada.doc.get("groups", type=Map).to_py() == {
            "body": {"layers": ["0-1", "0-2"], "folded": True, "order": 0}
        }


def test_what_one_changes_the_others_see_and_both_fields_of_one_layer_survive(lone: Gateway) -> None:
    model = _model(lone)
    with Person(lone, model) as ada, Person(lone, model) as bob:
        ada.synced()
        bob.synced()
        _units(ada, 100)
        bob.change(lambda me: me.layers["0-1"].__setitem__("name", "wide"))
        for person in (ada, bob):
            person.until(lambda me: me.layers["0-1"]["name"] == "wide" and me.layers["0-1"]["params"]["units"] == 100)


def test_two_who_delete_the_same_layer_and_one_who_edits_it_end_alike(lone: Gateway) -> None:
    model = _model(lone)
    with Person(lone, model) as ada, Person(lone, model) as bob, Person(lone, model) as eve:
        for person in (ada, bob, eve):
            person.synced()
        _units(eve, 7)
        ada.change(lambda me: me.layers.__delitem__("0-1"))
        bob.change(lambda me: me.layers.__delitem__("0-1"))
        for person in (ada, bob, eve):
            person.until(lambda me: "0-1" not in me.layers)
        _units_after = ada.layers.to_py()
        assert set(_units_after) == {"0-0", "0-2", "0-3"}


def test_edits_made_offline_merge_when_the_connection_is_back(lone: Gateway) -> None:
    model = _model(lone)
    with Person(lone, model) as ada, Person(lone, model) as bob:
        ada.synced()
        bob.synced()
        bob.socket.close()
        bob.layers["0-2"]["params"]["rate"] = 0.5
        _units(ada, 64)
        with Person(lone, model, doc=bob.doc) as back:
            back.until(lambda me: me.layers["0-1"]["params"]["units"] == 64)
            ada.until(lambda me: me.layers["0-2"]["params"]["rate"] == 0.5)


def test_the_document_survives_a_restart_of_the_gateway(another: Callable[..., Gateway], tmp_path: Any) -> None:
    first = another()
    model = _model(first)
    with running(first.parts.settings) as dying, Person(dying, model) as ada:
        ada.synced()
        _units(ada, 33)
        for number in range(5):
            ada.change(lambda me, n=number: me.about.__setitem__("name", f"name {n}"))  # type: ignore[misc]
        time.sleep(0.3)
    with running(first.parts.settings) as again, Person(again, model) as bob:
        bob.until(lambda me: "0-1" in me.layers and me.layers["0-1"]["params"]["units"] == 33)
        assert bob.about["name"] == "name 4"


def test_two_gateways_share_a_room_through_the_database(another: Callable[..., Gateway]) -> None:
    one = another(rooms_poll_s=0.1)
    with running(one.parts.settings) as two:
        model = _model(one)
        with Person(one, model) as ada, Person(two, model) as bob:
            ada.synced()
            bob.synced()
            _units(ada, 11)
            bob.until(lambda me: me.layers["0-1"]["params"]["units"] == 11)
            bob.change(lambda me: me.layers["0-2"]["params"].__setitem__("rate", 0.25))
            _units(ada, 12)
            for person in (ada, bob):
                person.until(
                    lambda me: (me.layers["0-2"]["params"]["rate"], me.layers["0-1"]["params"]["units"]) == (0.25, 12)
                )
            two.api.post(
                f"models/{model}/comments", json={"layer": "0-1", "layer_name": "fc1", "author": "Bob", "text": "?"}
            )
            ada.until(lambda me: me.told.get("talk") == 1)


def test_many_changes_become_one_state(lone: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    from visualnn_api.together import room
    from visualnn_shared.store import rooms

    monkeypatch.setattr(room, "_COMPACT_EVERY", 2)
    model = _model(lone)
    with Person(lone, model) as ada:
        ada.synced()
        for value in range(1, 9):
            _units(ada, value)
            time.sleep(0.08)
        with lone.parts.db.reading() as s:
            assert rooms.waiting(s, model) <= 3
    with Person(lone, model) as bob:
        bob.until(lambda me: "0-1" in me.layers and me.layers["0-1"]["params"]["units"] == 8)


@pytest.mark.parametrize("role", ["viewer", "commenter"])
def test_who_may_not_edit_sees_everything_and_changes_nothing(lone: Gateway, role: str) -> None:
    model = _model(lone)
    token = _link(lone, model, role)["token"]
    with Person(lone, model) as ada, Person(lone, model, token) as eve:
        ada.synced()
        ada.change(lambda me: me.about.__delitem__("name"))  # deletions are in every later answer, which is no change
        eve.until(lambda me: me.layers.to_py() and "name" not in me.about)
        eve.point({"user": {"name": "Eve"}})
        ada.until(lambda me: eve.doc.client_id in me.presences)
        _units(eve, 1)
        eve.until(lambda me: me.closed)
        assert eve.closed == (4403, "the role does not allow changes")
        _units(ada, 2)
        with Person(lone, model, token) as again:
            again.until(lambda me: "0-1" in me.layers and me.layers["0-1"]["params"]["units"] == 2)


def test_a_viewers_edits_made_offline_are_dropped(lone: Gateway) -> None:
    model = _model(lone)
    token = _link(lone, model, "viewer")["token"]
    with Person(lone, model, token) as eve:
        eve.synced()
        eve.socket.close()
    eve.layers["0-1"]["params"]["units"] = 1
    with Person(lone, model, token, doc=eve.doc) as back, Person(lone, model) as ada:
        ada.synced()
        back.point({"user": {"name": "Eve"}})  # comes after the answer that holds the edit
        ada.until(lambda me: back.doc.client_id in me.presences)
        assert ada.layers["0-1"]["params"]["units"] == 512


def test_an_editors_link_edits_and_a_revoked_one_is_sent_away(lone: Gateway) -> None:
    model = _model(lone)
    link = _link(lone, model, "editor")
    with Person(lone, model) as ada, Person(lone, model, link["token"]) as bob:
        ada.synced()
        bob.synced()
        _units(bob, 5)
        ada.until(lambda me: me.layers["0-1"]["params"]["units"] == 5)
        assert lone.api.delete(f"models/{model}/shares/{link['id']}").status_code == 204
        bob.until(lambda me: me.closed)
        assert bob.closed == (4401, "the link is not valid")
        with Person(lone, model, link["token"]) as again:
            again.until(lambda me: me.closed == (4401, "the link is not valid"))
        assert ada.closed is None


def test_a_link_opens_its_own_model_only(lone: Gateway) -> None:
    token = _link(lone, _model(lone), "editor")["token"]
    with Person(lone, _model(lone), token) as eve:
        eve.until(lambda me: me.closed and me.closed[0] == 4401)


def test_a_deleted_model_sends_everybody_away(lone: Gateway) -> None:
    model = _model(lone)
    with Person(lone, model) as ada:
        ada.synced()
        assert lone.api.delete(f"models/{model}").status_code == 204
        ada.until(lambda me: me.closed and me.closed[0] == 4404)


def test_a_closed_room_sends_everybody_away_and_revokes_its_links(lone: Gateway) -> None:
    model = _model(lone)
    link = _link(lone, model, "editor")
    before = lone.api.get(f"models/{model}/room").json()["key"]
    with Person(lone, model) as ada, Person(lone, model, link["token"]) as bob:
        ada.synced()
        bob.synced()
        assert lone.api.delete(f"models/{model}/room").status_code == 204
        for person in (ada, bob):
            person.until(lambda me: me.closed == (4410, "the room was closed"))
        assert ada.layers["0-1"]["params"]["units"] == 512  # what they saw is still theirs
    assert lone.api.get(f"models/{model}/room").json() == {
        "model": model, "open": False, "role": "owner", "people": 0, "key": None,
    }  # fmt: skip
    assert lone.api.get(f"models/{model}/shares").json()["items"] == []
    assert lone.api.delete(f"models/{model}/room").status_code == 204  # closed is closed

    after = lone.api.put(f"models/{model}/room").json()["key"]
    assert after != before
    with Person(lone, model, room=before) as late, Person(lone, model, room=after) as ada:
        late.until(lambda me: me.closed == (4410, "the room was closed"))
        ada.synced()
        assert len(ada.layers) == 4


@pytest.mark.parametrize("model", ["model-nobody", "%00", "a" * 70])
def test_without_a_room_there_is_nothing_to_enter(lone: Gateway, model: str) -> None:
    with Person(lone, model) as ada:
        ada.until(lambda me: me.closed and me.closed[0] == 4404)


def test_cursors_are_seen_and_go_with_their_owner(lone: Gateway) -> None:
    model = _model(lone)
    with Person(lone, model) as ada:
        ada.synced()
        with Person(lone, model) as bob:
            bob.point({"user": {"name": "Bob", "colour": 3}, "cursor": {"x": 1, "y": 2}})
            ada.until(lambda me: me.presences.get(bob.doc.client_id, {}).get("cursor") == {"x": 1, "y": 2})
            with Person(lone, model) as late:
                late.until(lambda me: bob.doc.client_id in me.presences)
        ada.until(lambda me: me.presences[bob.doc.client_id] is None)


def test_nobody_speaks_for_another(lone: Gateway) -> None:
    model = _model(lone)
    with Person(lone, model) as ada, Person(lone, model) as bob, Person(lone, model) as eve:
        bob.point({"user": {"name": "Bob"}}, 1)
        ada.until(lambda me: bob.doc.client_id in me.presences)
        eve.point({"user": {"name": "Eve"}}, 1)
        eve.send(protocol.presences([protocol.Presence(bob.doc.client_id, 9, '{"user": {"name": "Mallory"}}')]))
        eve.point({"user": {"name": "Eve again"}}, 2)
        ada.until(lambda me: me.presences.get(eve.doc.client_id) == {"user": {"name": "Eve again"}})
        assert ada.presences[bob.doc.client_id] == {"user": {"name": "Bob"}}


_GARBLED = {
    "nothing": b"",
    "an unknown kind": b"\x63\x01",
    "an unknown step": b"\x00\x07\x00",
    "a length beyond the end": b"\x00\x02\xff\xff\x03\x00",
    "a number without end": b"\x00\x02" + b"\xff" * 50,
    "no update": protocol.update(b"\xde\xad\xbe\xef"),
    "no state": protocol.step1(b"\xff\xff\xff"),
    "a presence that is no JSON": protocol.presences([protocol.Presence(1, 1, "{")]),
    "a presence that is no object": protocol.presences([protocol.Presence(1, 1, "[1]")]),
    "a deep presence": protocol.presences([protocol.Presence(1, 1, "[" * 4000)]),
    "a large presence": protocol.presences([protocol.Presence(1, 1, '"' + "x" * 9000 + '"')]),
}


@pytest.mark.parametrize("data", _GARBLED.values(), ids=_GARBLED)
def test_what_cannot_be_read_ends_the_connection_and_nobody_elses(lone: Gateway, data: bytes) -> None:
    model = _model(lone)
    with Person(lone, model) as ada, Person(lone, model) as eve:
        ada.synced()
        eve.send(data)
        eve.until(lambda me: me.closed)
        assert eve.closed == (4400, "the message cannot be read")
        _units(ada, 9)
        with Person(lone, model) as bob:
            bob.until(lambda me: "0-1" in me.layers and me.layers["0-1"]["params"]["units"] == 9)


def test_a_text_message_ends_the_connection(lone: Gateway) -> None:
    with Person(lone, _model(lone)) as eve:
        eve.socket.send("hello")
        eve.until(lambda me: me.closed and me.closed[0] == 4400)


def test_a_room_outlives_a_hundred_broken_updates(lone: Gateway) -> None:
    """Each is a real update with some bytes changed: most cannot be read, some can; the room stands either way."""
    model, chance = _model(lone), random.Random(7)
    with Person(lone, model) as ada:
        ada.synced()
        whole = ada.doc.get_update()
    for _ in range(100):
        broken = bytearray(whole)
        for _ in range(3):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        with Person(lone, model) as eve:
            eve.send(protocol.update(bytes(broken)))
            eve.read(0.01)
    with Person(lone, model) as bob:
        bob.synced()
        bob.change(lambda me: me.about.__setitem__("name", "alive"))
        with Person(lone, model) as ada:
            ada.until(lambda me: "name" in me.about and me.about["name"] == "alive")


def test_sizes_and_numbers_are_bounded(another: Callable[..., Gateway]) -> None:
    gateway = another(max_room_message_bytes=5_000, max_room_bytes=12_000, max_room_people=2, max_rooms=1)
    model, other = _model(gateway), _model(gateway)
    with Person(gateway, model) as ada:
        ada.synced()
        ada.send(b"\x00" * 5_001)
        ada.until(lambda me: me.closed)
        assert ada.closed == (1009, "the message is too large")
    with Person(gateway, model) as ada, Person(gateway, model) as bob:
        ada.synced()
        bob.synced()
        with Person(gateway, model) as eve:
            eve.until(lambda me: me.closed == (4409, "too many people are here"))
        with Person(gateway, other) as eve:
            eve.until(lambda me: me.closed and me.closed[0] == 4500)
        for number in range(5):
            bob.change(lambda me, n=number: me.about.__setitem__(f"x{n}", "x" * 4_000))  # type: ignore[misc]
        bob.until(lambda me: me.closed)
        assert bob.closed == (4413, "the document would be too large")
        ada.until(lambda me: "x1" in me.about)
        for _ in range(20):  # what replaces itself does not add up
            ada.change(lambda me: me.about.__setitem__("x0", "y" * 2_000))
        with Person(gateway, model) as back:
            back.until(lambda me: "x0" in me.about and me.about["x0"].startswith("y"))


@pytest.mark.parametrize(
    ("origin", "accepted"),
    [("own", True), (None, True), ("http://127.0.0.1:1", False), ("http://evil.example", False), ("null", False)],
)
def test_pages_of_other_origins_cannot_connect(lone: Gateway, origin: str | None, accepted: bool) -> None:
    url = lone.url.replace("http", "ws", 1) + f"/api/v1/models/{_model(lone)}/together"
    named: Any = lone.url if origin == "own" else origin
    if accepted:
        with connect(url, origin=named) as socket:
            assert socket.recv(timeout=5)
    else:
        with pytest.raises(InvalidStatus), connect(url, origin=named):
            pass


def test_an_update_that_waits_for_another_is_taken_when_that_comes(lone: Gateway) -> None:
    model = _model(lone)
    with Person(lone, model) as ada, Person(lone, model) as bob:
        ada.synced()
        bob.synced()
        start = ada.doc.get_state()
        ada.about["name"] = "first"
        between = ada.doc.get_state()
        first = ada.doc.get_update(start)
        ada.about["name"] = "second"
        ada.send(protocol.update(ada.doc.get_update(between)))
        ada.send(protocol.update(first))
        bob.until(lambda me: me.about["name"] == "second")
        fresh: Doc[Any] = Doc()
        with Person(lone, model, doc=fresh) as late:
            late.until(lambda me: "name" in me.about and me.about["name"] == "second")
