"""What the loss begins with, whether regularization raises it, and whether a few samples can be learnt by heart."""

import math

import numpy as np
from visualnn_shared.training.checking import CheckItem, expected_loss, least_loss

from visualnn_worker.checking.bench import Bench, data_loss, penalty, plain
from visualnn_worker.fitting.losses import loss_of

NEAR, FAR = 0.3, 1.0
"""Shares by which the first loss may differ: good, and worth a look."""
LEARNT = 0.05
"""Share of the first loss that is left where samples are learnt by heart."""


def check_initial_loss(bench: Bench) -> list[CheckItem]:
    """The loss of a net that knows nothing against what chance gives."""
    found = data_loss(bench.network, *bench.batch(bench.many))
    parts = [(expected_loss(end), end.weight) for end in bench.planned.ends]
    if not math.isfinite(found):
        where = "look at the activations below: which layer's are first too large?"
        return [CheckItem(name="initial_loss", verdict="fail", reason=f"the first loss is {found}", hint=where)]
    values = {"loss": round(found, 6)}
    known = {end.name for end, (part, _weight) in zip(bench.planned.ends, parts, strict=True) if part}
    if known and len(known) < len(parts):
        return [_of_output(bench, place) for place in range(len(parts))]
    if any(part is None for part, _weight in parts):
        reason = f"the first loss is {found:.4g}; of this loss no value is known that chance gives"
        return [CheckItem(name="initial_loss", verdict="skip", reason=reason, values=values)]
    wanted = sum(part[0] * weight for part, weight in parts if part)
    formula = " + ".join(part[1] for part, _weight in parts if part)
    return [_compared(found, wanted, formula)]


def _of_output(bench: Bench, place: int) -> CheckItem:
    """The first loss of one output of several, of which chance does not say each."""
    end = bench.planned.ends[place]
    inputs, labels = bench.batch(bench.many)
    answer = bench.network.model(inputs, training=False)[place]
    found = float(loss_of(end.loss)(labels[place], answer))
    wanted = expected_loss(end)
    if wanted is None:
        reason = f"the first loss of {end.name} is {found:.4g}; of this loss no value is known that chance gives"
        return CheckItem(
            name="initial_loss", verdict="skip", reason=reason, layer=end.name, values={"loss": round(found, 6)}
        )
    return _compared(found, *wanted, end.name)


def _compared(found: float, wanted: float, formula: str, output: str | None = None) -> CheckItem:
    values = {"loss": round(found, 6)}
    off = abs(found - wanted) / wanted
    verdict = "pass" if off <= NEAR else "warn"
    reason = f"the first loss is {found:.4g}, chance gives {wanted:.4g} ({formula})"
    if output:
        reason = f"the first loss of {output} is {found:.4g}, chance gives {wanted:.4g} ({formula})"
    hint: str | None = None
    if verdict == "warn":
        hint = "the first weights or the inputs are too large: the net is sure of what it cannot know"
        hint = hint if found > wanted else "it is better than chance before it has learnt: are the labels balanced?"
    verdict = "fail" if off > FAR and found > wanted * 3 else verdict
    values = {**values, "expected": round(wanted, 6)}
    return CheckItem(name="initial_loss", verdict=verdict, reason=reason, hint=hint, layer=output, values=values)


def check_regularization(bench: Bench) -> list[CheckItem]:
    """Penalties must make the loss larger, never smaller."""
    if not bench.network.model.losses:
        reason = "no layer has a regularizer"
        return [CheckItem(name="regularization", verdict="skip", reason=reason)]
    added = penalty(bench.network)
    data = data_loss(bench.network, *bench.batch(bench.samples))
    values = {"data_loss": round(data, 6), "penalty": round(added, 6)}
    text = f"regularizers add {added:.4g} to a loss of {data:.4g}"
    if not math.isfinite(added) or added <= 0:
        return [CheckItem(name="regularization", verdict="fail", reason=f"{text}: it must grow", values=values)]
    if added > 3 * abs(data):
        hint = "make them smaller: the net would rather have small weights than answers"
        return [CheckItem(name="regularization", verdict="warn", reason=text, hint=hint, values=values)]
    return [CheckItem(name="regularization", verdict="pass", reason=text, values=values)]


def check_overfit(bench: Bench) -> list[CheckItem]:
    """A few samples, without regularization and dropout, until their loss is close to nothing."""
    network = bench.rebuilt(plain(bench.spec))
    inputs, labels = bench.batch(bench.samples)
    first = data_loss(network, inputs, labels)
    least = [least_loss(end) for end in bench.planned.ends]
    floor = sum(one * end.weight for one, end in zip(least, bench.planned.ends, strict=True) if one is not None)
    enough = floor + LEARNT * abs(first - floor)
    found, step = first, 0
    while step < bench.params.steps:
        step += 1
        answer = network.model.train_on_batch(inputs, labels)
        found = float(np.asarray(answer if np.ndim(answer) == 0 else answer[0]))
        if not math.isfinite(found) or found <= enough / 2:
            break
    found = data_loss(network, inputs, labels)
    values = {"samples": len(bench.samples), "first": round(first, 6), "last": round(found, 6), "steps": step}
    text = f"after {step} steps the loss of {len(bench.samples)} samples is {found:.4g}, it began with {first:.4g}"
    if None in least:
        learnt = found < first
        reason = f"{text}; how small it can become depends on the labels"
        return [CheckItem(name="overfit", verdict="pass" if learnt else "fail", reason=reason, values=values)]
    if found <= enough:
        return [CheckItem(name="overfit", verdict="pass", reason=text, values=values)]
    hint = "does the loss reach all layers? are equal samples labelled alike? is the learning rate too small?"
    verdict = "warn" if found < floor + 0.5 * abs(first - floor) else "fail"
    return [CheckItem(name="overfit", verdict=verdict, reason=f"{text}: they are not learnt by heart", hint=hint,
                 values=values)]  # fmt: skip
