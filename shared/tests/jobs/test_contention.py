"""Many at once: no job is claimed twice, cancel and commit never both win, one key makes one job."""

import json
import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text
from visualnn_shared.errors import Conflict, Unavailable
from visualnn_shared.jobs import protocol
from visualnn_shared.jobs.model import QUEUES
from visualnn_shared.jobs.timers import Timers
from visualnn_shared.store.database import LOCAL_OWNER, Database

CLAIMER = """
import json, sys
from visualnn_shared.jobs import protocol
from visualnn_shared.store.database import Database
database, taken = Database(sys.argv[1]), []
print("ready", flush=True)
sys.stdin.readline()
while True:
    with database.session() as s:
        claim = protocol.claim(s, queues=("train.cpu", "infer"), worker_id=sys.argv[2])
    if claim is None:
        break
    taken.append((claim.lease.job_id, claim.lease.attempt))
print(json.dumps(taken))
"""


def _submit(database: Database, count: int, **fields: Any) -> list[str]:
    with database.session() as s:
        values = {"owner": LOCAL_OWNER, "kind": "train", "params": {}, **fields}
        return [
            protocol.submit(s, queue=("train.cpu", "infer")[number % 2], **values).job.id for number in range(count)
        ]


def test_four_processes_claim_each_job_once(database: Database) -> None:
    jobs = _submit(database, 60)
    url = database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", CLAIMER, url]
    claimers = [
        subprocess.Popen([*command, f"worker-{number}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for number in range(4)
    ]
    for claimer in claimers:
        assert claimer.stdout is not None
        assert claimer.stdout.readline() == "ready\n"
    for claimer in claimers:
        assert claimer.stdin is not None
        claimer.stdin.write("go\n")
        claimer.stdin.flush()
    taken = [tuple(pair) for claimer in claimers for pair in json.loads(claimer.communicate(timeout=120)[0])]
    assert Counter(taken) == Counter((job_id, 1) for job_id in jobs)


def test_thirty_two_claimers_claim_each_job_once(postgres_database: Database) -> None:
    jobs = _submit(postgres_database, 100)

    def claim_all(number: int) -> list[tuple[str, int]]:
        taken: list[tuple[str, int]] = []
        while True:
            with postgres_database.session() as s:
                claim = protocol.claim(s, queues=QUEUES, worker_id=f"worker-{number}", timers=Timers())
            if claim is None:
                return taken
            taken.append((claim.lease.job_id, claim.lease.attempt))

    with ThreadPoolExecutor(32) as claimers:
        taken = [pair for some in claimers.map(claim_all, range(32)) for pair in some]
    assert Counter(taken) == Counter((job_id, 1) for job_id in jobs)


def _race(*sides: Callable[[], Any]) -> list[Any]:
    """Every side's answer, all started at one moment."""
    start = threading.Barrier(len(sides))

    def run(side: Callable[[], Any]) -> Any:
        start.wait()
        return side()

    with ThreadPoolExecutor(len(sides)) as threads:
        return list(threads.map(run, sides))


def test_of_a_cancel_and_a_commit_exactly_one_wins(bench: Any) -> None:
    wins: Counter[str] = Counter()
    for number in range(50):
        lease = bench.running(id=f"job-{number}").lease

        def cancel(job_id: str = lease.job_id) -> bool:
            try:
                return bool(bench.do(protocol.cancel, job_id).cancel_requested)
            except Conflict:
                return False

        committed, cancelled = _race(lambda held=lease: bench.do(protocol.commit, held, {}), cancel)  # type: ignore[misc]
        assert committed != cancelled
        if cancelled:
            assert bench.do(protocol.confirm_cancel, lease)
        assert bench.row(lease.job_id)["state"] == ("succeeded" if committed else "cancelled")
        wins["commit" if committed else "cancel"] += 1
    assert sum(wins.values()) == 50


def test_of_a_reaper_and_a_heartbeat_exactly_one_wins(bench: Any) -> None:
    for number in range(25):
        lease = bench.running(id=f"job-{number}").lease
        bench.lapse(lease.job_id)
        beat, reaped = _race(
            lambda held=lease: bench.do(protocol.heartbeat, held).held,  # type: ignore[misc]
            lambda: len(bench.do(protocol.reap)),
        )
        state = bench.row(lease.job_id)["state"]
        if state == "running":
            assert (beat, reaped) == (True, 0)
        else:
            assert (state, reaped) == ("queued", 1)
            bench.set(lease.job_id, run_after=bench.now() + 3600)


def test_several_reapers_take_each_lost_job_once(bench: Any) -> None:
    _submit(bench.database, 30)
    while claim := bench.claim():
        bench.lapse(claim.lease.job_id)
    moved = [job.job_id for some in _race(*[lambda: bench.do(protocol.reap)] * 6) for job in some]
    moved += [job.job_id for job in bench.do(protocol.reap)]
    assert len(moved) == len(set(moved)) == 30


def test_a_resume_pressed_twice_starts_one_run(bench: Any) -> None:
    for number in range(10):
        job_id = bench.submit(id=f"job-{number}")
        bench.do(protocol.cancel, job_id)
        _race(*[lambda job_id=job_id: bench.do(protocol.resume, job_id)] * 3)
        assert bench.row(job_id)["run"] == 2
        bench.do(protocol.cancel, job_id)


def test_one_key_from_sixteen_clients_makes_one_job(bench: Any) -> None:
    def submit() -> tuple[str, bool]:
        fields = {"owner": LOCAL_OWNER, "kind": "train", "queue": "infer", "params": {}}
        made = bench.do(protocol.submit, **fields, idempotency_key="k", fingerprint="f")
        return made.job.id, made.created

    answers = _race(*[submit] * 16)
    assert len({job_id for job_id, _ in answers}) == 1
    assert sum(created for _, created in answers) == 1


@pytest.mark.real("postgres")
def test_one_key_makes_one_job_though_connections_die_before_their_commit(postgres_database: Database) -> None:
    chance = random.Random(7)
    dies = [[chance.random() < 0.3 for _ in range(50)] for _ in range(16)]

    def client(number: int) -> list[str]:
        return [_insist(postgres_database, f"key-{key}", dies[number]) for key in range(5)]

    with ThreadPoolExecutor(16) as clients:
        answers = list(clients.map(client, range(16)))
    for of_one_key in zip(*answers, strict=True):
        assert len(set(of_one_key)) == 1
    with postgres_database.reading() as s:
        assert s.scalars(text("SELECT count(*) FROM jobs")).one() == 5


def _insist(database: Database, key: str, dies: list[bool]) -> str:
    """Submit until an answer comes, as a client with a key does."""
    while True:
        try:
            with database.session() as s:
                fields = {"owner": LOCAL_OWNER, "kind": "train", "queue": "infer", "params": {}}
                made = protocol.submit(s, **fields, idempotency_key=key, fingerprint="f")  # type: ignore[arg-type]
                if dies.pop():
                    pid = s.scalars(text("SELECT pg_backend_pid()")).one()
                    with database.engine.connect() as killer:
                        killer.execute(text("SELECT pg_terminate_backend(:pid, 1000)"), {"pid": pid})
            return made.job.id
        except Unavailable:
            continue
