"""Server-sent events (WHATWG HTML, section 9.2), as far as job events use them."""

import json
from collections.abc import Iterable, Iterator

from visualnn.records import Event


def parse(lines: Iterable[str]) -> Iterator[Event]:
    """Events from the lines of a stream. Comments (heartbeats) and events without an id are passed over."""
    kind, last_id = "", ""
    data: list[str] = []
    for line in lines:
        if line == "":
            if data and last_id.isdigit():
                yield Event(id=int(last_id), kind=kind or "message", data=json.loads("\n".join(data)))
            kind, data = "", []
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            kind = value
        elif name == "data":
            data.append(value)
        elif name == "id" and "\0" not in value:
            last_id = value
