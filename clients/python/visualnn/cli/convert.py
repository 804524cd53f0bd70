"""``visualnn convert``: a model file in another format, made here."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from visualnn.cli.options import AsJson, DataDir, InputShape, shape_of

_MOST_LINES = 4
"""Of changes for one reason, before they are counted instead."""


def convert(
    source: Annotated[str, typer.Argument(metavar="SRC", help="zoo:NAME, a model file, or a model's id.")],
    target: Annotated[Path, typer.Argument(metavar="DST", help="The file to write; for a SavedModel, the folder.")],
    from_: Annotated[str | None, typer.Option("--from", help="Format of SRC.", show_default="found out")] = None,
    to: Annotated[str | None, typer.Option(help="Format of DST.", show_default="by its ending")] = None,
    weights: Annotated[
        Path | None,
        typer.Option(
            help="Weights to write along: .safetensors, .weights.h5, or the .caffemodel of a prototxt.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    weights_out: Annotated[
        Path | None,
        typer.Option(help="File for the weights: .safetensors with the spec in it, or the .caffemodel of a prototxt."),
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write the conversion report (JSON) to this file.")] = None,
    allow_rewrite: Annotated[
        bool,
        typer.Option("--allow-rewrite", help="Rewrite layers that DST cannot say into others of the same meaning."),
    ] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Run SRC and DST on the same inputs; write DST only if they agree.")
    ] = False,
    require_independent: Annotated[
        bool,
        typer.Option(
            "--require-independent",
            help="Verify, and write DST only where a runtime that is not VisualNN's ran it itself.",
        ),
    ] = False,
    gate: Annotated[
        float | None,
        typer.Option(help="With --verify: the largest absolute error that passes.", min=0.0, show_default="0.0001"),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(help="Of what is drawn for --verify and --initial-weights.", min=0, show_default="0"),
    ] = None,
    samples: Annotated[
        Path | None,
        typer.Option(help="Verify with these samples, too: .npz (by input name) or .npy.", exists=True, dir_okay=False),
    ] = None,
    reference: Annotated[
        Literal["auto", "numpy", "keras"] | None,
        typer.Option(
            show_default="auto",
            help="With --verify: what stands beside SRC and DST: numpy runs what VisualNN reads in NumPy alone, "
            "whatever its size; keras on Keras alone; auto adds NumPy's opinion of nets that are not large.",
        ),
    ] = None,
    initial_weights: Annotated[
        bool,
        typer.Option("--initial-weights", help="Where SRC has no weights: what a training begins with."),
    ] = False,
    input_shape: InputShape = None,
    phase: Annotated[
        str | None, typer.Option(help="Phase of a Caffe net: TRAIN or TEST.", show_default="the file's, or TRAIN")
    ] = None,
    stage: Annotated[
        list[str] | None, typer.Option(help="Stage of a Caffe net; repeat it for several.", show_default="the file's")
    ] = None,
    level: Annotated[int | None, typer.Option(help="Level of a Caffe net.", show_default="the file's, or 0")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Convert a model between formats. What DST's format cannot say is listed, and no file is written (status 2).

    A DST that ends in .safetensors holds spec and weights. With --to savedmodel, DST is a new folder, or a zip of it;
    that needs Keras on TensorFlow here. With --verify, a DST that does not answer as SRC is not
    written either (status 2), and the first layer that differs is named.
    """
    from visualnn_converter.certifying import must_be_used, must_be_verifiable
    from visualnn_standalone.local import carries_weights, format_of, must_be_written, net_state, weights_of

    from visualnn.cli.asked import must_not_overwrite
    from visualnn.cli.certifying import certificate, converted_or_told, must_pass
    from visualnn.cli.output import note, print_json
    from visualnn.cli.saving import write_folder, write_whole

    verify = verify or require_independent or samples is not None
    idle = {"gate": gate, "seed": seed, "reference": reference}
    must_be_used(idle, verify=verify, initial_weights=initial_weights, asked="the command", mark="--")
    state = net_state(phase, stage, level)
    whole = to in (None, "native") and target.suffix == ".safetensors"
    folder = to == "savedmodel" and target.suffix != ".zip"
    to = "native" if whole else to or format_of(target.name)
    must_be_written(to)
    if verify:
        must_be_verifiable(to, "to")
    named = {"DST": target, "--report": report, "--weights-out": weights_out}
    must_not_overwrite(named, {"SRC": Path(source), "--weights": weights, "--samples": samples})
    _check(named, weights_out, to, folder=folder)
    data, filename, from_ = _source(source, from_, data_dir)
    carried = weights or (Path(source) if source.endswith(".safetensors") else None)
    shape = shape_of(input_shape)
    options = {"allow_rewrite": allow_rewrite, "state": state, "input_shape": shape}
    options["initial"] = seed or 0 if initial_weights else None
    converted = converted_or_told(data, to, report, source=from_, filename=filename, weights=carried, **options)
    if verify:
        converted.report.certificate = certificate(
            converted, data, filename, carried, gate=1e-4 if gate is None else gate, seed=seed or 0, samples=samples,
            target=target.name, reference=reference or "auto", report=report, state=state, input_shape=shape,
            weights_given=carried is not None or initial_weights,
        )  # fmt: skip
        must_pass(converted, target, to, report, as_json=as_json, independent=require_independent)
    told = converted.report.as_json()
    files = {target: weights_of(converted, to, target.name) if whole else converted.data}
    if weights_out is not None:
        files[weights_out] = weights_of(converted, to, weights_out.name)
    if report is not None:
        files[report] = json.dumps(told, indent=2).encode()
    for path, written in files.items():
        (write_folder if folder and path == target else write_whole)(path, written)
    if converted.weights is not None and weights_out is None and not whole and not carries_weights(to):
        note(f"{target} holds no weights: name a file for them with --weights-out")
    if as_json:
        answer = {"file": str(target), "format": to, "size": len(files[target]), "report": told}
        print_json(answer if weights_out is None else {**answer, "weights": str(weights_out)})
        return
    _print(target, to, len(files[target]), told)
    if weights_out is not None:
        _say_weights(weights_out, len(files[weights_out]))


