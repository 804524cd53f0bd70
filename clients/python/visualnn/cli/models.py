"""``visualnn models``: stored models."""

import typer

from visualnn.cli.options import AsJson, DataDir, ModelArgument

app = typer.Typer(name="models", help="List and store models.")


@app.callback(invoke_without_command=True)
def list_models(context: typer.Context, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the stored models, the newest first."""
    if context.invoked_subcommand is not None:
        return
    from visualnn.cli.connect import connected
    from visualnn.cli.output import print_json, print_table

    with connected(data_dir, worker=False) as client:
        found = list(client.models.list())
    if as_json:
        print_json([one.model_dump(mode="json") for one in found])
    else:
        print_table("", ["=model", "name", ">version"], [(one.id, one.name, one.version) for one in found])


@app.command()
def add(model: ModelArgument, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Store a model; prints its id."""
    from visualnn.cli.connect import connected
    from visualnn.cli.output import print_json, say
    from visualnn.cli.sources import stored_model

    with connected(data_dir, worker=False) as client:
        stored = stored_model(client, model)
    if as_json:
        print_json(stored.model_dump(mode="json"))
    else:
        say(stored.id)
