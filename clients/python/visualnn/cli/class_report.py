"""``visualnn jobs report``: how well each class, or each attribute, is told."""

from collections.abc import Mapping
from typing import Any

import typer

from visualnn.cli.options import AsJson, DataDir, JobArgument

_FILES = {"classes": ("classes", "class", "samples"), "attributes": ("attributes", "attribute", "support")}
_SHARES = ("precision", "recall", "f1", "roc_auc")


def report(job: JobArgument, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show precision, recall and F1 of each class that a trained net tells, or of each attribute."""
    from visualnn.cli.connect import connected
    from visualnn.cli.output import note, print_json, print_table, say

    with connected(data_dir, worker=False) as client:
        there = [one.name for one in client.jobs.artifacts(job)]
        found = {name: client.jobs.json(job, name) for name in there if _kind(name)}
    if not found:
        note(f"{job} has no report: only trainings that tell classes or attributes leave one")
        raise typer.Exit(1)
    if as_json:
        print_json(list(found.values()))
        return
    for name, one in found.items():
        rows, what, count = _FILES[_kind(name)]
        shares = [key for key in _SHARES if any(key in row for row in one[rows])]
        heads = [f"={what}", f">{count}", *(f">{key}" for key in shares)]
        print_table(one.get("output", ""), heads, _rows(one, rows, what, count, shares))
        say(_summary(one))


def _kind(name: str) -> str:
    """Of ``classes.json``, and of another output's ``classes.parity.json``; nothing for another file."""
    stem, _, ending = name.rpartition(".")
    kind = stem.partition(".")[0]
    return kind if ending == "json" and kind in _FILES else ""


def _rows(found: Mapping[str, Any], rows: str, what: str, count: str, shares: list[str]) -> list[list[str]]:
    every = [{what: "all (micro)", **found["micro"]}] if "micro" in found else []
    return [
        [str(row[what]), str(row[count]), *("" if row.get(key) is None else f"{row[key]:.4f}" for key in shares)]
        for row in [*found[rows], *every]
    ]


def _summary(found: Mapping[str, Any]) -> str:
    """How many samples were judged, and how many of them are right."""
    told = f"{found['samples']:,} {found['split']} samples, accuracy {found['accuracy']:.4f}"
    if "all_right" not in found:
        return told
    return f"{told}, every attribute right in {found['all_right']:.2%} of them; it holds from {found['threshold']:g} on"
