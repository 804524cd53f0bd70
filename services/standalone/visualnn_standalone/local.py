"""Conversions in this process: what the converter does over HTTP, for a command line without a server."""

import os
from pathlib import Path, PurePath
from typing import Any

from safetensors import SafetensorError
from safetensors.numpy import load
from visualnn_converter import conversion
from visualnn_converter.conversion import Converted
from visualnn_converter.report import Report, impossibles
from visualnn_converter.tensors import as_safetensors, weight_problems
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.catalogue.kinds import closest
from visualnn_shared.catalogue.maps import Unmappable
from visualnn_shared.errors import ConversionImpossible, Invalid, TooLarge
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.problem import problem
from visualnn_shared.spec.reading import canonical_json

from visualnn_standalone import saved
from visualnn_standalone.verify.drawing import must_be_drawable

SAFETENSORS = ".safetensors"


def formats() -> list[dict[str, Any]]:
    """Every format: name, title, extensions, whether it is read, written, and carries weights."""
    return conversion.formats()


def format_of(filename: str) -> str:
    """The format that is written to a file of this name: the longest ending counts. Raises ``Invalid`` if not one."""
    written = [one for one in formats() if one["writes"] or one["worker_writes"]]
    endings = {
        one["name"]: max((len(e) for e in one["extensions"] if filename.endswith(e)), default=0) for one in written
    }
    longest = max(endings.values(), default=0)
    fits = [name for name, length in endings.items() if length == longest]
    if longest and len(fits) == 1:
        return str(fits[0])
    rule = "the ending of DST must tell one format" if not longest else "the ending of DST is that of several formats"
    raise Invalid("the command", [problem(rule, filename, field="DST", hint=f"say --to {' or --to '.join(fits)}")])


def must_be_written(target: str) -> None:
    """Raises ``Invalid`` where ``target`` is no format that is written here, with all that are."""
    written = [one["name"] for one in formats() if one["writes"] or one["worker_writes"]]
    if target not in written:
        rule = f"--to must be a format that can be written: {', '.join(written)}"
        raise Invalid("the command", [problem(rule, target, field="to", hint=closest(target, written))])


def read_file(data: bytes, filename: str, source: str | None = None, *, input_shape: Any = None) -> Spec:
    """The spec of a model file. Raises ``ConversionImpossible``, ``SpecInvalid`` or ``Invalid`` with every problem."""
    spec, _weights, _report = conversion.read(data, source, filename, input_shape=input_shape)
    return spec


def convert_file(
    data: bytes,
    target: str,
    *,
    source: str | None = None,
    filename: str | None = None,
    weights: Path | None = None,
    initial: int | None = None,
    allow_rewrite: bool = False,
    state: Any = None,
    input_shape: Any = None,
) -> Converted:
    """The file in another format, with the report.

    ``weights`` is a file of safetensors, of Keras, or one of the source's format; without it, those that the file
    itself carries go along, or, if it has none, those with which a training of seed ``initial`` begins. ``state`` is
    what ``net_state`` makes; ``input_shape`` what the file leaves open. Raises as ``read_file`` does, and ``TooLarge``.
    """
    if target == saved.FORMAT:
        made = convert_file(
            data, "native", source=source, filename=filename, weights=weights, initial=initial,
            allow_rewrite=allow_rewrite, state=state, input_shape=input_shape,
        )  # fmt: skip
        return saved.saved_model(made)
    options: dict[str, Any] = {"state": state, "input_shape": input_shape, "allow_rewrite": allow_rewrite}
    if weights is None and initial is not None:
        spec, own, _ = conversion.read(data, source, filename, state=state, input_shape=input_shape)
        drawn = initial_weights(spec, initial) if own is None else None
        return conversion.convert(data, target, source, filename, drawn, **options)
    if weights is None or weights.suffix not in conversion.weights_extensions():
        given = read_weights(weights) if weights else None
        return conversion.convert(data, target, source, filename, given, **options)
    size = weights.stat().st_size
    if size > conversion.LARGEST_WEIGHTS:
        raise TooLarge("the weights file (bytes)", conversion.LARGEST_WEIGHTS, size)
    beside = weights.read_bytes()
    return conversion.convert(data, target, source, filename, weights_file=beside, **options)


