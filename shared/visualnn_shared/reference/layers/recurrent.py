"""Layers that walk a sequence step by step. Where a step is masked, state and output stay as they were."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from visualnn_shared.reference.calling import Answer, Array, Call, forward
from visualnn_shared.reference.layers.convolution import convolved
from visualnn_shared.reference.layers.functions import activated
from visualnn_shared.reference.masks import spread

States = list[Array]
Step = Callable[[Array, States], States]
"""(what the step sees, states before) -> states after; the first one is the output."""


def _walked(c: Call, step: Step, states: States, zero: bool = False) -> Answer:
    """The last output or all of them, then the states where ``return_state``. With ``zero`` masked outputs are 0."""
    order = range(c.x.shape[1])
    given = states
    last = np.zeros_like(states[0])
    outputs = []
    for i in reversed(order) if c.p["go_backwards"] else order:
        after = step(c.x[:, i], given)
        new = after[0]
        if c.mask is not None:
            counts = spread(c.mask[:, i], new)
            after = [np.where(counts, one, other) for one, other in zip(after, given, strict=True)]
            new = np.where(counts, new, np.zeros_like(new) if zero else last)
        given, last = after, new
        outputs.append(new)
    out = np.stack(outputs, 1) if c.p["return_sequences"] else outputs[-1]
    return [out, *given] if c.p["return_state"] else out


def _starts(c: Call, count: int, shape: Sequence[int]) -> States:
    """The states that are given, or zeros."""
    given = list(c.inputs[1:])
    return given or [np.zeros((len(c.x), *shape), np.result_type(c.w["kernel"], c.x)) for _ in range(count)]


@forward("SimpleRNN")
def simple(c: Call) -> Answer:
    """h = activation(x @ kernel + bias + h @ recurrent kernel). Elman 1990."""

    def step(x: Array, states: States) -> States:
        return [activated(c.biased(x @ c.w["kernel"]) + states[0] @ c.w["recurrent_kernel"], c.p["activation"])]

    return _walked(c, step, _starts(c, 1, (c.p["units"],)), bool(c.p.get("zero_masked")))


def _gates(c: Call, sums: Array, cell: Array) -> States:
    """From the sums of input, forget, candidate and output to output and cell."""
    i, f, g, o = np.split(sums, 4, -1)
    gate, squash = c.p["recurrent_activation"], c.p["activation"]
    cell = activated(f, gate) * cell + activated(i, gate) * activated(g, squash)
    return [activated(o, gate) * activated(cell, squash), cell]


@forward("LSTM")
def lstm(c: Call) -> Answer:
    """Hochreiter and Schmidhuber 1997 with the forget gate of Gers, Schmidhuber and Cummins 2000."""

    def step(x: Array, states: States) -> States:
        return _gates(c, c.biased(x @ c.w["kernel"]) + states[0] @ c.w["recurrent_kernel"], states[1])

    return _walked(c, step, _starts(c, 2, (c.p["units"],)), bool(c.p.get("zero_masked")))


@forward("GRU")
def gru(c: Call) -> Answer:
    """Cho et al. 2014, equations 5 to 8, with z the share of the old state. ``reset_after`` resets after the product
    (its v3), with a bias there too; without it before the product (its v1).
    """
    kernel, recurrent, units = c.w["kernel"], c.w["recurrent_kernel"], c.p["units"]
    gate, squash, after = c.p["recurrent_activation"], c.p["activation"], c.p["reset_after"]
    bias = c.w.get("bias", np.zeros(()))
    own, other = (bias[0], bias[1]) if bias.ndim == 2 else (bias, 0)

    def step(x: Array, states: States) -> States:
        h = states[0]
        sums = x @ kernel + own
        if after:
            inner = h @ recurrent + other
            z, r = np.split(activated(sums[:, : 2 * units] + inner[:, : 2 * units], gate), 2, -1)
            new = activated(sums[:, 2 * units :] + r * inner[:, 2 * units :], squash)
        else:
            z, r = np.split(activated(sums[:, : 2 * units] + h @ recurrent[:, : 2 * units], gate), 2, -1)
            new = activated(sums[:, 2 * units :] + (r * h) @ recurrent[:, 2 * units :], squash)
        return [z * h + (1 - z) * new]

    return _walked(c, step, _starts(c, 1, (units,)), bool(c.p.get("zero_masked")))


@forward("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
def convolutional(c: Call) -> Answer:
    """LSTM whose products are convolutions. Shi et al. 2015, equation 3, without the peepholes."""
    p: Any = c.p
    ones = [1] * len(p["kernel_size"])

    def seen(x: Array) -> Array:
        return c.biased(convolved(x, c.w["kernel"], p["strides"], p["padding"], p["dilation_rate"]))

    def step(x: Array, states: States) -> States:
        return _gates(c, seen(x) + convolved(states[0], c.w["recurrent_kernel"], ones, "same", ones), states[1])

    shape = seen(c.x[:, 0]).shape[1:-1]
    return _walked(c, step, _starts(c, 2, (*shape, p["filters"])), bool(p.get("zero_masked")))
