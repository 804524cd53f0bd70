"""A real S3 server that dies under a training, with requests under way."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from visualnn import Client
from visualnn.demo.digits import load_digits
from visualnn_standalone.platform import Platform

from tests.chaos.conftest import PATIENT
from tests.chaos.support import Hurt
from tests.end_to_end.support import QUICK_TIMERS, until

if TYPE_CHECKING:
    from tests.parts.s3 import S3


@pytest.fixture(scope="module")
def on_s3(tmp_path_factory: pytest.TempPathFactory, own_s3_server: "S3") -> Iterator[Hurt]:
    folder: Path = tmp_path_factory.mktemp("on-s3")
    load_digits().save(folder / "digits.npz")
    environment = {**QUICK_TIMERS, "VISUALNN_WORKER_CHECKPOINT_S": "0.5", **own_s3_server.access().environment}
    with (
        Platform(folder / "data", environment=environment, patience=PATIENT) as platform,
        Client(platform.url) as client,
    ):
        yield Hurt(platform, client, folder / "digits.npz")


@pytest.mark.slow
@pytest.mark.real("s3")
def test_a_killed_s3_server_pauses_a_training_which_goes_on_to_the_same_end(on_s3: Hurt, own_s3_server: "S3") -> None:
    assert on_s3.undisturbed
    job = on_s3.train()
    on_s3.until_mid_training(job)
    own_s3_server.kill()
    paused = job

    def waits() -> bool:
        nonlocal paused
        paused = on_s3.client.jobs.get(job.id)
        assert paused.state == "running", f"it was {paused.state} before it could wait"
        return "S3" in (paused.waiting_for or "")

    until(waits, 120, "the pause for the store")
    assert paused.attempt == 1
    own_s3_server.start()
    on_s3.assert_succeeded_once(job, attempts=1)
    assert on_s3.client.jobs.get(job.id).waiting_for is None
