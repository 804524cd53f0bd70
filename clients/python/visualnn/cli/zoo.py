"""``visualnn zoo``: the built-in networks."""

from pathlib import Path
from typing import Annotated, Any

import typer

from visualnn.cli.options import AsJson, DataDir


def zoo(
    name: Annotated[str | None, typer.Argument(help="Print this network's spec.", show_default=False)] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List the built-in networks, or print the spec of one.

    Where a platform runs, the list tells the best test accuracy that its trainings reached, and with which data.
    """
    from visualnn_shared.zoo import load

    from visualnn.cli.output import print_json, print_table

    if name is not None:
        print_json(load(name.removeprefix("zoo:")).model_dump(mode="json", exclude_defaults=False))
        return
    networks = _listed(data_dir)
    if as_json:
        print_json(networks)
        return
    headers, more = ["=MODEL", "title", "input", ">classes", ">parameters"], any(one.get("trained") for one in networks)
    if more:
        headers += [">accuracy here", "trained with"]
    rows = [
        (f"zoo:{one['name']}", one["title"], _inputs(one["input"]), one["classes"], f"{one['params']:,}")
        + (_trained(one.get("trained")) if more else ())
        for one in networks
    ]
    print_table("", headers, rows)


def _listed(data_dir: Path | None) -> list[dict[str, Any]]:
    """As the platform lists them; as this installation does where none answers."""
    from visualnn_shared.zoo import describe

    from visualnn.cli.connect import running
    from visualnn.cli.output import note
    from visualnn.errors import ServerUnreachable

    with running(data_dir) as client:
        if client is not None:
            try:
                return client.zoo()
            except ServerUnreachable as gone:
                note(f"without accuracies: {gone}")
    return describe()


def _trained(best: dict[str, Any] | None) -> tuple[str, str]:
    if best is None:
        return ("", "")
    return (f"{best['accuracy']:.2%}", best["dataset_name"] or "data that is deleted")


def _inputs(found: Any) -> str:
    """One shape, or one for each input by its name."""
    from visualnn.cli.output import shape

    if isinstance(found, dict):
        return ", ".join(f"{name} {shape(one)}" for name, one in found.items())
    return shape(found)
