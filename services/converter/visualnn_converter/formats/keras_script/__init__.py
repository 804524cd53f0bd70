"""A Python script that builds the net with Keras, trains it and saves it: written, for people to go on from."""

from visualnn_shared.errors import ConversionImpossible
from visualnn_shared.spec.model import Spec

from visualnn_converter.formats.keras.writer import draft, lower
from visualnn_converter.formats.keras_script.script import script_of
from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights

NAME = "keras-script"
TITLE = "Keras training script"
EXTENSIONS = (".py",)
MEDIA_TYPE = "text/x-python"
CARRIES_WEIGHTS = False


def sniff(_data: bytes) -> bool:
    """Never: nothing that comes from outside is run."""
    return False


def write(spec: Spec, _weights: Weights | None, report: Report) -> bytes:
    """The script. Raises ``ConversionImpossible`` with every layer that Keras lacks, by its name."""
    lowered = lower(spec, report)
    _, problems = draft(lowered, report)
    if problems:
        raise ConversionImpossible(problems, report.source, report.target)
    return script_of(lowered).encode()
