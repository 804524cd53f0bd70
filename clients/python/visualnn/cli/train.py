"""``visualnn train``: a model and a data set in, weights out."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer
from visualnn_shared.training.names import Loss, Metric, OptimizerName
from visualnn_shared.training.weights import ENDINGS, WeightsFormat

from visualnn.cli.options import (
    AsJson,
    DataDir,
    DeviceOption,
    MemoryLimit,
    ModelArgument,
    Priority,
    mebibytes,
    named_or_json,
)
from visualnn.cli.saving import Format

if TYPE_CHECKING:
    from visualnn.client import Client

_CHOSEN = "chosen to fit, and told"


def _one_of(names: Any) -> str:
    return f"One of {', '.join(get_args(names))}"


def train(
    model: ModelArgument,
    dataset: Annotated[
        str,
        typer.Argument(
            metavar="DATASET",
            help="A file, a known name such as digits, a data set's id, or an environment such as CartPole-v1.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="File for the trained weights.", show_default="MODEL's name with the format's ending"),
    ] = None,
    recipe: Annotated[
        Path | None,
        typer.Option(
            help="JSON file of training parameters, such as a schedule or early_stopping; options here come first.",
            exists=True,
            dir_okay=False,
            show_default=False,
        ),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Passes over the training samples.", show_default="10")
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(min=1, help="In an environment: the agent's decisions, at most.", show_default="100000"),
    ] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Samples a step.", show_default="32")] = None,
    optimizer: Annotated[
        str | None,
        typer.Option(
            help=_one_of(OptimizerName) + ', or JSON: {"name": "sgd", "momentum": 0.9}.', show_default=_CHOSEN
        ),
    ] = None,
    loss: Annotated[
        str | None,
        typer.Option(help=_one_of(Loss) + ', or JSON: {"name": "huber", "delta": 2}.', show_default=_CHOSEN),
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help="Size of the optimizer's steps.", show_default="the optimizer's own")
    ] = None,
    validation_split: Annotated[
        float | None, typer.Option(help="Share of the training samples set aside.", show_default="0")
    ] = None,
    metrics: Annotated[
        list[str] | None,
        typer.Option(help=f"{_one_of(Metric)}; repeat it, or give a list: a,b.", show_default=_CHOSEN),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Of initial weights, shuffling and dropout.", show_default="0")
    ] = None,
    shuffle: Annotated[
        bool | None, typer.Option(help="Shuffle the training samples each epoch.", show_default="shuffle")
    ] = None,
    device: DeviceOption = None,
    devices: Annotated[
        str | None,
        typer.Option(help="Share each batch out among this many of the worker's devices, or all.", show_default="1"),
    ] = None,
    time_limit: Annotated[
        float | None, typer.Option(help="Seconds one attempt may take.", show_default="no limit")
    ] = None,
    memory_limit: MemoryLimit = None,
    priority: Priority = None,
    format: Format = None,
    operator: Annotated[
        str | None, typer.Option(help="Register the result as this operator.", show_default=False)
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Train MODEL on DATASET and fetch the weights; in an environment of gymnasium, by deep Q-learning.

    On the server at VISUALNN_URL, else on the platform that runs on the data folder, else on one started for this
    command. Ctrl-C cancels the job.
    """
    from visualnn.cli.connect import connected
    from visualnn.cli.output import print_json
    from visualnn.cli.saving import chosen_format, must_be_writable
    from visualnn.cli.sources import must_be_known

    chosen = chosen_format(out, format, "--out")
    must_be_writable(out or Path("weights"), "--out")
    must_be_known(model=model, dataset=dataset)
    params = {
        "epochs": epochs,
        "steps": steps,
        "batch_size": batch_size,
        "optimizer": named_or_json(optimizer),
        "loss": named_or_json(loss),
        "learning_rate": learning_rate,
        "validation_split": validation_split,
        "metrics": [name for one in metrics or () for name in one.split(",")] or None,
        "seed": seed,
        "shuffle": shuffle,
        "device": device,
        "devices": int(devices) if devices and devices.isdecimal() else devices,
        "time_limit_s": time_limit,
        "memory_limit_mb": mebibytes(memory_limit),
    }
    params = read_recipe(recipe) | {name: value for name, value in params.items() if value is not None}
    with connected(data_dir) as client:
        result = _train(client, model, dataset, params, out, chosen, operator, priority)
    if as_json:
        print_json(result)
    else:
        _print(result)


