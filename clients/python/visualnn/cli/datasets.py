"""``visualnn datasets``: stored samples."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from visualnn.cli.options import AsJson, DataDir, DatasetArgument

if TYPE_CHECKING:
    from visualnn.client import Client
    from visualnn.records import Dataset

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


@app.command()
def show(dataset: DatasetArgument, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """What a data set holds: splits, inputs, labels."""
    from visualnn.cli.output import number, print_json, print_table

    with _stored(dataset, data_dir) as (_client, stored):
        if as_json:
            print_json(stored.model_dump(mode="json", by_alias=True))
            return
        schema = stored.schema_
        rows = [("id", stored.id), ("format", stored.format)]
        rows += [(f"{split} samples", f"{count:,}") for split, count in stored.splits.items()]
        for one in schema["features"]:
            shape = " x ".join(map(str, one["shape"])) or "a single value"
            ends = f"{number(one['min'])} to {number(one['max'])}"
            rows.append((f"input {one['name']}", f"{one['dtype']}, {shape}, {ends}"))
        for label in schema.get("labels") or [one for one in (schema.get("label"),) if one]:
            classes = ", ".join(label["classes"] or []) or f"{number(label['min'])} to {number(label['max'])}"
            rows.append((f"label {label['name']}", classes))
        rows += [("note", note) for note in schema.get("notes", [])]
        print_table(stored.name, ["what", "value"], rows)


@app.command()
def quality(dataset: DatasetArgument, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Balance of classes, duplicates, constant inputs, inputs that give the label away."""
    from visualnn.cli.output import number, print_json, print_table, say

    with _stored(dataset, data_dir) as (client, stored):
        found = client.datasets.quality(stored.id)
    if as_json:
        print_json(found)
        return
    counted = found.get("labels") or {"": found["classes"]}  # an older server has only these
    several = len(counted) > 1
    for label, counts in counted.items():
        names = dict.fromkeys(name for of_split in counts.values() for name in of_split)
        if not names:
            continue
        rows = [(name, *(f"{of_split.get(name, 0):,}" for of_split in counts.values())) for name in names]
        print_table(
            f"classes of {label}" if several else "classes", ["class", *(f">{split}" for split in counts)], rows
        )
    columns = [
        (f"{one['feature']} ({one['split']})", *(number(one[key]) for key in ("mean", "std", "min", "max")))
        for one in found["columns"]
    ]
    print_table("numbers", ["input", ">mean", ">std", ">min", ">max"], columns)
    for one in found["oddities"]:
        say(f"{one['severity']}: {one['text']}" + (f" ({'; '.join(one['examples'][:5])})" if one["examples"] else ""))
        if one["hint"]:
            say(f"  {one['hint']}")
    if not found["oddities"]:
        say("nothing odd was found")


@app.command()
def samples(
    dataset: DatasetArgument,
    out: Annotated[Path, typer.Option(help="File for the picture.")] = Path("samples.png"),
    split: Annotated[str, typer.Option(help="train or test.")] = "train",
    offset: Annotated[int, typer.Option(min=0, help="The first sample.")] = 0,
    count: Annotated[int, typer.Option(min=1, max=400, help="How many samples.")] = 48,
    data_dir: DataDir = None,
) -> None:
    """Draw samples with their labels into one picture."""
    from visualnn.cli.output import say

    with _stored(dataset, data_dir) as (client, stored):
        out.write_bytes(client.datasets.picture(stored.id, split=split, offset=offset, count=count))
    say(str(out))


@app.command()
def delete(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="The data set's id.")], data_dir: DataDir = None
) -> None:
    """Delete a data set; what was trained on it stays."""
    from visualnn.cli.connect import connected
    from visualnn.cli.output import say

    with connected(data_dir, worker=False) as client:
        client.datasets.delete(dataset)
    say(f"{dataset}  deleted")


@app.command()
def split(
    dataset: DatasetArgument,
    test: Annotated[float, typer.Option(help="Share of the samples for the test split.")] = 0.2,
    seed: Annotated[int, typer.Option(min=0, help="The same seed divides in the same way.")] = 0,
    stratify: Annotated[bool, typer.Option(help="Both splits have the same share of each class.")] = False,
    name: Annotated[str | None, typer.Option(help="Name of the new data set.", show_default="a telling one")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Divide the samples of a data set into a training and a test split; prints the new data set's id."""
    from visualnn.cli.output import print_json, say

    with _stored(dataset, data_dir) as (client, stored):
        made = client.datasets.divide(stored.id, test=test, seed=seed, stratify=stratify, name=name)
    if as_json:
        print_json(made.model_dump(mode="json", by_alias=True))
    else:
        say(made.id)


@contextmanager
def _stored(dataset: str, data_dir: Path | None) -> "Iterator[tuple[Client, Dataset]]":
    """A client, and the data set that is meant; a file is stored first."""
    from visualnn.cli.connect import connected
    from visualnn.cli.sources import must_be_known, stored_dataset

    must_be_known(dataset=dataset)
    with connected(data_dir, worker=False) as client:
        yield client, stored_dataset(client, dataset)
