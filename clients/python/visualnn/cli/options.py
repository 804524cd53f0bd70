"""Options that several commands share."""

import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document to stdout, and nothing else there.")]
DataDir = Annotated[
    Path | None,
    typer.Option(help="Data folder.", show_default="VISUALNN_DATA_DIR or ~/.visualnn"),
]
ModelArgument = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="zoo:NAME, a spec or Keras .json, a Caffe .prototxt, a .safetensors of ours, or a model's id.",
    ),
]
DatasetArgument = Annotated[
    str, typer.Argument(metavar="DATASET", help="A file, a known name such as digits, or a data set's id.")
]
JobArgument = Annotated[str, typer.Argument(metavar="JOB", help="The job's id.")]

DeviceOption = Annotated[str | None, typer.Option(help="cpu, gpu or any.", show_default="any")]
MemoryLimit = Annotated[
    str | None,
    typer.Option(help="Memory that the job's process may hold, such as 4GiB.", show_default="what the machine has"),
]
Priority = Annotated[
    int | None,
    typer.Option(min=-100, max=100, help="Among waiting jobs the highest goes first.", show_default="0"),
]
InputShape = Annotated[
    str | None,
    typer.Option(
        help="What a file leaves open: height,width,channels such as 28,28,1, or JSON by input name.",
        show_default=False,
    ),
]


def given(**params: Any) -> dict[str, Any]:
    """Without the options that were left out."""
    return {name: value for name, value in params.items() if value is not None}


def named_or_json(text: str | None) -> Any:
    """A name, or JSON of an object; what is neither is left as it is, for who reads it to say what is wrong."""
    if text is None or not text.lstrip().startswith("{"):
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        raise typer.BadParameter(f"must be a name or a JSON object; received {text!r} ({error})") from None


def shape_of(text: str | None) -> Any:
    """``28,28,1``, ``[28, 28, 1]`` or ``{"data": [28, 28, 1]}``. Raises ``BadParameter`` where it is none of these."""
    if text is None:
        return None
    try:
        return json.loads(text if text.lstrip()[:1] in ("[", "{") else f"[{text}]")
    except ValueError:
        rule = f"must be numbers with commas between, or JSON; received {text!r}"
        raise typer.BadParameter(rule, param_hint="--input-shape") from None


def mebibytes(text: str | None) -> int | None:
    """``4GiB`` as whole MiB, at least one. Raises ``Invalid``."""
    return None if text is None else max(byte_count(text, "memory-limit") // 2**20, 1)


def byte_count(text: str, option: str = "device-memory") -> int:
    """``8GiB``, ``512 MB`` or plain bytes. Raises ``Invalid``."""
    from pydantic import ByteSize, TypeAdapter, ValidationError
    from visualnn_shared.errors import Invalid
    from visualnn_shared.spec.problem import problem

    try:
        return int(TypeAdapter(ByteSize).validate_python(text))
    except ValidationError:
        rule, hint = "a size must be a number of bytes, with a unit or without", "for example 8GiB or 512MB"
        raise Invalid("the command", [problem(rule, text, field=option, hint=hint)]) from None


def data_folder(given: Path | None) -> Path:
    """The folder that a command works on."""
    return (given or Path(os.environ.get("VISUALNN_DATA_DIR") or "~/.visualnn")).expanduser()
