"""``visualnn diff``: what differs between two models in meaning, compared here."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from visualnn.cli.options import AsJson, DataDir

if TYPE_CHECKING:
    from visualnn_shared.analysis.diff import Diff, LayerDiff

_Model = "zoo:NAME, a model file, or a model's id."


def diff(
    first: Annotated[str, typer.Argument(metavar="A", help=_Model)],
    second: Annotated[str, typer.Argument(metavar="B", help=_Model)],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Compare two models in meaning: layers added, removed and changed, and what that costs."""
    from visualnn_shared.analysis.diff import diff as compare

    from visualnn.cli.connect import connected
    from visualnn.cli.output import print_json
    from visualnn.cli.sources import load_spec

    a, b = (load_spec(text, lambda: connected(data_dir, worker=False)) for text in (first, second))
    found = compare(a, b)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        _print(found, first, second)


def _print(found: "Diff", first: str, second: str) -> None:
    from visualnn.cli.output import number, print_table, say

    if found.same:
        say("the models are the same")
        return
    rows = [_row("+", one, "added") for one in found.added]
    rows += [_row("-", one, "removed") for one in found.removed]
    rows += [_row("~", one, _changes(one)) for one in found.changed]
    print_table(f"{first} -> {second}", ["", "layer", "type", "what", ">parameters", ">MACs"], rows)
    if found.outputs:
        say(f"outputs      {found.outputs.before} -> {found.outputs.after}")
    say(f"parameters   {found.params.before:,} -> {found.params.after:,}")
    say(f"operations   {number(found.macs.before)} -> {number(found.macs.after)} multiply-accumulates a sample")


def _row(mark: str, one: "LayerDiff", what: str) -> tuple[str, ...]:
    return mark, one.name, one.type, what, f"{one.params_delta:+,}", _signed(one.macs_delta)


def _changes(one: "LayerDiff") -> str:
    parts = [f"was {one.before_name}"] if one.before_name else []
    parts += [f"{name}: {_short(change.before)} -> {_short(change.after)}" for name, change in one.changes.items()]
    return "; ".join(parts) or "the shape of its weights"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _signed(value: int | None) -> str:
    return "?" if value is None else f"{value:+,}"
