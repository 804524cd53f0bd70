from visualnn.sse import parse


def events(text: str) -> list[tuple[int, str, dict[str, object]]]:
    return [(event.id, event.kind, event.data) for event in parse(text.split("\n"))]


def test_events_comments_and_split_data_are_read() -> None:
    text = (
        "retry: 1000\n\n"
        ": still here\n\n"
        'id: 7\nevent: epoch\ndata: {"epoch": 1,\ndata: "x": [1]}\n\n'
        'id:8\nevent:state\ndata:{"state": "running"}\n\n'
    )
    assert events(text) == [(7, "epoch", {"epoch": 1, "x": [1]}), (8, "state", {"state": "running"})]


def test_an_event_that_broke_off_is_not_told() -> None:
    assert events('id: 7\nevent: epoch\ndata: {"epoch": 1}') == []


def test_events_without_an_id_are_passed_over() -> None:
    assert events('event: hello\ndata: {"a": 1}\n\n') == []


def test_fields_that_nobody_knows_are_passed_over() -> None:
    assert events('id: 1\ncolour: red\nlonely\ndata: {"a": 1}\n\n') == [(1, "message", {"a": 1})]
