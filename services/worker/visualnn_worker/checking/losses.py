"""What the loss begins with, whether regularization raises it, and whether a few samples can be learnt by heart."""

import math
from typing import Any

from visualnn_shared.training.checking import CheckItem, Verdict, expected_loss, least_loss

from visualnn_worker.checking.bench import Bench, data_loss, penalty, plain
from visualnn_worker.fitting.losses import loss_of
from visualnn_worker.network.build import Network

NEAR, FAR = 0.3, 1.0
"""Shares by which the first loss may differ: good, and worth a look."""
LEARNT = 0.05
"""Share of the first loss that is left where samples are learnt by heart."""
LOOK = 5
"""Steps between two looks at whether they are."""


def check_initial_loss(bench: Bench) -> list[CheckItem]:
    """The loss of a net that knows nothing against what chance gives."""
    found = data_loss(bench.network, *bench.batch(bench.many))
    if not math.isfinite(found):
        where = "look at the activations below: which layer's are first too large?"
        return [CheckItem(name="initial_loss", verdict="fail", reason=f"the first loss is {found}", hint=where)]
    ends = bench.planned.ends
    expected = [expected_loss(end) for end in ends]
    if len(ends) > 1 and any(expected):
        return [_of_output(bench, place) for place in range(len(ends))]
    if expected[0] is None:
        reason = f"the first loss is {found:.4g}; of this loss no value is known that chance gives"
        return [CheckItem(name="initial_loss", verdict="skip", reason=reason, values={"loss": round(found, 6)})]
    return [_compared(found, *expected[0])]


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
    """A few samples, without regularization and dropout, until each output's loss is close to nothing."""
    network = bench.rebuilt(plain(bench.spec))
    inputs, labels = bench.batch(bench.samples)
    ends = bench.planned.ends
    first = _of_each(bench, network, inputs, labels)
    parts = labels if isinstance(labels, tuple) else (labels,)
    least = [least_loss(end, part) for end, part in zip(ends, parts, strict=True)]
    enough = [_left(one, floor or 0.0, LEARNT / 2) for one, floor in zip(first, least, strict=True)]
    counted = [place for place, end in enumerate(ends) if end.weight]
    found, step = first, 0
    while step < bench.params.steps:
        step += 1
        network.model.train_on_batch(inputs, labels)
        if step % LOOK == 0 or step == bench.params.steps:
            found = _of_each(bench, network, inputs, labels)
            if not all(map(math.isfinite, found)) or all(found[place] <= enough[place] for place in counted):
                break
    count = len(bench.samples)
    return [_learnt(first[place], found[place], least[place], step, count, ends[place].name if len(ends) > 1 else None)
            for place in counted]  # fmt: skip


def _of_each(bench: Bench, network: Network, inputs: Any, labels: Any) -> list[float]:
    """Each output's own loss, without weights and penalties, as the net is when it is not trained."""
    found = network.model.predict_on_batch(inputs)
    answers = found if isinstance(found, list | tuple) else [found]
    parts = labels if isinstance(labels, tuple) else (labels,)
    ends = bench.planned.ends
    return [float(loss_of(end.loss)(*pair)) for end, *pair in zip(ends, parts, answers, strict=True)]


def _left(first: float, floor: float, share: float) -> float:
    """The loss where this share of what can go is left."""
    return floor + share * abs(first - floor)


def _learnt(first: float, found: float, floor: float | None, step: int, count: int, output: str | None) -> CheckItem:
    """Whether one output has learnt its samples by heart."""
    values = {"samples": count, "first": round(first, 6), "last": round(found, 6), "steps": step}
    text = f"after {step} steps the loss of {count} samples is {found:.4g}, it began with {first:.4g}"
    if output:
        text = f"after {step} steps the loss of {output} on {count} samples is {found:.4g}, it began with {first:.4g}"
    verdict: Verdict = "pass"
    hint: str | None = None
    if floor is None:
        verdict = "pass" if found < first else "fail"
        text = f"{text}; how small it can become depends on the labels"
    elif not found <= _left(first, floor, LEARNT):
        verdict = "warn" if found < _left(first, floor, 0.5) else "fail"
        text = f"{text}: they are not learnt by heart"
        hint = "does the loss reach all layers? are equal samples labelled alike? is the learning rate too small?"
    return CheckItem(name="overfit", verdict=verdict, reason=text, hint=hint, layer=output, values=values)
