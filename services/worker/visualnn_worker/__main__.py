"""``python -m visualnn_worker [--queues train.cpu,infer]``: trains, evaluates and predicts until it is told to leave.

SIGTERM and SIGINT drain: the running job goes back to its queue and goes on elsewhere from its last checkpoint.
"""

import argparse
import logging
import sys

from pydantic import ValidationError
from visualnn_shared.errors import VisualNNError
from visualnn_shared.jobs.timers import Timers
from visualnn_shared.store.database import Database

from visualnn_worker.settings import WorkerSettings
from visualnn_worker.supervisor.signals import Signals
from visualnn_worker.supervisor.standby import ChildUnfit
from visualnn_worker.supervisor.worker import Worker


def main(argv: list[str] | None = None) -> int:
    """Run a worker; its exit status."""
    parser = argparse.ArgumentParser(prog="python -m visualnn_worker", description=__doc__.split("\n")[0])
    parser.add_argument("--queues", help="queues to serve, with commas between; default: what the devices allow")
    args = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    signals = Signals()
    signals.install()
    try:
        settings = WorkerSettings() if args.queues is None else WorkerSettings(worker_queues=args.queues)
        timers = Timers()
        database = Database(settings.database, statement_timeout_s=timers.statement_timeout_s)
        Worker(settings, timers, database, signals).run()
    except (ChildUnfit, VisualNNError, ValidationError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
