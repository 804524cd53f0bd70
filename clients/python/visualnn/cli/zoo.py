"""``visualnn zoo``: the built-in networks."""

from typing import Annotated, Any

import typer

from visualnn.cli.options import AsJson


def zoo(
    name: Annotated[str | None, typer.Argument(help="Print this network's spec.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """List the built-in networks, or print the spec of one."""
    from visualnn_shared.zoo import describe, load

    from visualnn.cli.output import print_json, print_table

    if name is not None:
        print_json(load(name.removeprefix("zoo:")).model_dump(mode="json", exclude_defaults=False))
        return
    networks = describe()
    if as_json:
        print_json(networks)
        return
    rows = [
        (f"zoo:{one['name']}", one["title"], _inputs(one["input"]), one["classes"], f"{one['params']:,}")
        for one in networks
    ]
    print_table("", ["MODEL", "title", "input", ">classes", ">parameters"], rows)


def _inputs(found: Any) -> str:
    """One shape, or one for each input by its name."""
    from visualnn.cli.output import shape

    if isinstance(found, dict):
        return ", ".join(f"{name} {shape(one)}" for name, one in found.items())
    return shape(found)
