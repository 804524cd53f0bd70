"""``visualnn evaluate``: how well trained weights do on a data set."""

from typing import Annotated

import typer

from visualnn.cli.options import AsJson, DataDir, DatasetArgument, Priority


def evaluate(
    job: Annotated[str, typer.Argument(metavar="JOB", help="Id of the train job whose weights are judged.")],
    dataset: DatasetArgument,
    split: Annotated[str, typer.Option(help="train, test or all.")] = "test",
    priority: Priority = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Compute loss and metrics of trained weights on a data set."""
    from visualnn.cli.connect import connected
    from visualnn.cli.output import number, print_json, print_table
    from visualnn.cli.sources import must_be_job, must_be_known, stored_dataset
    from visualnn.cli.waiting import wait_or_cancel

    must_be_job(job)
    must_be_known(dataset=dataset)
    with connected(data_dir) as client:
        data = stored_dataset(client, dataset)
        queued = client.jobs.evaluate(job, data, split=split, priority=priority)
        ended = wait_or_cancel(client, queued, f"evaluating on {data.name}")
    if as_json:
        print_json({"job": ended.id, "state": ended.state, "dataset": data.id, "metrics": ended.metrics})
    else:
        rows = [(name, number(value)) for name, value in ended.metrics.items()]
        print_table(f"{job} on {data.name} ({split})", ["metric", ">value"], rows)
