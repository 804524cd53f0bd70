"""A picture of the network as SVG, written only: it stands alone in browsers, documents and slides."""

from visualnn_shared.spec.model import Spec

from visualnn_converter.pictures.drawing import drawing
from visualnn_converter.pictures.svg import picture
from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights

NAME = "svg"
TITLE = "SVG picture"
EXTENSIONS = (".svg",)
MEDIA_TYPE = "image/svg+xml"
CARRIES_WEIGHTS = False


def sniff(_data: bytes) -> bool:
    """Never: a picture is not read."""
    return False


def write(spec: Spec, _weights: Weights | None, report: Report) -> bytes:
    """The picture. Raises ``SpecInvalid``, ``ConversionImpossible`` for too many layers."""
    return picture(drawing(spec, report)).encode("utf-8", "replace")
