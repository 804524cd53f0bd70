"""Files of one format to files of another, in process: what the HTTP routes and the command line call."""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from visualnn_shared.analysis.expand import expand
from visualnn_shared.catalogue.maps import Unmappable
from visualnn_shared.errors import ConversionImpossible, Invalid, TooLarge
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.problem import problem

from visualnn_converter import formats as _formats
from visualnn_converter import rewrites
from visualnn_converter.kerasweights.files import weights_beside, weights_for
from visualnn_converter.report import Report
from visualnn_converter.rewrites import MOST_ROUNDS
from visualnn_converter.rewriting import Weights

LARGEST_UPLOAD = 2**30
"""Bytes of a model file of any format; each has a limit of its own below it."""

BINARY = (b"PK\x03\x04", b"\x89HDF\r\n\x1a\n")
"""How Keras files with weights begin."""
LARGEST_WEIGHTS = 2**31 - 1
"""Bytes of a file of weights: protobuf reads no more."""


@dataclass(frozen=True, slots=True)
class Converted:
    """A finished file."""

    data: bytes
    filename: str
    media_type: str
    report: Report
    spec: Spec
    """What was read, or given."""
    weights: Weights | None = None
    """Its tensors, where any came along."""
    said: Spec | None = None
    """What was written: ``spec`` without blocks, with rewrites applied."""
    said_weights: Weights | None = None
    """The tensors of ``said``."""

    @property
    def as_written(self) -> tuple[Spec, Weights | None]:
        """The spec and tensors that the file says."""
        return (self.spec, self.weights) if self.said is None else (self.said, self.said_weights)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without Python's search for cycles: a conversion makes many objects, none in cycles, and is bounded.

    The search walks all of them again and again, so that time grew with the square of the layers.
    """
    paused = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if paused:
            gc.enable()


def formats() -> list[dict[str, Any]]:
    """Every format: name, title, extensions, whether it is read, written, and carries weights."""
    return _formats.describe()


@_uncollected()
def read(
    data: bytes,
    source: str | None = None,
    filename: str | None = None,
    *,
    input_shape: Any = None,
    weights_file: bytes | None = None,
    state: Any = None,
    target: str = "native",
    field: str = "source",
) -> tuple[Spec, Weights | None, Report]:
    """Spec and weights of a file; the format is recognised by its content unless ``source`` names it.

    ``input_shape`` gives the inputs of files that do not say them (Caffe's data layers): [height, width, channels], or
    one list for each input name; ``weights_file`` is the file of weights that the format keeps beside the net's
    (``.caffemodel``); ``state`` says for which phase, level and stages a Caffe net is read (``NetState``); ``field`` is
    what problems call ``source``. Raises ``Invalid`` or ``SpecInvalid`` with every
    problem, ``TooLarge``.
    """
    module = _formats.named(source, field) if source else _formats.sniffed(data, filename)
    if len(data) > _formats.largest(module):
        raise TooLarge("the model file (bytes)", _formats.largest(module), len(data))
    report = Report(source=module.NAME, target=target)
    if state is not None and not getattr(module, "HAS_STATE", False):
        rule = "phase, stage and level must be left out for files that are not Caffe's"
        raise Invalid("the request", [problem(rule, module.NAME, field="phase")])
    if weights_file is not None:
        _must_have_weights_file(module, field)
        if len(weights_file) > LARGEST_WEIGHTS:
            raise TooLarge("the weights file (bytes)", LARGEST_WEIGHTS, len(weights_file))
    try:
        spec, weights = module.read(data, report, input_shape=input_shape, weights_file=weights_file, state=state)
    except Unmappable as broken:  # a syntax error: nothing else can be said of the file
        raise ConversionImpossible([broken.problem(None)], module.NAME, target) from None
    return spec, weights, report


@_uncollected()
def convert(
    data: bytes,
    target: str,
    source: str | None = None,
    filename: str | None = None,
    weights: Mapping[str, Any] | bytes | None = None,
    *,
    input_shape: Any = None,
    weights_file: bytes | None = None,
    allow_rewrite: bool = False,
    state: Any = None,
) -> Converted:
    """The file in another format, with the report.

    ``weights`` are tensors named ``layer/variable`` in Keras layout, or a Keras file of this model's weights; without
    them, those of the file itself are written.

    ``weights_file`` and ``state`` are as ``read`` takes them. With ``allow_rewrite``, layers that the target cannot say
    become others that mean the same, where there is a rewrite for them.
    Raises ``Invalid``, ``SpecInvalid`` or ``ConversionImpossible`` with every obstacle; then nothing is written.
    """
    module = _formats.named(target, "target")
    spec, own, report = read(
        data, source, filename, input_shape=input_shape, weights_file=weights_file, state=state, target=target
    )
    if isinstance(weights, bytes) and report.source == "keras":
        weights = weights_beside(data, spec, weights, report)
    tensors = _tensors(spec, weights) if weights is not None else own
    return _converted(module, spec, tensors, report, filename, allow_rewrite)


@_uncollected()
def write(
    spec: Spec,
    target: str,
    weights: Mapping[str, Any] | bytes | None = None,
    filename: str | None = None,
    *,
    allow_rewrite: bool = False,
) -> Converted:
    """A spec in a format: ``convert`` for what is already read."""
    module = _formats.named(target, "target")
    report = Report(source="native", target=target)
    return _converted(module, spec, _tensors(spec, weights), report, filename, allow_rewrite)


@_uncollected()
def write_weights(spec: Spec, target: str, weights: Mapping[str, Any]) -> bytes:
    """The file of weights beside the one that ``write`` gives, for formats that keep them so (``.caffemodel``).

    Raises ``Invalid`` or ``ConversionImpossible`` with every obstacle.
    """
    module = _formats.named(target, "target")
    _must_have_weights_file(module, "target")
    data: bytes = module.write_weights(expand(spec), weights, Report(source="native", target=target))
    return data


def weights_extensions() -> dict[str, str]:
    """Ending of a file of weights -> the format that keeps weights in such a file beside the net's."""
    known = _formats.formats().items()
    return {module.WEIGHTS_EXTENSION: name for name, module in known if hasattr(module, "WEIGHTS_EXTENSION")}


def _must_have_weights_file(module: Any, field: str) -> None:
    if not hasattr(module, "WEIGHTS_EXTENSION"):
        allowed = ", ".join(f"{format} ({ending})" for ending, format in weights_extensions().items())
        rule = f"{field} must be a format that keeps weights in a file beside the net's: {allowed}"
        hint = "give the weights as a .safetensors file" if field != "target" else None
        raise Invalid("the request", [problem(rule, module.NAME, field=field, hint=hint)])


def _converted(
    module: Any, spec: Spec, weights: Weights | None, report: Report, filename: str | None, allow_rewrite: bool
) -> Converted:
    data, said, tensors, report = _written(module, spec, weights, report, MOST_ROUNDS if allow_rewrite else 0)
    name = _filename(spec, filename, module.EXTENSIONS[0])
    return Converted(data, name, module.MEDIA_TYPE, report, spec, weights, said, tensors)


def _tensors(spec: Spec, given: Mapping[str, Any] | bytes | None) -> Mapping[str, Any] | None:
    """The weights by name; a Keras file's, as the spec's layers have them."""
    if not isinstance(given, bytes):
        return given
    return weights_for(spec, given)


def _written(
    module: Any, spec: Spec, weights: Weights | None, report: Report, rounds: int
) -> tuple[bytes, Spec, Weights | None, Report]:
    """The file, and the spec and tensors that it says: with rewrites, others than those given.

    Only our own format has blocks; every other gets the layers that they stand for.
    """
    if module.NAME != "native":
        flat = expand(spec)
        if flat is not spec:
            report.notes.append("blocks are written as the layers that they stand for")
        spec = flat
        if spec.groups or any(layer.note for layer in spec.layers):
            report.notes.append("notes and groups of layers are not written: only a spec has them")
    begun = report.model_copy(deep=True)
    try:
        data: bytes = module.write(spec, weights, report)
    except ConversionImpossible as impossible:
        problems = list(impossible.problems)
        changed, tensors = rewrites.apply(spec, weights, problems, begun) if rounds else (spec, weights)
        if changed is not spec:
            try:
                return _written(module, changed, tensors, begun, rounds - 1)
            except ConversionImpossible as still:
                remaining = rewrites.remaining(problems, still.problems)
                raise ConversionImpossible(remaining, report.source, report.target) from None
        hinted = rewrites.suggested(spec, problems)
        raise ConversionImpossible(hinted, report.source, report.target) from None
    return data, spec, weights, report


def _filename(spec: Spec, filename: str | None, extension: str) -> str:
    """A name for the written file: the source's or the model's, with letters that every file system takes."""
    stem = PurePath(filename).name.split(".")[0] if filename else spec.name
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in stem).strip("-")[:80]
    return f"{safe or 'model'}{extension}"