def read_recipe(file: Path | None) -> dict[str, Any]:
    from visualnn_shared.errors import Invalid
    from visualnn_shared.spec.problem import problem

    if file is None:
        return {}
    try:
        found = json.loads(file.read_bytes())
    except ValueError as error:
        raise Invalid(
            f"the recipe {file.name!r}", [problem("a recipe must be JSON", str(error), field="recipe")]
        ) from None
    if not isinstance(found, dict):
        raise Invalid(f"the recipe {file.name!r}", [problem("a recipe must be an object", found, field="recipe")])
    return found


def _train(
    client: "Client",
    model: str,
    dataset: str,
    params: dict[str, Any],
    out: Path | None,
    format: WeightsFormat,
    operator: str | None,
    priority: int | None = None,
) -> dict[str, Any]:
    from visualnn_shared.reinforcement.environments import ENVIRONMENTS

    from visualnn.cli.saving import fetching
    from visualnn.cli.sources import named_model, stored_dataset
    from visualnn.cli.waiting import wait_or_cancel

    name, wanted = named_model(client, model)
    learned_from: dict[str, Any]
    if dataset in ENVIRONMENTS:
        job = client.jobs.dqn(wanted, dataset, priority=priority, **params)
        learned_from = {"environment": dataset}
    else:
        data = stored_dataset(client, dataset)
        job = client.jobs.train(wanted, data, priority=priority, **params)
        learned_from = {"dataset": {"id": data.id, "name": data.name, "splits": data.splits}}
    on = dataset if dataset in ENVIRONMENTS else data.name
    ended = wait_or_cancel(client, job, f"training {name}", told=f"{name} on {on}")
    file = out or Path(f"{_file_name(name)}{ENDINGS[format]}")
    with fetching(ended.id, format):
        weights = client.jobs.weights(ended.id, file, format=format)
    result: dict[str, Any] = {
        "job": ended.id,
        "state": ended.state,
        "model": {"name": name, **(ended.model or {})},
        **learned_from,
        "params": ended.params,
        "chosen": ended.chosen or {},
        "metrics": ended.metrics,
        "weights": weights.model_dump(),
        "server": client.url,
    }
    if dataset in ENVIRONMENTS:
        curve = file.with_name(f"{file.name.partition('.')[0]}.returns.png")
        result["returns"] = client.jobs.artifact(ended.id, "returns.png", curve).model_dump()
    if operator is not None:
        registered = client.operators.create(operator, ended.id)
        result["operator"] = {"name": registered.name, "version": registered.version, "replay": registered.replay}
    return result


def _file_name(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in name).lstrip(".") or "weights"


def _print(result: dict[str, Any]) -> None:
    from visualnn.cli.output import number, print_table, say

    metrics = {name: value for name, value in result["metrics"].items() if name != "epoch" and _is_number(value)}
    tested = {name: value for name, value in metrics.items() if name.startswith("test_")}
    print_table("result", ["metric", ">value"], [(name, number(value)) for name, value in (tested or metrics).items()])
    if result["chosen"]:
        rows = [(field, _short(one.get("value")), one.get("why", "")) for field, one in result["chosen"].items()]
        print_table("chosen, because you left it out", ["what", "value", "why"], rows)
    say(f"weights   {result['weights']['path']} (sha256 {result['weights']['sha256'][:16]}...)")
    if "returns" in result:
        say(f"returns   {result['returns']['path']}, the curve as a picture")
    if "operator" in result:
        one = result["operator"]
        say(f"operator  {one['name']} version {one['version']}; try: visualnn predict {one['name']} --input ...")
    else:
        say(f"job       {result['job']}; register it with: visualnn operators create NAME {result['job']}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
