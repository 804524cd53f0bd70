"""Events of a job as server-sent events (WHATWG HTML, section 9.2): what happened, then what happens, until it ends."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator

from sqlalchemy.orm import Session
from visualnn_shared.errors import VisualNNError
from visualnn_shared.jobs import events
from visualnn_shared.jobs.model import FINAL
from visualnn_shared.store import jobs
from visualnn_shared.store.tables import JobEvent

from visualnn_api.parts import Parts

_BATCH = 500
_RETRY_MS = 1000


def newer(s: Session, owner: str, job_id: str, last_id: int) -> tuple[list[JobEvent], bool]:
    """Events after ``last_id``, and whether none will follow them until a resume. Raises NotFound.

    The state is read before the events: where it is final, its event is among them or was seen before.
    """
    ended = jobs.get(s, owner, job_id).state in FINAL
    found = events.after(s, job_id, last_id, _BATCH)
    return found, ended and len(found) < _BATCH


async def stream(parts: Parts, owner: str, job_id: str, last_id: int) -> AsyncIterator[str]:
    """Text of the stream. Holds no connection to the database while it waits; ends when the job has.

    It ends as well where the database is away or the server leaves: the client comes back with the last id it saw.
    """
    db, settings = parts.db, parts.settings
    yield f"retry: {_RETRY_MS}\n\n"
    said = time.monotonic()
    while not parts.leaving.is_set():
        try:
            found, over = await db.read(newer, owner, job_id, last_id)
        except VisualNNError:
            return
        if found:
            last_id, said = found[-1].id, time.monotonic()
            yield "".join(map(message, found))
        if over:
            return
        if len(found) == _BATCH:
            continue
        if time.monotonic() - said >= settings.events_heartbeat_s:
            said = time.monotonic()
            yield ": still here\n\n"
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(parts.leaving.wait(), settings.events_poll_s)


def message(event: JobEvent) -> str:
    """One event; its data is a single line, as JSON has no raw line breaks."""
    data = json.dumps({**event.data, "attempt": event.attempt, "at": event.created_at}, separators=(",", ":"))
    return f"id: {event.id}\nevent: {event.kind}\ndata: {data}\n\n"
