"""Health of a service without a port: ``python healthy.py database|worker``; status 0 where it is well.

``database``: the database answers. ``worker``: this host's worker renewed its row lately.
"""

import socket
import sys

from visualnn_shared.errors import VisualNNError
from visualnn_shared.jobs import workers
from visualnn_shared.settings import CommonSettings
from visualnn_shared.store.database import Database


def main() -> str | None:
    database = Database(CommonSettings().database)
    try:
        database.ping()
        if sys.argv[1:] == ["worker"]:
            with database.reading() as s:
                if all(worker.host != socket.gethostname() for worker in workers.online(s)):
                    return "no worker of this host was seen lately"
    except VisualNNError as error:
        return str(error)
    finally:
        database.dispose()
    return None


if __name__ == "__main__":
    sys.exit(main())
