"""``visualnn layers``: the catalogue."""

from typing import Annotated, Any

import typer

from visualnn.cli.options import AsJson


def layers(
    name: Annotated[str | None, typer.Argument(help="Show this layer type alone.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """List the layer types, or the parameters of one."""
    from visualnn_shared.catalogue import CATALOGUE
    from visualnn_shared.catalogue.describing import as_json as entry_json
    from visualnn_shared.errors import NotFound

    from visualnn.cli.output import print_json, print_table, say

    entries = {one["type"]: one for one in map(entry_json, CATALOGUE.values())}
    if name is not None and name not in entries:
        raise NotFound("layer type", name)
    shown = [entries[name]] if name is not None else list(entries.values())
    if as_json:
        print_json(shown[0] if name is not None else shown)
    elif name is None:
        rows = [(one["group"], one["type"], one["doc"], ", ".join(one["formats"])) for one in shown]
        print_table("", ["group", "type", "does", "formats"], sorted(rows))
    else:
        say(f"{name}: {shown[0]['doc']}")
        rows = [(one["name"], _default(one), one["type"], one["doc"]) for one in shown[0]["params"]]
        print_table("", ["parameter", "default", "must be", "what"], rows)


def _default(param: dict[str, Any]) -> str:
    if param["required"]:
        return "required"
    return f"as {param['default_from']}" if param["default_from"] else repr(param["default"])
