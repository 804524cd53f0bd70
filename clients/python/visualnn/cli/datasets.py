"""``visualnn datasets``: stored samples."""

from pathlib import Path
from typing import Annotated

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
def known(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the data sets that have a name of their own."""
    from visualnn.cli.connect import connected
    from visualnn.cli.output import print_json, print_table

    with connected(data_dir, worker=False) as client:
        found = client.datasets.list_known()
    if as_json:
        print_json(found)
    else:
        print_table("", ["=name", "what", "here"], [(one["name"], one["title"], one["available"]) for one in found])


@app.command()
def add(
    dataset: DatasetArgument,
    more: Annotated[list[Path] | None, typer.Argument(help="Further files of the same data set.")] = None,
    name: Annotated[str | None, typer.Option(help="What to call it.", show_default="the file's name")] = None,
    format: Annotated[str | None, typer.Option(help="Format of the file.", show_default="found out")] = None,
    picture_size: Annotated[
        str | None, typer.Option(help="Height and width that pictures are brought to: 64x64.", show_default=False)
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Store a file of samples, or several that make one data set; prints its id."""
    from visualnn.cli.connect import connected
    from visualnn.cli.output import print_json, say
    from visualnn.cli.sources import must_be_known, stored_dataset

    must_be_known(dataset=dataset)
    with connected(data_dir, worker=False) as client:
        if Path(dataset).is_file():
            files = more or []
            stored = client.datasets.upload(dataset, *files, name=name, format=format, picture_size=picture_size)
        else:
            stored = stored_dataset(client, dataset)
    if as_json:
        print_json(stored.model_dump(mode="json", by_alias=True))
    else:
        say(stored.id)
