"""Epochs that a search spends with ASHA beside the same search without: the same trials, so the same optimum to find.

Real trainings on the shipped digits, through a platform with two workers that is started for it:

    python benchmarks/tune.py [--seeds 0 1 2] [--trials 27] [--epochs 27] [--data-dir DIR]

Random search draws trial n from the search's seed and n alone, so both searches draw the same values: what differs is
which trials are ended early. Epochs are those that trials reported, of trials that were ended as well. Exit status 1
where ASHA needs more than half the epochs, or finds a validation loss more than 0.02 above the other's (chance: 2.3).
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from visualnn import Client
from visualnn_standalone.platform import Platform

SPACE = {
    "params.learning_rate": {"type": "float", "low": 1e-5, "high": 0.3, "log": True},
    "model.layers.fc1.params.units": {"type": "int", "low": 16, "high": 512, "log": True},
    "model.layers.drop1.params.rate": {"type": "float", "low": 0.0, "high": 0.7},
}
TOLERANCE, LIMIT = 0.02, 0.50
"""What the best validation loss may be above the other's, and the share of its epochs."""
ASHA = {"pruner": "asha", "min_epochs": 2, "reduction": 2}


def search(client: Client, epochs: int, **params: Any) -> dict[str, Any]:
    """A search that has ended: what ``GET /jobs/{id}/trials`` tells of it."""
    recipe = {"epochs": epochs, "batch_size": 32, "validation_split": 0.2, "keep": "best"}
    job = client.jobs.tune("zoo:digits-dnn", "digits", SPACE, recipe=recipe, search="random", parallel=2, **params)
    ended = client.jobs.wait(job.id)
    if ended.state != "succeeded":
        raise SystemExit(f"the search {job.id} is {ended.state}: {ended.error}")
    return client.jobs.trials(job.id)


def spent(found: dict[str, Any]) -> int:
    """Epochs of all trials."""
    return sum(len(one["epochs"]) for one in found["trials"])


def turn(client: Client, seed: int, trials: int, epochs: int) -> tuple[float, float]:
    """One search of each kind: (share of the epochs, loss above the other's)."""
    plain = search(client, epochs, trials=trials, seed=seed)
    asha = search(client, epochs, trials=trials, seed=seed, **ASHA)
    drawn = [[one["values"] for one in found["trials"]] for found in (plain, asha)]
    if drawn[0] != drawn[1]:
        raise SystemExit("both searches must draw the same trials")
    share, loss = spent(asha) / spent(plain), asha["best"]["value"] - plain["best"]["value"]
    found = plain["trials"][asha["best"]["number"]]["value"]
    rank = 1 + sum(one["value"] < found for one in plain["trials"])
    ended = sum(one["state"] == "pruned" for one in asha["trials"])
    print(f"seed {seed}: random {spent(plain)} epochs, loss {plain['best']['value']:.4f}; asha {spent(asha)} epochs, "
          f"{asha['best']['value']:.4f}, {ended} of {trials} ended early; it found the trial that is number {rank} of "
          f"random's; epochs {share:.2f}, loss {loss:+.4f}", flush=True)  # fmt: skip
    return share, loss


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--trials", type=int, default=27)
    parser.add_argument("--epochs", type=int, default=27)
    parser.add_argument("--data-dir", type=Path, help="keep the platform's data here")
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        Platform(given.data_dir or Path(folder), workers=2) as platform,
        Client(platform.url) as client,
    ):
        turns = [turn(client, seed, given.trials, given.epochs) for seed in given.seeds]
    worst = max(share for share, _ in turns), max(loss for _, loss in turns)
    print(f"all seeds: at most {worst[0]:.2f} of the epochs, a loss at most {worst[1]:.4f} above the other's")
    return 0 if worst[0] <= LIMIT and worst[1] <= TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main())
