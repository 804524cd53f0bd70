"""The NumPy reference beside source and target: which of them it agrees with, and where the source parts from it."""

from collections.abc import Sequence

from visualnn_shared.analysis.summary import summary
from visualnn_shared.analysis.walk import resolve

from visualnn_standalone.verify.bisecting import bisect
from visualnn_standalone.verify.certificate import Opinion
from visualnn_standalone.verify.comparing import error_of
from visualnn_standalone.verify.drawing import sized
from visualnn_standalone.verify.runtimes import numpy_reference
from visualnn_standalone.verify.runtimes.base import Arrays, ModelFile, Running, Unable

MOST_MACS = 1_000_000_000
"""Multiply-accumulates for all samples together, up to which the reference is run unasked: a few seconds."""


def third_opinion(
    source: ModelFile, sides: tuple[Running, Running], inputs: Arrays, gate: float, *, always: bool
) -> tuple[Opinion | None, str | None]:
    """The opinion, or why there is none. ``inputs`` are those drawn; ``always`` runs nets of any size."""
    samples = len(next(iter(inputs.values())))
    macs = summary(sized(source.spec)).macs
    if not always and (macs is None or macs * samples > MOST_MACS):
        return None, "the net is large for it: --reference numpy runs it all the same"
    try:
        net = numpy_reference.of_spec(source.spec, dict(source.weights), "the spec that was read, from the papers")
        wanted = net.outputs(inputs)
        errors = [_largest(wanted, side.outputs(inputs)) for side in sides]
    except Unable as unable:
        return None, str(unable)
    ours, theirs = errors
    agrees = ours is not None and ours <= gate
    return Opinion(
        runtime=net.runtime,
        agrees=agrees,
        source=ours,
        target=theirs,
        nearer=_nearer(ours, theirs),
        layer=None if agrees else _first(source, net, sides[0], inputs, gate),
    ), None


def _largest(wanted: Sequence[object], found: Sequence[object]) -> float | None:
    errors = [error_of("", *pair).max_abs for pair in zip(wanted, found, strict=True)]  # type: ignore[arg-type]
    return None if None in errors else max((one for one in errors if one is not None), default=0.0)


def _nearer(source: float | None, target: float | None) -> str | None:
    if source is None or target is None or source == target:
        return None
    return "source" if source < target else "target"


def _first(source: ModelFile, net: Running, side: Running, inputs: Arrays, gate: float) -> str | None:
    """The first layer at which the source parts from the reference."""
    try:
        found = bisect(
            resolve(source.spec), net.layers(inputs), side.layers(inputs), inputs, weights=source.weights,
            renamed=source.renamed, between="reading the source", gate=gate,
        )  # fmt: skip
    except Unable:
        return None
    return found.layer


def doubt(opinion: Opinion, passed: bool) -> str | None:
    """A note where the source does not answer as the reference does."""
    if opinion.agrees:
        return None
    error = "in shape or in values that are not finite" if opinion.source is None else f"by up to {opinion.source:.2g}"
    where = "" if opinion.layer is None else f", first at the layer {opinion.layer}"
    both = "source and target agree, and the source differs" if passed else "the source differs"
    nearer = "; the target is nearer to it" if opinion.nearer == "target" else ""
    return f"{both} from the NumPy reference {error}{where}{nearer}"
