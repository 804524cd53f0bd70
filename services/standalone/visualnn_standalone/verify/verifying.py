"""One verification: both sides run, the outputs are compared, and a difference is followed to its layer."""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from numpy.typing import NDArray
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.catalogue.free import known
from visualnn_shared.errors import Invalid
from visualnn_shared.spec.problem import problem

from visualnn_standalone.verify.bisecting import bisect
from visualnn_standalone.verify.certificate import GATE, SEED, Certificate, Divergence, Opinion, OutputError, Side
from visualnn_standalone.verify.comparing import error_of
from visualnn_standalone.verify.drawing import BATCH, as_given, draw_inputs, sized
from visualnn_standalone.verify.reading_back import differences
from visualnn_standalone.verify.runtimes import read_back, running
from visualnn_standalone.verify.runtimes.base import Arrays, ModelFile, Running, Unable
from visualnn_standalone.verify.third_opinion import doubt, third_opinion

MOST_VALUES = 30_000_000
"""Values of all layers for one sample, up to which layers are compared though the outputs pass."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How to verify."""

    gate: float = GATE
    seed: int = SEED
    batch: int = BATCH
    samples: Mapping[str, NDArray[Any]] | None = None
    """Arrays by input name, or one under ``""``; added to the drawn ones."""
    samples_name: str = "samples"
    layers: bool = True
    """Whether the layers' own values are compared where the outputs pass."""
    reference: Literal["auto", "numpy", "keras"] = "auto"
    """numpy: the NumPy reference runs what our reader reads, in place of Keras, and gives its opinion of nets of any
    size. keras: Keras alone. auto: Keras, or NumPy where it cannot; an opinion of nets that are not large."""


def verify(source: ModelFile, target: ModelFile, asked: Asked, weights: str = "given") -> Certificate:
    """The certificate of a conversion. ``weights`` says where they came from.

    Raises ``Invalid`` where samples do not fit, or no runtime can run one of the sides.
    """
    runs = _inputs(source, asked)
    prefer = "numpy" if asked.reference == "numpy" else "keras"
    sides = (_running(source, "source", prefer), _running(target, "target", prefer))
    outputs: list[OutputError] = []
    failing: Arrays | None = None
    for told, inputs in runs:
        found = _compared(source, sides, told, inputs)
        outputs += found
        if failing is None and not all(_passes(one, asked.gate) for one in found):
            failing = inputs
    notes = _notes(outputs, asked.gate)
    if failing is not None:
        divergence = _divergence(source, target, sides, failing, asked.gate, prefer)
    elif not asked.layers:
        divergence = None
    else:
        divergence = _hidden(source, target, sides, runs[0][1], asked.gate, notes, prefer)
    opinion, without = _opinion(source, sides, runs[0][1], asked)
    notes += [note for note in [doubt(opinion, failing is None) if opinion else None] if note]
    top1 = [one.top1 for one in outputs if one.top1 is not None]
    return Certificate(
        passed=failing is None,
        gate=asked.gate,
        max_abs=_worst([one.max_abs for one in outputs]),
        max_rel=_worst([one.max_rel for one in outputs]),
        top1=min(top1) if top1 else None,
        seed=asked.seed,
        inputs=" and ".join(told for told, _ in runs),
        weights=weights,
        batch=sum(len(next(iter(inputs.values()))) for _, inputs in runs),
        source=_side(source, sides[0]),
        target=_side(target, sides[1]),
        outputs=tuple(outputs),
        divergence=divergence,
        reference=opinion,
        no_reference=without,
        notes=tuple(notes),
    )


def _inputs(source: ModelFile, asked: Asked) -> list[tuple[str, Arrays]]:
    """What both sides are run on, each with a word of where it comes from."""
    runs = [("drawn from the seed", draw_inputs(source.spec, asked.seed, asked.batch))]
    if asked.samples is not None:
        runs.append((asked.samples_name, as_given(asked.samples, source.spec)))
    return runs


def _opinion(
    source: ModelFile, sides: tuple[Running, Running], inputs: Arrays, asked: Asked
) -> tuple[Opinion | None, str | None]:
    if asked.reference == "keras":
        return None, "--reference keras: it was not asked for"
    return third_opinion(source, sides, inputs, asked.gate, always=asked.reference == "numpy")


