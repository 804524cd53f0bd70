"""``visualnn operators``: the registry of networks that answer."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from visualnn.cli.options import AsJson, DataDir

if TYPE_CHECKING:
    from visualnn.records import Operator

app = typer.Typer(name="operators", help="List, register and name operators.")
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The operator's name.")]


@app.callback(invoke_without_command=True)
def list_operators(context: typer.Context, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the operators."""
    if context.invoked_subcommand is not None:
        return
    from visualnn.cli.connect import connected
    from visualnn.cli.output import print_json, print_table

    with connected(data_dir, worker=False) as client:
        found = list(client.operators.list())
    if as_json:
        print_json([one.model_dump(mode="json") for one in found])
        return
    rows = [(one.name, one.version, one.task or "", "yes" if one.ready else "no") for one in found]
    print_table("", ["operator", ">version", "task", "ready"], rows)


@app.command()
def create(
    name: NameArgument,
    job: Annotated[str, typer.Argument(metavar="JOB", help="Id of a succeeded train job.")],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Register a train job's weights as the next version of an operator, proven on stored samples."""
    from visualnn.cli.connect import connected

    with connected(data_dir, worker=False) as client:
        _show(client.operators.create(name, job), as_json=as_json)


@app.command()
def show(name: NameArgument, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show an operator: signature, classes, lineage."""
    from visualnn.cli.connect import connected

    with connected(data_dir, worker=False) as client:
        _show(client.operators.get(name), as_json=as_json)


@app.command()
def alias(
    name: NameArgument,
    alias: Annotated[str, typer.Argument(help="The alias, such as champion.")],
    version: Annotated[int, typer.Argument(min=1, help="The version that it means.")],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Let an alias mean a version."""
    from visualnn.cli.connect import connected

    with connected(data_dir, worker=False) as client:
        _show(client.operators.alias(name, alias, version), as_json=as_json)


def _show(operator: "Operator", *, as_json: bool) -> None:
    from visualnn.cli.output import print_json, say, shape

    if as_json:
        print_json(operator.model_dump(mode="json"))
        return
    state = "ready" if operator.ready else "not ready"
    task = "" if operator.others else operator.task or ""
    say("  ".join(part for part in (f"{operator.name} version {operator.version}", task, state) if part))
    for side in ("inputs", "outputs"):
        for tensor in operator.signature.get(side, ()):
            say(f"  {side[:-1]:<8} {tensor['name']}: {shape(tensor['shape'])} {tensor['dtype']}")
    if operator.others:
        first = operator.signature["outputs"][0]["name"]
        for name, own in {first: {"task": operator.task, "classes": operator.classes}, **operator.others}.items():
            classes = f"  classes {', '.join(own['classes'])}" if own["classes"] else ""
            say(f"  {name}: {own['task']}{classes}")
    elif operator.classes:
        say(f"  classes  {', '.join(operator.classes)}")
    if operator.replay:
        say(f"  replay   {_replay_text(operator.replay)}")


def _replay_text(replay: dict[str, Any]) -> str:
    """How the registered network repeated what the training said of some samples."""
    told = f"{replay.get('samples')} samples, largest error {replay.get('max_abs_error', 0):.1e}"
    return f"{told} (tolerance {replay['tolerance']:.0e})" if "tolerance" in replay else told
