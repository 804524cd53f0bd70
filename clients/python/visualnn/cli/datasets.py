"""``visualnn datasets``: stored samples."""

import typer

from visualnn.cli.options import AsJson, DataDir, DatasetArgument

app = typer.Typer(name="datasets", help="List and store data sets.")


@app.callback(invoke_without_command=True)
def list_datasets(context: typer.Context, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the stored data sets, the newest first."""
    if context.invoked_subcommand is not None:
        return
    from visualnn.cli.connect import connected
    from visualnn.cli.output import print_json, print_table

    with connected(data_dir, worker=False) as client:
        found = list(client.datasets.list())
    if as_json:
        print_json([one.model_dump(mode="json", by_alias=True) for one in found])
        return
    rows = [(one.id, one.name, ", ".join(f"{split} {count}" for split, count in one.splits.items())) for one in found]
    print_table("", ["=data set", "name", "samples"], rows)


@app.command()
def add(dataset: DatasetArgument, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Store a file of samples; prints the data set's id."""
    from visualnn.cli.connect import connected
    from visualnn.cli.output import print_json, say
    from visualnn.cli.sources import stored_dataset

    with connected(data_dir, worker=False) as client:
        stored = stored_dataset(client, dataset)
    if as_json:
        print_json(stored.model_dump(mode="json", by_alias=True))
    else:
        say(stored.id)
