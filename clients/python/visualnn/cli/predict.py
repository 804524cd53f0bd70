"""``visualnn predict``: what a trained network says."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from visualnn.cli.options import AsJson, DataDir

Answers = dict[str, list[dict[str, Any]]]
"""Output -> its prediction of each sample, the first output first."""


def predict(
    what: Annotated[str, typer.Argument(metavar="WHAT", help="A .safetensors file of ours, or an operator's name.")],
    input: Annotated[
        list[str] | None,
        typer.Option(help="JSON: a sample, several, or {name: sample} for several inputs. May be repeated."),
    ] = None,
    file: Annotated[
        Path | None, typer.Option(help="Samples: .npz, .csv, .json, or a picture.", exists=True, dir_okay=False)
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many samples of --file.")] = None,
    version: Annotated[
        str | None, typer.Option(help="Version or alias of the operator.", show_default="the newest")
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Predict with a weights file on this machine, or with an operator on the server."""
    from visualnn.cli.output import print_json

    if not input and file is None:
        raise typer.BadParameter("one of --input and --file must be given")
    if Path(what).is_file():
        answers = _with_file(Path(what), input or [], file, limit)
    else:
        answers = _with_operator(what, version, input or [], file, limit, data_dir)
    first, *others = answers
    if as_json:
        more = {"answers": {name: answers[name] for name in others}} if others else {}
        print_json({"predictions": answers[first], **more})
        return
    for name, predictions in answers.items():
        _print(predictions, name if others else "")


def _with_file(weights: Path, texts: list[str], file: Path | None, limit: int | None) -> Answers:
    from visualnn_standalone.inference import LocalOperator

    from visualnn.weights_file import read_info

    info = read_info(weights)
    operator = LocalOperator.of(weights, spec=info.spec, serving=info.serving)
    return operator.answers(_samples(operator.signature, texts, file, limit))


def _with_operator(
    name: str, version: str | None, texts: list[str], file: Path | None, limit: int | None, data_dir: Path | None
) -> Answers:
    from visualnn_shared.datasets.gaps import listed

    from visualnn.cli.connect import connected

    with connected(data_dir, worker=False) as client:
        samples = _samples(client.operators.get(name).signature, texts, file, limit)
        lists = {one: listed(values) for one, values in samples.items()}
        only = next(iter(lists.values())) if len(lists) == 1 else lists
        return client.operators.answers(name, only, version=version)


def _samples(signature: dict[str, Any], texts: list[str], file: Path | None, limit: int | None) -> dict[str, Any]:
    from visualnn.samples import from_file, from_text, raw_inputs

    inputs = raw_inputs(signature)
    return from_text(texts, inputs) if texts else from_file(Path(file or ""), inputs, limit)


def _print(predictions: list[dict[str, Any]], output: str) -> None:
    """``output`` names it where there are several."""
    from visualnn.cli.output import number, print_table, say

    if predictions and "class" in predictions[0]:
        rows = [(index, one["class"], number(one["score"])) for index, one in enumerate(predictions)]
        print_table(output, [">sample", "class", ">score"], rows)
    else:
        if output:
            say(output)
        for one in predictions:
            say(json.dumps(one.get("values", one)))
