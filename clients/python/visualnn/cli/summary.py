"""``visualnn summary``: shapes, parameters, operations and memory, computed here."""

from typing import TYPE_CHECKING, Annotated

import typer

from visualnn.cli.options import AsJson, DataDir, ModelArgument

if TYPE_CHECKING:
    from visualnn_shared.analysis.summary import Summary


def summary(
    model: ModelArgument,
    batch_size: Annotated[int, typer.Option(min=1, help="Samples a step, for the memory figures.")] = 1,
    optimizer: Annotated[str, typer.Option(help="Its state is part of the training memory.")] = "adam",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show each layer's output shape and parameters, and the totals."""
    from visualnn_shared.analysis.summary import summary as summarise

    from visualnn.cli.connect import connected
    from visualnn.cli.output import print_json
    from visualnn.cli.sources import load_spec

    spec = load_spec(model, lambda: connected(data_dir, worker=False))
    found = summarise(spec, batch_size=batch_size, optimizer=optimizer)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        _print(spec.name, found)


def _print(name: str, found: "Summary") -> None:
    from visualnn.cli.output import number, print_table, say, shape, size

    rows = [
        (one.name, one.type, shape(one.output_shape), f"{one.params:,}", number(one.macs), size(one.activation_bytes))
        for one in found.layers
    ]
    print_table(name, ["layer", "type", "output shape", ">parameters", ">MACs", ">activation"], rows)
    say(f"parameters   {found.params:,}: {found.trainable_params:,} trainable, {found.non_trainable_params:,} not")
    say(f"operations   {number(found.macs)} multiply-accumulates a sample")
    memory = found.memory
    say(
        f"memory       weights {size(memory.weights_bytes)}, inference {size(memory.inference_bytes)}, "
        f"training {size(memory.training_bytes)} (batch of {memory.batch_size}, {memory.optimizer})"
    )
