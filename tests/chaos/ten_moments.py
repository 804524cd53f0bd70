"""One training, disturbed at random moments: child, worker and broker killed, the database restarted.

    python -m tests.chaos.ten_moments [--moments 10] [--seed 7] [--epochs 150] [--sqlite]

It ends with the weights of an undisturbed training, bit by bit, or this ends with status 1. The database is a Postgres
of its own, or SQLite, which nobody can restart. On two cores it takes some minutes.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from visualnn import Client
from visualnn.demo.digits import load_digits
from visualnn.transport import Retries
from visualnn_standalone.platform import Platform

from tests.chaos.conftest import PATIENT
from tests.chaos.support import Hurt
from tests.chaos.test_tune import SHORT_LEASE
from tests.parts import postgres
from tests.parts.server import free_port

RETRIES = Retries(tries=60, first_s=0.2, most_s=2)
CHECKPOINT_S = "0.5"


class Database:
    """A Postgres that can be stopped and started again with what it holds."""

    def __init__(self, folder: Path) -> None:
        binaries, user = postgres.find_binaries(), postgres._unprivileged_user()
        self._rights: dict[str, Any] = {"user": user[0], "group": user[1], "extra_groups": []} if user else {}
        self._port = free_port()
        if user:
            folder.chmod(0o755)
            postgres._give(folder, user)
        postgres._initdb(binaries, folder, "chaos", user)
        listen = ["-h", "127.0.0.1", "-p", str(self._port), "-c", "unix_socket_directories="]
        self._command = [str(binaries / "postgres"), "-D", str(folder / "data"), *listen]
        self._folder = folder
        self.url = f"postgresql+psycopg://visualnn:chaos@127.0.0.1:{self._port}/postgres"
        self._process = self._start()

    def restart(self, away_s: float) -> None:
        """Stop at once, as a crash would, and come back after so long."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(30)
        time.sleep(away_s)
        self._process = self._start()

    def stop(self) -> None:
        self._process.send_signal(signal.SIGINT)
        self._process.wait(30)

    def _start(self) -> subprocess.Popen[bytes]:
        with (self._folder / "server.log").open("ab") as log:
            process = subprocess.Popen(self._command, cwd=self._folder, stdout=log, stderr=log, **self._rights)
        until(self._answers, 60, "the database")
        return process

    def _answers(self) -> bool:
        address = self.url.replace("+psycopg", "")
        with suppress(psycopg.OperationalError), psycopg.connect(address, connect_timeout=2):
            return True
        return False


def until(true: Callable[[], bool], timeout_s: float, what: str) -> None:
    end = time.monotonic() + timeout_s
    while not true():
        if time.monotonic() > end:
            raise SystemExit(f"{what} did not come within {timeout_s:g} s")
        time.sleep(0.1)


def disturb(hurt: Hurt, job_id: str, database: Database | None, moments: int, dice: random.Random) -> list[str]:
    """Disturb the job at so many moments while it runs; what was done."""
    ways = ["child", "worker", "broker", *(["database"] if database else [])]
    done: list[str] = []
    last = (0, -1.0)
    while len(done) < moments:
        until(partial(further, hurt, job_id, last), 600, f"progress after {done[-1:] or 'the start'}")
        time.sleep(dice.uniform(0, 2))
        job = hurt.client.jobs.get(job_id)
        if job.final:
            raise SystemExit(f"the job was {job.state} after {len(done)} of {moments} moments: give it more epochs")
        way = ways[len(done)] if len(done) < len(ways) else dice.choice(ways)
        _do(hurt, way, database, dice)
        done.append(way)
        last = (job.attempt, job.progress)
        print(f"{len(done):>3}  attempt {job.attempt}  {job.progress:>4.0%}  {way}", flush=True)
    return done


def further(hurt: Hurt, job_id: str, last: tuple[int, float]) -> bool:
    """Whether the job runs, and not where it was; one that has failed for good is resumed."""
    job = hurt.client.jobs.get(job_id)
    if job.state == "failed":
        print(f"     failed ({job.error}); resumed", flush=True)
        hurt.client.jobs.resume(job_id)
    return job.final or (job.state == "running" and job.progress > 0 and (job.attempt, job.progress) != last)


def _do(hurt: Hurt, way: str, database: Database | None, dice: random.Random) -> None:
    if way == "child":
        for child in hurt.children("worker-1"):
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
    elif way == "database" and database is not None:
        database.restart(dice.uniform(0, 10))
    else:
        with suppress(ProcessLookupError, KeyError):
            hurt.kill("worker-1" if way == "worker" else way)


@contextmanager
def platform(sqlite: bool) -> Iterator[tuple[Hurt, Database | None]]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="visualnn-chaos-")))
        environment = {**SHORT_LEASE, "VISUALNN_WORKER_CHECKPOINT_S": CHECKPOINT_S}
        database = None
        if not sqlite:
            rows = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="visualnn-rows-")))
            database = Database(rows)
            stack.callback(database.stop)
            environment["VISUALNN_DATABASE_URL"] = database.url
        running = stack.enter_context(Platform(folder / "data", environment=environment, patience=PATIENT))
        client = stack.enter_context(Client(running.url, retries=RETRIES))
        load_digits().save(folder / "digits.npz")
        yield Hurt(running, client, folder / "digits.npz"), database


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moments", type=int, default=10)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--epochs", type=int, default=150)
    parser.add_argument("--sqlite", action="store_true")
    args = parser.parse_args(argv)
    print(f"seed {args.seed}", flush=True)
    with platform(args.sqlite) as (hurt, database):
        recipe = {"epochs": args.epochs, "batch_size": 16}
        plain = hurt.weights(hurt.client.jobs.wait(hurt.train(**recipe).id))
        job = hurt.train(**recipe)
        done = disturb(hurt, job.id, database, args.moments, random.Random(args.seed))
        ended = hurt.client.jobs.wait(job.id)
        found = hurt.weights(ended)
    differing = [name for name in plain if plain[name].tobytes() != found[name].tobytes()]
    print(f"{len(done)} moments, {ended.attempt} attempts: {differing or 'bit for bit the same weights'}")
    return 1 if differing or found.keys() != plain.keys() else 0


if __name__ == "__main__":
    sys.exit(main())
