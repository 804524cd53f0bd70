"""Keras' older files, ``model.save("model.h5")``: an HDF5 file with the configuration as an attribute.

Keras 1 to 3 wrote such; ours are those of Keras 2, which Keras 3 loads too.
"""

from typing import Any

from visualnn_shared.catalogue.maps import Unmappable
from visualnn_shared.spec.model import Spec

from visualnn_converter.formats.keras.keras2 import lower
from visualnn_converter.formats.keras.reader import read_model
from visualnn_converter.formats.keras.source import parse
from visualnn_converter.jsontext import parse_json
from visualnn_converter.kerasweights import hdf5, reading
from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights

NAME = "keras-h5"
TITLE = "Keras HDF5"
EXTENSIONS = (".h5", ".hdf5")
MEDIA_TYPE = "application/x-hdf5"
CARRIES_WEIGHTS = True
LARGEST_FILE = 2**30
"""Bytes, with the weights."""


def sniff(data: bytes) -> bool:
    """HDF5 begins with eight bytes of its own."""
    return data.startswith(hdf5.MAGIC)


def read(data: bytes, report: Report, *, input_shape: Any = None, **_options: Any) -> tuple[Spec, Weights | None]:
    """The model's spec and weights. Raises ``ConversionImpossible`` with every obstacle, ``TooLarge``."""
    tree = hdf5.opened(data)
    document = _document(tree)
    spec = read_model(document, report, input_shape)
    return spec, reading.read_weights(tree, parse(document), spec, report)


def normal(spec: Spec, report: Report) -> Spec:
    """What reading gives back of a spec that was written."""
    return lower(spec, None, report)[0]


def write(spec: Spec, weights: Weights | None, report: Report) -> bytes:
    """A whole model of Keras 2. Raises ``ConversionImpossible`` with every obstacle."""
    from visualnn_converter.kerasweights.old_writing import write_model  # h5py takes its time to import

    return write_model(spec, weights, report)


def _document(tree: hdf5.Tree) -> dict[str, Any]:
    """The configuration, with the mark of the Keras that wrote it."""
    text = tree.text("", "model_config")
    if text is None:
        hint = "give the model's file, and this one as its weights"
        raise Unmappable("the file must hold a model: the attribute model_config", "weights alone", hint=hint)
    document = parse_json(text.encode())
    if not isinstance(document, dict):
        raise Unmappable("model_config must be an object", type(document).__name__)
    if (tree.text("", "keras_version") or "").startswith("3."):
        document.setdefault("module", "keras")
    return document
