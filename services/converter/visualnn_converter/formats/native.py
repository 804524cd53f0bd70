"""The spec itself."""

from typing import Any

from visualnn_shared.analysis.walk import resolve
from visualnn_shared.errors import SpecInvalid
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.reading import canonical_json, read_spec

from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights

NAME = "native"
TITLE = "VisualNN spec"
EXTENSIONS = (".vnn.json", ".json")
MEDIA_TYPE = "application/json"
CARRIES_WEIGHTS = False


def sniff(data: bytes) -> bool:
    """A JSON object with the key that only a spec has."""
    return data.lstrip()[:1] == b"{" and b'"visualnn"' in data


def read(data: bytes, report: Report, **_options: Any) -> tuple[Spec, Weights | None]:
    """The spec. Raises ``SpecInvalid`` with every problem."""
    spec = read_spec(data)
    resolved = resolve(spec)
    if resolved.problems:
        raise SpecInvalid(resolved.problems, spec.name)
    for layer in spec.layers:
        report.maps(layer.name, layer.type, layer.type)
    return spec, None


def write(spec: Spec, _weights: Weights | None, report: Report) -> bytes:
    """Canonical JSON: sorted keys, no spaces."""
    if not report.mapped:
        for layer in spec.layers:
            report.maps(layer.name, layer.type, layer.type)
    return canonical_json(spec)
