"""``visualnn convert``: a model file in another format, made here."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from visualnn.cli.options import AsJson, DataDir


def convert(
    source: Annotated[str, typer.Argument(metavar="SRC", help="zoo:NAME, a model file, or a model's id.")],
    target: Annotated[Path, typer.Argument(metavar="DST", help="The file to write.")],
    from_: Annotated[str | None, typer.Option("--from", help="Format of SRC.", show_default="found out")] = None,
    to: Annotated[str | None, typer.Option(help="Format of DST.", show_default="by its ending")] = None,
    weights: Annotated[
        Path | None, typer.Option(help="Weights (.safetensors) to write along.", exists=True, dir_okay=False)
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write the conversion report (JSON) to this file.")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Convert a model between formats. What DST's format cannot say is listed, and no file is written (status 2)."""
    from visualnn_standalone.local import convert_file, format_of

    from visualnn.cli.output import print_json
    from visualnn.cli.saving import must_be_writable

    to = to or format_of(target.name)
    must_be_writable(target, "DST")
    if report is not None:
        must_be_writable(report, "--report")
    data, filename, from_ = _source(source, from_, data_dir)
    carried = weights or (Path(source) if source.endswith(".safetensors") else None)
    converted = convert_file(data, to, source=from_, filename=filename, weights=carried)
    told = converted.report.as_json()
    _write(target, converted.data)
    if report is not None:
        _write(report, json.dumps(told, indent=2).encode())
    if as_json:
        print_json({"file": str(target), "format": to, "size": len(converted.data), "report": told})
    else:
        _print(target, to, len(converted.data), told)


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


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all."""
    new = path.with_name(path.name + ".part")
    new.write_bytes(data)
    new.replace(path)


def _print(target: Path, format: str, count: int, report: dict[str, Any]) -> None:
    from visualnn.cli.output import say, size

    say(f"{target}: {format}, {size(count)}; {len(report['mapped'])} layers mapped")
    for one in report["rewritten"]:
        say(f"  rewritten  {one['layer']}: {one['rule']} ({one['why']})")
    for one in report["dropped"]:
        say(f"  dropped    {one['layer']}: {one['what']} ({one['why']})")
    for old, new in report["renamed"].items():
        say(f"  renamed    {old} -> {new}")
    for text in report["notes"]:
        say(f"  note       {text}")
