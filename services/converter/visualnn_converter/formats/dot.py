"""The graph in Graphviz' DOT language, written only."""

from visualnn_shared.spec.model import Spec

from visualnn_converter.pictures.drawing import KINDS, Box, drawing
from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights

NAME = "dot"
TITLE = "Graphviz DOT"
EXTENSIONS = (".dot",)
MEDIA_TYPE = "text/vnd.graphviz"
CARRIES_WEIGHTS = False


def sniff(_data: bytes) -> bool:
    """Never: a picture is not read."""
    return False


def write(spec: Spec, _weights: Weights | None, report: Report) -> bytes:
    """A digraph of boxes: name, type, output shape, parameters. Raises ``SpecInvalid``, ``ConversionImpossible``."""
    found = drawing(spec, report)
    lines = [
        f"digraph {_quoted(found.name)} {{",
        "  rankdir=TB;",
        '  node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=11];',
        '  edge [color="#8a94a3"];',
    ]
    lines += [f"  n{index} [{_attributes(box)}];" for index, box in enumerate(found.boxes)]
    lines += [f"  n{start} -> n{end};" for start, end in found.lines]
    return "\n".join([*lines, "}", ""]).encode("utf-8", "replace")


def _attributes(box: Box) -> str:
    _, fill, edge = KINDS[box.kind]
    said = [box.name, f"{box.type} {box.detail}".strip(), box.shape]
    said += [f"{box.params:,} parameters"] if box.params else []
    return f'label={_quoted(*said)}, fillcolor="{fill}", color="{edge}"'


def _quoted(*lines: str) -> str:
    """A quoted string; between the lines stands DOT's own line break."""
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(escaped) + '"'
