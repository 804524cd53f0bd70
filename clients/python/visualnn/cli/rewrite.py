"""``visualnn rewrite``: a net into another that computes the same, made here."""

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from visualnn.cli.options import AsJson, DataDir, ModelArgument

RULES = ("dense-to-conv", "unfold-blocks")


def rewrite(
    model: ModelArgument,
    rule: Annotated[
        str,
        typer.Argument(
            metavar="RULE",
            help="dense-to-conv: a classifier slides over larger pictures; unfold-blocks: layers in place of blocks.",
        ),
    ],
    input_size: Annotated[
        str | None, typer.Option("--input", help="Height x width of the pictures, such as 384x384; any if left out.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File for the new spec (.json).")] = None,
    weights: Annotated[
        Path | None, typer.Option(help="Weights (.safetensors) to rewrite along.", exists=True, dir_okay=False)
    ] = None,
    weights_out: Annotated[Path | None, typer.Option(help="File for the rewritten weights (.safetensors).")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Rewrite a net so that it computes the same in another form; what cannot be rewritten is listed (status 2)."""
    from visualnn_shared.analysis.summary import summary
    from visualnn_shared.rewrites.dense_to_conv import dense_to_conv

    from visualnn.cli.connect import connected
    from visualnn.cli.output import print_json, print_table, say
    from visualnn.cli.saving import must_be_writable, write_whole
    from visualnn.cli.sources import load_spec

    _known(rule, weights, weights_out)
    for file, field in ((out, "out"), (weights_out, "weights-out")):
        if file is not None:
            must_be_writable(file, field)
    spec = load_spec(model, lambda: connected(data_dir, worker=False))
    carried = weights or (Path(model) if model.endswith(".safetensors") else None)
    tensors = _read(carried) if carried is not None and weights_out is not None else None
    size = _size(input_size)
    found = dense_to_conv(spec, size, tensors) if rule == RULES[0] else _unfolded(spec, tensors)
    totals = summary(found.spec)
    if out is not None:
        write_whole(out, found.spec.model_dump_json(indent=1).encode())
    if weights_out is not None and found.weights is not None:
        from visualnn_shared.spec.reading import canonical_json

        _write(weights_out, found.weights, canonical_json(found.spec).decode())
    outputs = [list(totals.layers[-1].output_shape)] if len(found.spec.outputs) == 1 else []
    if as_json:
        print_json({
            "rule": rule, "name": found.spec.name, "output": outputs[0] if outputs else None, "changed": found.changed,
            "params": totals.params, "macs": totals.macs, "spec": found.spec.model_dump(mode="json"),
        })  # fmt: skip
        return
    print_table(f"{found.spec.name}: {rule}", ["layer", "is now"], list(found.changed.items()))
    say(f"output       {outputs[0] if outputs else list(found.spec.outputs)}")
    say(f"parameters   {totals.params:,}")
    if out is None and weights_out is None:
        say("nothing was written: name a file with --out, and --weights-out for the weights")


def _unfolded(spec: Any, tensors: dict[str, Any] | None) -> Any:
    """Variables keep their names, so weights stay as they are."""
    from visualnn_shared.analysis.unfold import unfold
    from visualnn_shared.rewrites.dense_to_conv import Rewritten

    found = unfold(spec)
    return Rewritten(found.spec, tensors, {name: f"{len(layers)} layers" for name, layers in found.made.items()})


def _known(rule: str, weights: Path | None, weights_out: Path | None) -> None:
    from visualnn_shared.catalogue.kinds import closest
    from visualnn_shared.errors import Invalid
    from visualnn_shared.spec.problem import problem

    problems = []
    if rule not in RULES:
        text = f"RULE must be one of {', '.join(RULES)}"
        problems.append(problem(text, rule, field="RULE", hint=closest(rule, list(RULES))))
    if weights is not None and weights_out is None:
        problems.append(problem("--weights-out must name a file for the weights", None, field="weights-out"))
    if problems:
        raise Invalid("the command", problems)


def _size(text: str | None) -> tuple[int, int] | None:
    from visualnn_shared.errors import Invalid
    from visualnn_shared.spec.problem import problem

    if text is None:
        return None
    found = re.fullmatch(r"([1-9]\d{0,6})[xX×]([1-9]\d{0,6})", text.strip())
    if found is None:
        rule = "--input must be height x width in pixels"
        raise Invalid("the command", [problem(rule, text, field="input", hint="for example 384x384")])
    return int(found[1]), int(found[2])


def _read(path: Path) -> dict[str, Any]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file
    from visualnn_shared.errors import Invalid
    from visualnn_shared.spec.problem import problem

    try:
        return dict(load_file(path))
    except SafetensorError as error:
        rule = "the weights must be a safetensors file"
        raise Invalid("the command", [problem(rule, str(path), field="weights", hint=str(error))]) from None


def _write(path: Path, tensors: dict[str, Any], spec: str) -> None:
    from safetensors.numpy import save

    from visualnn.cli.saving import write_whole

    write_whole(path, save(tensors, metadata={"visualnn.spec": spec}))