def _check(named: Mapping[str, Path | None], weights_out: Path | None, to: str, *, folder: bool) -> None:
    """Raises ``Invalid`` where a file cannot be written, before anything is read."""
    from visualnn_shared.errors import Invalid
    from visualnn_shared.spec.problem import problem
    from visualnn_standalone.local import must_suit

    from visualnn.cli.saving import must_be_free, must_be_writable

    files = {field: path for field, path in named.items() if path is not None}
    for field, path in files.items():
        (must_be_free if folder and field == "DST" else must_be_writable)(path, field)
    if len({path.resolve() for path in files.values()}) < len(files):
        rule = f"{', '.join(files)} must be different files"
        raise Invalid("the command", [problem(rule, [str(path) for path in files.values()], field="DST")])
    if weights_out is not None:
        must_suit(to, weights_out.name)


def _source(text: str, format: str | None, data_dir: Path | None) -> tuple[bytes, str, str | None]:
    """The bytes to convert, their file name, and their format where it is known."""
    path = Path(text)
    if path.is_file() and path.suffix != ".safetensors":
        return path.read_bytes(), path.name, format
    from visualnn_shared.spec.reading import canonical_json

    from visualnn.cli.connect import connected
    from visualnn.cli.sources import load_spec

    spec = load_spec(text, lambda: connected(data_dir, worker=False))
    return canonical_json(spec), f"{spec.name}.json", "native"


def _say_weights(path: Path, count: int) -> None:
    from visualnn.cli.output import say, size

    say(f"{path}: weights, {size(count)}")


def _by_reason(rewritten: list[dict[str, str]]) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for one in rewritten:
        found.setdefault(one["why"], []).append(one)
    return found


def _print(target: Path, format: str, count: int, report: dict[str, Any]) -> None:
    from visualnn.cli.output import say, size

    say(f"{target}: {format}, {size(count)}; {len({one['layer'] for one in report['mapped']})} layers mapped")
    for why, alike in _by_reason(report["rewritten"]).items():
        for one in alike if len(alike) <= _MOST_LINES else alike[:2]:
            say(f"  rewritten  {one['layer']}: {one['rule']} ({why})")
        if len(alike) > _MOST_LINES:
            say(f"             and {len(alike) - 2} more alike; --report lists all")
    for one in report["approximated"]:
        say(f"  approx.    {one['layer']}: {one['rule']} ({one['bound']})")
    for one in report["dropped"]:
        say(f"  dropped    {one['layer']}: {one['what']} ({one['why']})")
    for old, new in report["renamed"].items():
        say(f"  renamed    {old} -> {new}")
    for text in report["notes"]:
        say(f"  note       {text}")
    if report["certificate"] is not None:
        from visualnn.cli.certifying import say_certificate

        say_certificate(report["certificate"])
