"""How ``pytest --dist loadfile`` spreads tests over processes: what shares a platform stays in one process.

Session fixtures start anew in every process. Servers (Postgres, Redis, S3) take a second and are cheap to have twice;
a whole platform, or a browser, is not. So tests that share one are taken as one piece, first, because such pieces take
longest; everything else goes by file, as pytest-xdist does by itself. What they share ends with their folder
(``scope="package"``): a platform's workers would take the wake-ups of later tests, and Playwright keeps a loop running.
"""

import pytest
from xdist.scheduler import LoadFileScheduling

PLATFORMS = {"tests/browser/": ("",), "tests/end_to_end/": ("[embedded", "[real")}
"""Folder -> what the ids of tests hold that share a platform; a test whose id holds none of it starts its own."""


def piece_of(test: str) -> str:
    """The piece of work that a test belongs to."""
    file = test.partition("::")[0]
    for folder, marks in PLATFORMS.items():
        if file.startswith(folder):
            return next((folder + mark for mark in marks if mark in test), file)
    return file


class Spreading(LoadFileScheduling):
    """By file, but for the pieces above."""

    def _split_scope(self, nodeid: str) -> str:
        return piece_of(nodeid)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long pieces first, so that no process ends with one while the others have nothing left."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: not item.nodeid.startswith(tuple(PLATFORMS)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Spreading | None:
    """None, which leaves the choice to pytest-xdist, for its other ways to spread."""
    if config.getoption("dist") != "loadfile":
        return None
    config.option.loadscopereorder = False  # not the file with most tests first, but the order of above
    return Spreading(config, log)  # type: ignore[arg-type]
