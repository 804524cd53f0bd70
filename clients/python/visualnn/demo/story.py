"""The five steps, on a real data set: post a model and a data set, train, fetch the weights, register, predict."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from visualnn_shared.errors import VisualNNError
from visualnn_shared.training.serving import V2_TYPES
from visualnn_shared.zoo import load

from visualnn.client import Client
from visualnn.demo.digits import Array, Digits, load_digits
from visualnn.demo.picture import draw
from visualnn.records import Job

OPERATOR = "demo-digits"
NETWORK = "digits-dnn"
GOAL = 0.9
"""Test accuracy below which the demo counts as failed."""
AGREEMENT = 1e-5
"""How far the scores of the two dialects may be apart."""
_SHOWN = 32

Train = Callable[[Client, Job], Job]
Say = Callable[[str], None]


class DemoFailed(VisualNNError):  # noqa: N818 - says what happened
    code = "demo-failed"
    title = "The demo did not end as it must"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the demo found, for the table at its end."""

    accuracy: float
    served_accuracy: float
    dialects_apart: float
    rows: list[tuple[str, str]]


def tell(client: Client, folder: Path, train: Train, say: Say) -> Outcome:
    """Run the five steps against a server; files go to ``folder``. Raises ``DemoFailed`` and what the client raises."""
    began = time.monotonic()
    digits = load_digits()
    folder.mkdir(parents=True, exist_ok=True)
    digits.save(folder / "digits.npz")

    say(f"1  post the model zoo:{NETWORK}, and {len(digits.x_train) + len(digits.x_test):,} digits")
    model = client.models.create(load(NETWORK))
    data = client.datasets.upload(folder / "digits.npz")
    say("2  train")
    job = train(client, client.jobs.train(model, data, epochs=12, batch_size=64, seed=1))
    say("3  fetch the weights")
    weights = client.jobs.weights(job.id, folder / "digits.safetensors")
    say(f"4  register the operator {OPERATOR}")
    operator = client.operators.create(OPERATOR, job.id)
    say("5  predict, in both dialects")
    friendly, open_inference = _ask(client, operator.signature, digits)
    apart = float(np.abs(friendly - open_inference).max())
    said = [str(index) for index in friendly.argmax(axis=1)]
    draw(folder / "digits.png", digits.x_test[:_SHOWN], digits.y_test[:_SHOWN].tolist(), said[:_SHOWN])
    served = float(np.mean(friendly.argmax(axis=1) == digits.y_test))
    return Outcome(
        accuracy=float(job.metrics["test_accuracy"]),
        served_accuracy=served,
        dialects_apart=apart,
        rows=[
            ("model", f"{model.name}, {client.models.summary(model.id)['params']:,} parameters ({model.id})"),
            ("data set", f"{len(digits.x_train):,} training and {len(digits.x_test):,} test digits ({data.id})"),
            ("job", f"{job.id}, attempt {job.attempt}"),
            ("chosen", ", ".join(_chosen(job))),
            ("test accuracy", f"{job.metrics['test_accuracy']:.4f} when trained, {served:.4f} as served"),
            ("weights", f"{weights.path}, {weights.size:,} bytes"),
            ("operator", f"{operator.name} version {operator.version}, replayed: {_replay(operator.replay)}"),
            ("two dialects", f"at most {apart:.1e} apart on {len(digits.x_test)} digits"),
            ("picture", str(folder / "digits.png")),
            ("took", f"{time.monotonic() - began:.1f} s"),
        ],
    )


def judge(outcome: Outcome) -> None:
    """Raises ``DemoFailed`` where a figure is not what it must be."""
    if outcome.accuracy < GOAL:
        raise DemoFailed(f"the test accuracy must be at least {GOAL}; received {outcome.accuracy:.4f}")
    if abs(outcome.accuracy - outcome.served_accuracy) > 1e-6:
        raise DemoFailed(
            f"the operator must be right as often as the trained net ({outcome.accuracy:.4f}); "
            f"received {outcome.served_accuracy:.4f}"
        )
    if not outcome.dialects_apart <= AGREEMENT:
        raise DemoFailed(f"both dialects must agree to {AGREEMENT}; received {outcome.dialects_apart}")


def _ask(client: Client, signature: dict[str, Any], digits: Digits) -> tuple[Array, Array]:
    """Scores (n, 10) of all test digits: from the friendly dialect, and from the Open Inference Protocol."""
    predictions = client.operators.predict(OPERATOR, digits.x_test.tolist())
    friendly = np.array([one["scores"] for one in predictions])
    tensor = signature["inputs"][0]
    answer = client.operators.infer(
        OPERATOR,
        [
            {
                "name": tensor["name"],
                "shape": list(digits.x_test.shape),
                "datatype": V2_TYPES[tensor["dtype"]],
                "data": digits.x_test.ravel().tolist(),
            }
        ],
    )
    output = answer["outputs"][0]
    return friendly, np.array(output["data"]).reshape(output["shape"])


def _chosen(job: Job) -> list[str]:
    return [f"{field} {one['value']}" for field, one in (job.chosen or {}).items() if isinstance(one["value"], str)]


def _replay(replay: dict[str, Any] | None) -> str:
    return "no samples" if not replay else f"{replay['samples']} samples, {replay['max_abs_error']:.1e} off at most"