def initial_weights(spec: Spec, seed: int) -> dict[str, Any]:
    """The weights with which a training begins, from the net's own initialisers.

    Raises ``SpecInvalid``, and ``TooLarge`` before anything is drawn.
    """
    must_be_drawable(spec)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # it says so on stderr otherwise
    from visualnn_worker.network.build import build
    from visualnn_worker.network.weights import read_weights as weights_of_network

    return dict(weights_of_network(build(spec, seed)))


def impossible(error: ConversionImpossible, target: str, source: str | None) -> dict[str, Any]:
    """The report of a conversion that cannot be: every obstacle by layer, with the rewrite that would remove it."""
    report = Report(source=source or "?", target=target, impossible=impossibles(error.problems))
    return report.as_json()


def net_state(phase: str | None, stages: list[str] | None, level: int | None) -> Any:
    """What a Caffe net is read for, of what a command line was given; None where nothing. Raises ``Invalid``."""
    if not phase and level is None and not stages:
        return None
    from visualnn_converter.formats.caffe.state import NetState

    try:
        return NetState.asked(phase, level, stages)
    except Unmappable as broken:
        raise Invalid("the command", [problem(f"--{broken.rule}", broken.received, field=broken.param)]) from None


def carries_weights(target: str) -> bool:
    """Whether a file of the format holds weights."""
    return any(one["name"] == target and one["carries_weights"] for one in formats())


def weights_endings() -> list[str]:
    """Endings of files of weights that a conversion writes."""
    return [SAFETENSORS, *conversion.weights_extensions()]


def must_suit(target: str, filename: str) -> None:
    """Raises ``Invalid`` where files of weights of this name are none of ours, or not of the format ``target``."""
    ending = PurePath(filename).suffix
    formats = conversion.weights_extensions()
    if ending != SAFETENSORS and ending not in formats:
        rule = f"--weights-out must end in {' or '.join(weights_endings())}"
        raise Invalid("the command", [problem(rule, filename, field="weights-out")])
    if formats.get(ending, target) != target:
        rule = f"a {ending} file must go with a file of the format {formats[ending]}"
        hint = f"write DST --to {formats[ending]}, or weights that end in {SAFETENSORS}"
        raise Invalid("the command", [problem(rule, target, field="weights-out", hint=hint)])


def weights_of(converted: Converted, target: str, filename: str) -> bytes:
    """The weights that came along, as a file of this name: safetensors with the spec in it, or the format's own.

    Raises ``Invalid`` with every tensor that is missing or misshapen, ``ConversionImpossible``.
    """
    must_suit(target, filename)
    if converted.weights is None:
        rule = "weights must be given where weights are to be written"
        raise Invalid("the command", [problem(rule, None, field="weights", hint="name their file with --weights")])
    if not filename.endswith(SAFETENSORS):
        said, tensors = converted.as_written
        return conversion.write_weights(said, target, tensors or {})
    problems = weight_problems(resolve(converted.spec), converted.weights, "safetensors", conversion.LARGEST_WEIGHTS)
    if problems:
        raise Invalid("the weights", problems)
    return b"".join(as_safetensors(converted.weights, {"visualnn.spec": canonical_json(converted.spec).decode()}))


def read_weights(path: Path) -> dict[str, Any] | bytes:
    """Tensors named ``layer/variable``; a Keras file as it is. Raises ``Invalid`` for a damaged file."""
    data = path.read_bytes()
    if data.startswith(conversion.BINARY):
        return data
    try:
        return dict(load(data))
    except SafetensorError as error:
        rule = "the weights must be a whole safetensors file"
        raise Invalid(f"weights file {path.name!r}", [problem(rule, str(error)[:200], field=path.name)]) from None
