import json
import os

from visualnn_shared.jobs.model import ErrorClass, JobError
from visualnn_worker.child.channel import Channel
from visualnn_worker.supervisor.said import Checkpoint, Done, Event, Failed, Ready, parse

ENTRY = {"key": "jobs/j/1/f", "size": 1, "sha256": "0" * 64}


def test_every_message_is_one_line_that_the_supervisor_understands():
    read, write = os.pipe()
    channel = Channel(write)
    channel.ready("tensorflow", [{"kind": "cpu", "name": "2 cores", "memory_bytes": 1}])
    channel.event("batch", {"batch": 1}, progress=0.5, eta_s=2.0, metrics={"loss": 1.0})
    channel.log("two\nlines")
    channel.checkpoint(1, {"state": ENTRY})
    channel.done({"weights": ENTRY}, {"loss": float("nan")}, None)
    channel.failed(JobError(ErrorClass.USER, "nan-loss", "detail", "step"))
    os.close(write)
    with open(read, "rb") as file:
        lines = file.read().splitlines()
    messages = [parse(line) for line in lines]
    assert [type(m) for m in messages] == [Ready, Event, Event, Checkpoint, Done, Failed]
    assert json.loads(lines[2])["data"] == {"level": "info", "text": "two\nlines"}
    assert isinstance(messages[4], Done)
    assert messages[4].metrics == {"loss": None}  # JSON has no NaN
    assert isinstance(messages[5], Failed)
    assert messages[5].job_error == JobError(ErrorClass.USER, "nan-loss", "detail", "step")
