"""Fuzz a reader of the converter: changed files in, and nothing but a spec or a typed error may come out.

``python tools/fuzz.py PARSER --minutes 10 [--seed 1] [--keep DIR]``; ``--list`` names the parsers. Files to change are
made here from small nets, and taken from ``shared/corpus`` where it is there. A change that brings an answer not seen
before is changed further. Exit status 1, and the changed file in ``--keep``, for each crash: any other exception, an
answer that is no JSON, or one that takes longer than ``--slow`` seconds.
"""

import argparse
import json
import random
import re
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from visualnn_shared.errors import Invalid, TooLarge

sys.path.insert(0, str(Path(__file__).parents[1]))
from tools.fuzz_changes import change
from tools.fuzz_seeds import PARSERS

MOST_SEEDS = 3_000
LARGEST_CASE = 400_000
LARGEST_ANSWER = 2_000_000
MEMORY = 6 * 2**30


class Slow(Exception):  # noqa: N818 - a signal
    """The time for one file is over."""


@dataclass
class Tally:
    """What a run found."""

    runs: int = 0
    specs: int = 0
    slowest: float = 0.0
    answers: set[str] = field(default_factory=set)
    crashes: dict[str, bytes] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)


def answer(read: Callable[[bytes], Any], data: bytes) -> str:
    """What kind of answer a file gets. Raises whatever is a crash."""
    try:
        spec, report = read(data)
    except (Invalid, TooLarge) as error:
        told = error.as_problem_json()
        if not error.problems and not isinstance(error, TooLarge):
            raise ValueError("an error without a problem") from error
        kind = " | ".join(sorted({re.sub(r"\d+|'[^']*'", "#", one["rule"]) for one in told.get("problems", ())})[:6])
    else:
        told, kind = report.as_json(), "spec " + " ".join(sorted({layer.type for layer in spec.layers}))
    if len(json.dumps(told, allow_nan=False)) > LARGEST_ANSWER:
        raise ValueError("a huge answer")
    return kind or type(told).__name__


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "visualnn" in frame.filename] or list(frames)
    return f"{type(error).__name__} in {Path(ours[-1].filename).name}:{ours[-1].lineno} {str(error)[:120]}"


def fuzz(name: str, seconds: float, seed: int, slow: float) -> Tally:
    """Run one parser for a time. The same seed draws the same changes."""
    parser, rng, tally = PARSERS[name], random.Random(seed), Tally()
    seeds = [data for data in parser.seeds() if len(data) <= LARGEST_CASE]
    print(f"{name}: {len(seeds)} files to change, {min(map(len, seeds))} to {max(map(len, seeds))} bytes; seed {seed}")
    end, told = time.monotonic() + seconds, time.monotonic()
    waiting = list(seeds)
    while time.monotonic() < end:
        data = waiting.pop() if waiting else change(rng, seeds, text=parser.text)[:LARGEST_CASE]
        found = _one(parser.read, data, slow, tally)
        if found is not None and found not in tally.answers:
            tally.answers.add(found)
            if data and len(seeds) < MOST_SEEDS:
                seeds.append(data)
        if time.monotonic() - told > 60:
            told = time.monotonic()
            print(f"  {tally.runs:,} runs, {len(tally.answers)} answers, {len(tally.crashes)} crashes", flush=True)
    return tally


def _one(read: Callable[[bytes], Any], data: bytes, slow: float, tally: Tally) -> str | None:
    begin = time.monotonic()
    signal.setitimer(signal.ITIMER_REAL, slow)
    try:
        found = answer(read, data)
        tally.specs += found.startswith("spec ")
        return found
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        where = _place(error)
        tally.counts[where] += 1
        if where not in tally.crashes:
            tally.crashes[where] = data
            print(f"  CRASH {where}", flush=True)
        return None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        tally.runs += 1
        tally.slowest = max(tally.slowest, time.monotonic() - begin)


def _alarm(_number: int, _frame: Any) -> None:
    raise Slow("one file took too long")


def _keep(folder: Path, name: str, crashes: dict[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, (where, data) in enumerate(crashes.items(), start=1):
        target = folder / f"{name}-{number}"
        target.write_bytes(data)
        print(f"  {target}: {where}")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parser", nargs="?", choices=sorted(PARSERS))
    parser.add_argument("--list", action="store_true", help="name the parsers")
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--slow", type=float, default=60.0, help="seconds for one file")
    parser.add_argument("--keep", type=Path, help="folder for the files that crash")
    wanted = parser.parse_args(arguments)
    if wanted.list or wanted.parser is None:
        print("\n".join(sorted(PARSERS)))
        return 0
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
    signal.signal(signal.SIGALRM, _alarm)
    begin = time.monotonic()
    tally = fuzz(wanted.parser, wanted.minutes * 60, wanted.seed, wanted.slow)
    minutes = (time.monotonic() - begin) / 60
    print(f"{wanted.parser}: {tally.runs:,} files in {minutes:.1f} minutes, {tally.specs:,} of them specs")
    print(f"{len(tally.answers)} kinds of answers, slowest {tally.slowest:.2f} s, {len(tally.crashes)} crashes")
    if wanted.keep and tally.crashes:
        _keep(wanted.keep, wanted.parser, tally.crashes)
    return 1 if tally.crashes else 0


if __name__ == "__main__":
    sys.exit(main())
