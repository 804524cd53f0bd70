"""Certify every built-in network in every format that can say it: drawn weights, both sides run, outputs compared.

``python tools/certify.py [NETWORK ...] [--formats a,b] [--seconds 600]`` updates docs/formats-certified.json, one
network after the other, each in a process of its own; ``--most`` bounds the parameters. PyTorch and TensorFlow.js are
no dependencies: their columns need ``torch`` importable, and ``NODE_PATH`` naming a folder with ``@tensorflow/tfjs``.
"""

import argparse
import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "docs" / "formats-certified.json"
SEED, GATE, BATCH = 0, 1e-4, 2
SHARE = 1e-2
"""Largest error as a share of what the outputs differ by from sample to sample: they must depend on the inputs. It is
no smaller because drawn weights make much of rounding: Keras itself differs by 0.65 % between float32 and float64 on
ResNet-152."""


def certified(name: str, target: str) -> dict[str, Any] | None:
    """The outcome for one network in one format; None where the format cannot say it."""
    from visualnn_converter import conversion
    from visualnn_shared.errors import VisualNNError
    from visualnn_shared.spec.reading import canonical_json
    from visualnn_standalone.verify import Asked
    from visualnn_standalone.verify.conversions import certify

    spec, weights = _drawn(name)
    try:
        made = conversion.write(spec, target, weights)
    except VisualNNError:
        return None
    try:
        asked = Asked(gate=GATE, seed=SEED, batch=BATCH, layers=False)
        found = certify(made, canonical_json(spec), f"{name}.json", asked)
    except VisualNNError as error:
        reasons = "; ".join(str(one.received) for one in error.problems)
        return {"skipped": f"no runtime here runs {target}" if "no runtime" in reasons else reasons[:200]}
    return _row(found)


@cache
def _drawn(name: str) -> Any:
    """The network and its weights."""
    from visualnn_shared.zoo import load
    from visualnn_standalone.verify.calibrating import calibrated

    spec = load(name)
    return spec, calibrated(spec, SEED)


def _row(found: Any) -> dict[str, Any]:
    """What is kept: the error, alone and as a share of what outputs differ by between samples, and what computed it."""
    shares = [one.max_abs / one.varies if one.varies else math.inf for one in found.outputs if one.max_abs is not None]
    share = max(shares, default=math.inf)
    row = {
        "passed": found.passed and share <= SHARE,
        "max_abs": found.max_abs if found.max_abs is None else float(f"{found.max_abs:.3g}"),
        "share": float(f"{share:.3g}") if math.isfinite(share) else None,
        "top1": found.top1,
        "runtime": found.target.runtime.name,
        "version": found.target.runtime.version,
        "independent": found.target.runtime.independent,
    }
    if found.divergence is not None:
        row["differs"] = found.divergence.layer
    return row


def known() -> dict[str, Any]:
    """What is in the file of results."""
    found: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    inputs = f"{BATCH} samples, seed {SEED}"
    return {"gate": GATE, "inputs": inputs, "runtimes": [], "results": {}, **found}


def keep(name: str, rows: dict[str, Any]) -> None:
    """Add a network's rows to the file, whole or not at all."""
    found = known()
    found["results"].setdefault(name, {}).update(rows)
    runs = [row for one in found["results"].values() for row in one.values() if "runtime" in row]
    found["runtimes"] = sorted({f"{row['runtime']} {row['version']}" for row in runs})
    found["results"] = dict(sorted(found["results"].items()))
    new = RESULTS.with_suffix(".part")
    new.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
    new.replace(RESULTS)


def child(name: str, targets: list[str], seconds: int) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """``certified`` in a process of its own: memory comes back, and none runs for ever."""
    command = [sys.executable, __file__, "--one", name, "--formats", ",".join(targets)]
    why = f"more than {seconds} s"
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
        said = done.stdout
        why = f"the process ended with status {done.returncode}: {done.stderr.strip()[-160:]}"
    except subprocess.TimeoutExpired as late:
        said = late.stdout.decode() if isinstance(late.stdout, bytes) else ""
    found = dict(json.loads(line) for line in said.splitlines() if line.startswith("["))
    for target in targets:
        yield target, found.get(target, {"skipped": why})


def main() -> None:
    """See the module."""
    from visualnn_converter import conversion
    from visualnn_shared import zoo

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="*")
    parser.add_argument("--formats", help="with commas between")
    parser.add_argument("--most", type=int, default=10**9, help="parameters of a network")
    parser.add_argument("--seconds", type=int, default=600, help="for one network")
    parser.add_argument("--new", action="store_true", help="only what has no certificate yet")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    targets = [one["name"] for one in conversion.formats() if one["writes"] and one["name"] != "native"]
    targets = asked.formats.split(",") if asked.formats else targets
    if asked.one:
        for target in targets:
            print(json.dumps([target, certified(asked.one, target)]), flush=True)
        return
    for row in sorted(zoo.describe(), key=lambda row: row["params"]):
        name = row["name"]
        if asked.networks and name not in asked.networks:
            continue
        have = known()["results"].get(name, {}) if asked.new else {}
        wanted = [target for target in targets if "passed" not in have.get(target, {})]
        if not wanted:
            continue
        too_large = {"skipped": f"more than {asked.most:,} parameters"} if row["params"] > asked.most else None
        outcomes = [(target, too_large) for target in wanted] if too_large else child(name, wanted, asked.seconds)
        for target, found in outcomes:
            if found is not None:
                print(name, target, found.get("max_abs", found.get("skipped")), found.get("passed", ""), flush=True)
                keep(name, {target: found})


if __name__ == "__main__":
    main()
