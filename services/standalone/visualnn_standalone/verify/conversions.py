"""The certificate of a finished conversion whose files are not yet written."""

from typing import Any

from visualnn_converter import conversion
from visualnn_converter.conversion import Converted
from visualnn_shared.analysis.expand import expand
from visualnn_shared.spec.model import Spec

from visualnn_standalone.verify.calibrating import calibrated
from visualnn_standalone.verify.certificate import Certificate
from visualnn_standalone.verify.runtimes.base import ModelFile
from visualnn_standalone.verify.verifying import Asked, verify

DRAWN = "drawn from the seed: the conversion has none"
GIVEN = "those of the conversion"


def certify(
    converted: Converted,
    data: bytes,
    filename: str,
    asked: Asked,
    *,
    weights_file: bytes | None = None,
    input_shape: Any = None,
    target_name: str | None = None,
    weights_given: bool = False,
    state: Any = None,
) -> Certificate:
    """Run the source's ``data`` and the target's, with the conversion's weights or drawn ones. Raises ``Invalid``.

    ``weights_file`` is the file of weights beside the source, in the source's own format. With ``weights_given``, the
    conversion's weights are not the source file's: then its spec is run with them, in place of the file.
    """
    spec = expand(converted.spec)
    given = converted.weights is not None
    weights = dict(converted.weights) if converted.weights is not None else calibrated(spec, asked.seed)
    replaced = weights_given and _carries(converted.report.source)
    source = ModelFile(
        format="native" if replaced else converted.report.source,
        name=filename,
        data=data,
        spec=spec,
        weights=weights,
        weights_file=weights_file,
        options={"input_shape": input_shape, "state": state},
    )
    said, tensors = _said(converted, weights)
    target = ModelFile(
        format=converted.report.target,
        name=target_name or converted.filename,
        data=converted.data,
        spec=said,
        weights=tensors,
        weights_file=_beside(converted.report.target, said, tensors),
        renamed=converted.report.renamed,
    )
    found = verify(source, target, asked, GIVEN if given else DRAWN)
    note = f"{filename} has weights of its own: its spec was run with those given instead"
    return found.model_copy(update={"notes": (*found.notes, note)}) if replaced else found


def _carries(format: str) -> bool:
    return any(one["name"] == format and one["carries_weights"] for one in conversion.formats())


def _said(converted: Converted, weights: dict[str, Any]) -> tuple[Spec, dict[str, Any]]:
    """The spec that was written, and its tensors: rewrites of the net make others of them."""
    said, tensors = converted.as_written
    if tensors is not None:
        return expand(said), dict(tensors)
    if said is converted.spec or not converted.report.rewritten:
        return expand(said), weights
    again = conversion.write(converted.spec, converted.report.target, weights, allow_rewrite=True)
    return expand(again.as_written[0]), dict(again.as_written[1] or {})


def _beside(target: str, said: Spec, weights: dict[str, Any]) -> bytes | None:
    """The file of weights that goes with the target's: its format's own, or Keras' for Keras JSON."""
    if target in conversion.weights_extensions().values():
        return conversion.write_weights(said, target, weights)
    if target == "keras":
        return conversion.write(said, "keras-weights", weights).data
    return None
