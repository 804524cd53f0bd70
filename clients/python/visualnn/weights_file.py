"""Our safetensors files carry what they are of: the spec and how to serve it, in the header's metadata."""

import json
from dataclasses import dataclass
from pathlib import Path

from visualnn_shared.errors import Invalid
from visualnn_shared.spec.problem import problem

_HEADER_LIMIT = 100_000_000
"""Bytes; the limit of the safetensors format itself."""


@dataclass(frozen=True, slots=True)
class WeightsInfo:
    """Metadata of a weights file: canonical spec JSON, Serving JSON, job id."""

    spec: str
    serving: str | None
    job: str | None


def read_info(path: Path) -> WeightsInfo:
    """The metadata alone; no tensor is read. Raises ``Invalid`` for a file that is none of ours."""
    metadata = _metadata(path)
    spec = metadata.get("visualnn.spec")
    if spec is None:
        raise _not_ours(path, "no metadata visualnn.spec", "use a file that visualnn train wrote")
    return WeightsInfo(spec, metadata.get("visualnn.serving"), metadata.get("visualnn.job"))


def _metadata(path: Path) -> dict[str, str]:
    """The header: 8 bytes of length (little endian), then JSON (the format's own page, huggingface/safetensors)."""
    with path.open("rb") as file:
        start = file.read(8)
        length = int.from_bytes(start, "little")
        if len(start) < 8 or not 2 <= length <= _HEADER_LIMIT or length > path.stat().st_size - 8:
            raise _not_ours(path, "no safetensors header", "give a .safetensors file")
        text = file.read(length)
    try:
        found = json.loads(text).get("__metadata__") or {}
        return {str(key): str(value) for key, value in found.items()}
    except (ValueError, AttributeError) as error:
        raise _not_ours(path, f"a header that is not JSON ({error})", "fetch it again") from None


def _not_ours(path: Path, received: str, hint: str) -> Invalid:
    rule = "the weights must be a safetensors file with the spec of their network"
    return Invalid(f"weights file {path.name!r}", [problem(rule, received, hint=hint)])
