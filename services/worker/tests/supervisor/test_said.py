import os

import pytest
from visualnn_worker.supervisor.said import Event, Lines, Printed, parse


@pytest.mark.parametrize(
    "line",
    [b"", b"no json", b"[]", b"{}", b'{"say":"other"}', b'{"say":"done"}', b'{"say":"event","kind":"state","data":{}}',
     b'{"say":"ready","backend":"x","devices":[],"more":1}', b"\xff"],
)  # fmt: skip
def test_what_is_no_message_is_none(line):
    assert parse(line) is None


def test_an_event_needs_every_field():
    line = b'{"say":"event","kind":"log","data":{"text":"x"},"progress":null,"eta_s":null,"metrics":null}'
    assert isinstance(parse(line), Event)


def lines_of(*blocks):
    read, write = os.pipe()
    os.set_blocking(read, False)
    lines, found = Lines(read, most=100), []
    for block in blocks:
        os.write(write, block)
        found.append(lines.read())
    os.close(write)
    found.append(lines.read())
    os.close(read)
    return found, lines


def test_lines_are_whole_however_they_arrive():
    found, lines = lines_of(b"one\ntw", b"o\r\nthree\rfo", b"ur")
    assert found == [[b"one"], [b"two", b"three"], [], [b"four"]]
    assert not lines.open


def test_a_line_without_end_is_cut():
    found, _ = lines_of(b"x" * 150, b"y\n")
    assert found[0] == [b"x" * 100]


def test_a_flood_of_lines_is_counted_not_kept():
    printed = Printed(lines_per_s=10)
    events = printed.events([b"line %d" % i for i in range(100)], "info")
    assert [e[1]["text"] for e in events] == [f"line {i}" for i in range(10)]
    printed._allowance = 5
    assert printed.events([b"later"], "warning") == [
        ("log", {"level": "info", "text": "(90 lines left out)"}),
        ("log", {"level": "warning", "text": "later"}),
    ]
    assert printed.last[-1] == "later"


def test_long_lines_and_the_noise_of_loading_are_shortened_and_dropped():
    printed = Printed(100)
    noise = [b"", b"I0000 00:00:1795 port.cc:153] oneDNN", b"WARNING: All log messages before absl::InitializeLog() is"]
    assert printed.events(noise, "info") == []
    assert len(printed.events([b"x" * 5000], "info")[0][1]["text"]) == Printed.LONGEST