def _running(file: ModelFile, field: str, prefer: str) -> Running:
    try:
        return running(file, prefer)
    except Unable as unable:
        rule = f"a runtime must be able to run the {field}, {file.format}"
        hint = "Keras comes with visualnn[standalone]" if "not installed" in str(unable) else None
        raise Invalid("the verification", [problem(rule, str(unable), field=field, hint=hint)]) from None


def _compared(source: ModelFile, sides: tuple[Running, Running], told: str, inputs: Arrays) -> list[OutputError]:
    names = [str(ref) for ref, _ in resolve(source.spec).outputs]
    answers = []
    for field, side in zip(("source", "target"), sides, strict=True):
        try:
            answers.append(side.outputs(inputs))
        except Unable as unable:
            raise Invalid("the verification", [problem(f"the {field} must run", str(unable), field=field)]) from None
    if not len(answers[0]) == len(answers[1]) == len(names):
        rule = f"source and target must have the {len(names)} outputs of the net"
        raise Invalid("the verification", [problem(rule, [len(one) for one in answers])])
    suffix = "" if told.startswith("drawn") else f" on {told}"
    return [error_of(f"{name}{suffix}", ours, theirs) for name, ours, theirs in zip(names, *answers, strict=True)]


def _passes(error: OutputError, gate: float) -> bool:
    return error.max_abs is not None and error.max_abs <= gate


def _worst(errors: list[float | None]) -> float | None:
    compared = [error for error in errors if error is not None]
    return max(compared, default=0.0) if len(compared) == len(errors) else None


def _side(file: ModelFile, side: Running) -> Side:
    beside = None if file.weights_file is None else hashlib.sha256(file.weights_file).hexdigest()
    return Side(
        format=file.format,
        file=file.name,
        sha256=hashlib.sha256(file.data).hexdigest(),
        weights_sha256=beside,
        runtime=side.runtime,
    )


def _notes(outputs: list[OutputError], gate: float) -> list[str]:
    found = []
    for one in outputs:
        if one.largest is not None and one.largest * 2.0**-23 > gate:
            step = one.largest * 2.0**-23
            found.append(f"{one.output} reaches {one.largest:.3g}, where float32 itself has steps of {step:.2g}")
        if one.varies is not None and one.varies < 10 * gate:
            found.append(f"{one.output} varies by {one.varies:.2g} from sample to sample: the gate proves little")
    return found


def _hidden(
    source: ModelFile,
    target: ModelFile,
    sides: tuple[Running, Running],
    inputs: Arrays,
    gate: float,
    notes: list[str],
    prefer: str,
) -> Divergence | None:
    """A difference that the outputs do not show, because a softmax, say, makes it small; noted, and no failure."""
    layers = resolve(sized(source.spec)).layers
    if sum(math.prod(known(n) or 1 for n in shape) for layer in layers for shape in layer.output_shapes) > MOST_VALUES:
        notes.append("the layers' own values were not compared: they are too many")
        return None
    found = _divergence(source, target, sides, inputs, 10 * gate, prefer)
    if found is None or found.layer is None:
        return None
    error = "" if found.max_abs is None else f" by up to {found.max_abs:.2g}"
    notes.append(f"the gate passes, but the values of the layer {found.layer} differ{error}")
    return found


def _divergence(
    source: ModelFile, target: ModelFile, sides: tuple[Running, Running], inputs: Arrays, gate: float, prefer: str
) -> Divergence | None:
    """The spec on Keras, or in NumPy, stands between: what differs from it first, the source's file or the target's."""
    try:
        middle = read_back.either(source.spec, source.weights, "the spec", prefer=prefer)
        answers = middle.outputs(inputs)
    except Unable:
        return None
    errors = [error_of("", *pair) for pair in zip(answers, sides[0].outputs(inputs), strict=True)]
    in_reading = not all(_passes(one, gate) for one in errors)
    file, side = (source, sides[0]) if in_reading else (target, sides[1])
    try:
        found = bisect(
            resolve(source.spec),
            middle.layers(inputs),
            side.layers(inputs),
            inputs,
            weights=source.weights,
            renamed=file.renamed,
            between="reading the source" if in_reading else "writing the target",
            gate=gate,
        )
    except Unable:
        return None
    if in_reading or found.layer is None:
        return found
    return found.model_copy(update={"read_back": differences(target, found.layer)})
