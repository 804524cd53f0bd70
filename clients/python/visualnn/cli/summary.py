"""``visualnn summary``: shapes, parameters, operations and memory, computed here."""

from typing import TYPE_CHECKING, Annotated

import typer

from visualnn.cli.options import AsJson, DataDir, InputShape, ModelArgument, byte_count, named_or_json, shape_of

if TYPE_CHECKING:
    from visualnn_shared.analysis.memory import Fit
    from visualnn_shared.analysis.summary import Summary


def summary(
    model: ModelArgument,
    batch_size: Annotated[int, typer.Option(min=1, help="Samples a step, for the memory figures.")] = 1,
    optimizer: Annotated[
        str, typer.Option(help="A name, or JSON with parameters; its state is part of the training memory.")
    ] = "adam",
    dtype: Annotated[str, typer.Option(help="Keras dtype policy: float32, mixed_float16, bfloat16, ...")] = "float32",
    device_memory: Annotated[
        str | None, typer.Option(help="Memory of a device, such as 8GiB: will it fit, and with which batch?")
    ] = None,
    input_shape: InputShape = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show each layer's output shape and parameters, and the totals."""
    from visualnn_shared.analysis.memory import Load
    from visualnn_shared.analysis.summary import summary as summarise

    from visualnn.cli.connect import connected
    from visualnn.cli.output import print_json
    from visualnn.cli.sources import load_spec

    spec = load_spec(model, lambda: connected(data_dir, worker=False), shape_of(input_shape))
    device = None if device_memory is None else byte_count(device_memory)
    found = summarise(spec, Load(batch_size, named_or_json(optimizer), dtype, device))
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
        f"training {size(memory.training_bytes)} (batch of {memory.batch_size}, {memory.optimizer}, {memory.dtype})"
    )
    if memory.fit is not None:
        say(f"will it fit  into {size(memory.fit.device_bytes)}: {_fits(memory.fit)}")
    for warning in found.warnings:
        say(f"warning      {warning}")


def _fits(fit: "Fit") -> str:
    sides = (
        ("training", fit.training_fits, fit.largest_training_batch),
        ("inference", fit.inference_fits, fit.largest_inference_batch),
    )
    words = {True: "yes", False: "no", None: "not known"}
    return "; ".join(
        f"{name} {words[fits]}, largest batch {'not known' if batch is None else f'{batch:,}'}"
        for name, fits, batch in sides
    )
