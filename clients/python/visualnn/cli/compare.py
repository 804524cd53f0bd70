"""``visualnn jobs compare``: jobs side by side: what they were asked for, and how they ended."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from visualnn.cli.options import AsJson, DataDir

if TYPE_CHECKING:
    from visualnn.records import Job

_Rows = dict[str, list[Any]]


def compare(
    jobs: Annotated[list[str], typer.Argument(metavar="JOB JOB...", help="Ids of two jobs or more.")],
    everything: Annotated[bool, typer.Option("--all", help="Also what is the same for all of them.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Put jobs side by side: what differs in their recipes, and the metrics each ended with."""
    from visualnn.cli.connect import connected
    from visualnn.cli.output import number, print_json, print_table, say

    if len(jobs) < 2:
        raise typer.BadParameter(f"needs two jobs or more; received {len(jobs)}", param_hint="JOB JOB...")
    with connected(data_dir, worker=False) as client:
        found = [client.jobs.get(job) for job in jobs]
    asked, metrics = _side_by_side([_asked(one) for one in found]), _side_by_side([one.metrics for one in found])
    if not everything:
        asked = {name: values for name, values in asked.items() if any(one != values[0] for one in values)}
    if as_json:
        print_json({"jobs": [one.id for one in found], "recipe": asked, "metrics": metrics})
        return
    heads = [f">{position}" for position in range(1, len(found) + 1)]
    for position, job in enumerate(found, 1):
        say(f"{position}  {job.id}  {job.kind}  {job.state}")
    if asked:
        title = "recipe" if everything else "what differs"
        print_table(title, ["what", *heads], [(name, *map(_short, values)) for name, values in asked.items()])
    else:
        say("the same was asked of them")
    if metrics:
        told = [(name, *("" if one is None else number(one) for one in values)) for name, values in metrics.items()]
        print_table("how they ended", ["metric", *heads], told)


def _asked(job: "Job") -> dict[str, Any]:
    """What decides how a job ends, flat: optimizer.name, ...; a field that was chosen has the value of the choice."""
    model = f"{job.model['id']}@{job.model['version']}" if job.model else None
    chosen = {name: one.get("value") for name, one in (job.chosen or {}).items() if job.params.get(name) is None}
    return {"kind": job.kind, "model": model, "data set": job.dataset, **_flat({**job.params, **chosen}),
            "seconds": _seconds(job)}  # fmt: skip


def _seconds(job: "Job") -> float | None:
    if job.started_at is None or job.finished_at is None:
        return None
    return round((datetime.fromisoformat(job.finished_at) - datetime.fromisoformat(job.started_at)).total_seconds(), 1)


def _flat(values: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            found |= _flat(value, f"{before}{name}.")
        else:
            found[before + name] = value
    return found


def _side_by_side(tables: list[dict[str, Any]]) -> _Rows:
    names = dict.fromkeys(name for table in tables for name in table)
    return {name: [table.get(name) for table in tables] for name in names}


def _short(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)
