"""A platform to be hurt, and a training that nobody disturbed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from visualnn import Client
from visualnn.demo.digits import load_digits
from visualnn_standalone.platform import Platform
from visualnn_standalone.supervisor import Patience

from tests.chaos.support import Hurt
from tests.end_to_end.support import QUICK_TIMERS

PATIENT = Patience(first_s=0.1, most_s=0.5, deaths=1000)


@pytest.fixture(scope="session")
def hurt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hurt]:
    folder: Path = tmp_path_factory.mktemp("chaos")
    load_digits().save(folder / "digits.npz")
    with (
        Platform(folder / "data", environment=QUICK_TIMERS, patience=PATIENT) as platform,
        Client(platform.url) as client,
    ):
        yield Hurt(platform, client, folder / "digits.npz")
