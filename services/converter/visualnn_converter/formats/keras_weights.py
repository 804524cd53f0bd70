"""Keras' weights alone, ``model.save_weights("model.weights.h5")``: written, and read beside the model they are of."""

from visualnn_shared.spec.model import Spec

from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights

NAME = "keras-weights"
TITLE = "Keras weights"
EXTENSIONS = (".weights.h5",)
MEDIA_TYPE = "application/x-hdf5"
CARRIES_WEIGHTS = True
CAN_RUN = True
"""Keras runs it with the net that it was written for."""


def sniff(_data: bytes) -> bool:
    """Never: without its model, the file is no net."""
    return False


def write(spec: Spec, weights: Weights | None, report: Report) -> bytes:
    """What ``load_weights`` of the model in Keras takes. Raises ``ConversionImpossible`` with every obstacle."""
    from visualnn_converter.kerasweights.writing import write_model  # h5py takes its time to import

    return write_model(spec, weights, report)[1]
