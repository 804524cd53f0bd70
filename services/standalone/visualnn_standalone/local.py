"""Conversions in this process: what the converter does over HTTP, for a command line without a server."""

from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.numpy import load
from visualnn_converter import conversion
from visualnn_converter.conversion import Converted
from visualnn_shared.errors import Invalid
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.problem import problem


def formats() -> list[dict[str, Any]]:
    """Every format: name, title, extensions, whether it is read, written, and carries weights."""
    return conversion.formats()


def format_of(filename: str) -> str:
    """The format that is written to a file of this name: the longest ending counts. Raises ``Invalid`` if not one."""
    written = [one for one in formats() if one["writes"]]
    endings = {
        one["name"]: max((len(e) for e in one["extensions"] if filename.endswith(e)), default=0) for one in written
    }
    longest = max(endings.values(), default=0)
    fits = [name for name, length in endings.items() if length == longest]
    if longest and len(fits) == 1:
        return str(fits[0])
    rule = "the ending of DST must tell one format" if not longest else "the ending of DST is that of several formats"
    raise Invalid("the command", [problem(rule, filename, field="DST", hint=f"say --to {' or --to '.join(fits)}")])


def read_file(data: bytes, filename: str, source: str | None = None) -> Spec:
    """The spec of a model file. Raises ``ConversionImpossible``, ``SpecInvalid`` or ``Invalid`` with every problem."""
    spec, _weights, _report = conversion.read(data, source, filename)
    return spec


def convert_file(
    data: bytes, target: str, *, source: str | None = None, filename: str | None = None, weights: Path | None = None
) -> Converted:
    """The file in another format, with the report; ``weights`` is a safetensors file. Raises as ``read_file`` does."""
    return conversion.convert(data, target, source, filename, read_weights(weights) if weights else None)


def read_weights(path: Path) -> dict[str, Any]:
    """Tensors named ``layer/variable``. Raises ``Invalid`` for a damaged file."""
    try:
        return dict(load(path.read_bytes()))
    except SafetensorError as error:
        rule = "the weights must be a whole safetensors file"
        raise Invalid(f"weights file {path.name!r}", [problem(rule, str(error)[:200], field=path.name)]) from None
