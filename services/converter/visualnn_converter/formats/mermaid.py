"""The graph as a Mermaid flowchart, written only: drawn by GitHub, GitLab and many wikis."""

import json

from visualnn_shared.spec.model import Spec

from visualnn_converter.pictures.drawing import KINDS, Box, drawing
from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights

NAME = "mermaid"
TITLE = "Mermaid flowchart"
EXTENSIONS = (".mmd",)
MEDIA_TYPE = "text/vnd.mermaid"
CARRIES_WEIGHTS = False
_PLAIN = frozenset(" .,:-_/×?…()")


def sniff(_data: bytes) -> bool:
    """Never: a picture is not read."""
    return False


def write(spec: Spec, _weights: Weights | None, report: Report) -> bytes:
    """A flowchart of boxes: name, type, output shape, parameters. Raises ``SpecInvalid``, ``ConversionImpossible``."""
    found = drawing(spec, report)
    lines = ["---", f"title: {json.dumps(found.name)}", "---", "flowchart TD"]
    for kind in dict.fromkeys(box.kind for box in found.boxes):
        _, fill, edge = KINDS[kind]
        lines.append(f"  classDef {kind} fill:{fill},stroke:{edge},color:#1f2933")
    lines += [f'  n{index}["{_label(box)}"]:::{box.kind}' for index, box in enumerate(found.boxes)]
    lines += [f"  n{start} --> n{end}" for start, end in found.lines]
    return "\n".join([*lines, ""]).encode("utf-8", "replace")


def _label(box: Box) -> str:
    said = [box.name, f"{box.type} {box.detail}".strip(), box.shape]
    said += [f"{box.params:,} parameters"] if box.params else []
    return "<br/>".join(map(_escaped, said))


def _escaped(text: str) -> str:
    """Letters and digits as they are, the rest by number: Mermaid reads quotes, brackets, backticks and markup."""
    return "".join(c if c.isalnum() or c in _PLAIN else f"#{ord(c)};" for c in text)
