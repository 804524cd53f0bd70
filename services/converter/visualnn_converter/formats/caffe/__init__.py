"""Caffe prototxt: ``layer`` and the older ``layers`` read, ``layer`` written; weights in a file beside."""

import re
from typing import Any

from visualnn_shared.catalogue.maps import Unmappable
from visualnn_shared.errors import TooLarge
from visualnn_shared.spec.model import Spec

from visualnn_converter.formats.caffe.prototxt import parse
from visualnn_converter.formats.caffe.reader import read_model
from visualnn_converter.formats.caffe.state import NetState
from visualnn_converter.formats.caffe.writer import lower, without_lost, write_blobs, write_model
from visualnn_converter.passes import merge_batchnorm_scale
from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights

NAME = "caffe"
TITLE = "Caffe prototxt"
EXTENSIONS = (".prototxt",)
MEDIA_TYPE = "text/plain; charset=utf-8"
CARRIES_WEIGHTS = False
WEIGHTS_EXTENSION = ".caffemodel"
"""The file beside the prototxt that holds its weights."""
HAS_STATE = True
"""Its nets are read for a phase, a level and stages."""
LARGEST_TEXT = 8 * 2**20
"""Bytes; the texts of the deepest published networks are below 1 MB."""
_MARK = re.compile(rb"^\s*(?:layers?\s*:?\s*[{<]|input(?:_dim)?\s*:|base_lr\s*:|solver_mode\s*:)", re.MULTILINE)

_BINARY = {
    b"PK\x03\x04": "what seems to be a zip, such as a .keras file",
    b"\x89HDF\r\n\x1a\n": "what seems to be an HDF5 file, such as .h5",
    b"\x1f\x8b": "what seems to be a gzip archive",
    b"%PDF": "what seems to be a PDF",
    b"\x89PNG": "what seems to be a picture",
}
"""How other files begin -> what they are."""
_GRAPH = re.compile(rb"\s*(?:node|versions|library)\s*:?\s*[{<]")
"""How TensorFlow's graphs begin, whose nodes have inputs too."""


def sniff(data: bytes) -> bool:
    """A text, no JSON and no TensorFlow graph, with a layer, an input, or a solver's setting near its beginning."""
    head = data[:20_000]
    if b"\x00" in head or head.lstrip()[:1] in (b"{", b"[") or _GRAPH.match(head):
        return False
    return _MARK.search(head) is not None


def read(
    data: bytes,
    report: Report,
    *,
    input_shape: Any = None,
    weights_file: bytes | None = None,
    state: NetState | None = None,
    **_options: Any,
) -> tuple[Spec, Weights | None]:
    """The net's spec in ``state``, and the tensors of ``weights_file``.

    Raises ``ConversionImpossible`` with every obstacle.
    """
    if len(data) > LARGEST_TEXT:
        raise TooLarge("the prototxt (bytes)", LARGEST_TEXT, len(data))
    for begins, what in _BINARY.items():
        if data.startswith(begins):
            hint = "leave the format out: it is found by what the file holds"
            raise Unmappable("the file must be a prototxt, which is text", what, hint=hint)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unmappable("the text must be UTF-8", data[error.start : error.start + 4].hex(), line=line) from None
    return read_model(parse(text), report, input_shape, weights_file, state)


def normal(spec: Spec, report: Report) -> Spec:
    """What reading gives back of a spec that was written."""
    spec, _ = merge_batchnorm_scale.run(without_lost(lower(spec, report)[0]), None, report)
    return spec


def write(spec: Spec, _weights: Weights | None, report: Report) -> bytes:
    """The net for inference. Raises ``ConversionImpossible`` with every obstacle."""
    return write_model(spec, report).encode()


def write_weights(spec: Spec, weights: Weights, report: Report) -> bytes:
    """The weights as a ``.caffemodel`` for the text that ``write`` gives. Raises ``ConversionImpossible``."""
    return write_blobs(spec, weights, report)
