"""Layers that TensorFlow says in several nodes: one expression each, by which they are written and recognised.

The first form of a template is the one that is written; the others are how other tools and versions say the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

OWN = "@"
"""How operators of ours begin."""


@dataclass(frozen=True, slots=True)
class E:
    """A node: its operator, its inputs, and attributes that it must have."""

    op: str
    args: tuple[Any, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class X:
    """A tensor that the net computes; the same one wherever the name is the same."""

    name: str = "x"


@dataclass(frozen=True, slots=True)
class K:
    """This number."""

    value: float


@dataclass(frozen=True, slots=True)
class P:
    """A number that becomes an attribute; ``open``: also one that is fed from outside, which becomes None."""

    name: str
    open: bool = False


@dataclass(frozen=True, slots=True)
class W:
    """A constant tensor: a weight, or a row of axes."""

    name: str


@dataclass(frozen=True, slots=True)
class Whatever:
    """Anything: a shape, a seed."""


def e(op: str, *args: Any, **attributes: Any) -> E:
    """A node."""
    return E(op, args, attributes)


x, gamma, beta, mean, variance, alpha = X(), W("gamma"), W("beta"), W("moving_mean"), W("moving_variance"), W("alpha")
axes, epsilon, anything = W("axes"), P("epsilon"), Whatever()


def _scaled(inverse: E, *, scale: bool) -> E:
    return e("Mul", inverse, gamma) if scale else inverse


def _batch_norms(*, scale: bool, center: bool) -> list[E]:
    """tf.nn.batch_normalization, and the ways in which people wrote it before."""
    roots = [e("Rsqrt", e("Add", variance, epsilon))]
    found = []
    for root in roots:
        inverse = _scaled(root, scale=scale)
        shift = e("Sub", beta, e("Mul", mean, inverse)) if center else e("Mul", e("Neg", mean), inverse)
        found.append(e("Add", e("Mul", x, inverse), shift))
    centred, deviation = e("Sub", x, mean), e("Sqrt", e("Add", variance, epsilon))
    scaled = e("Mul", centred, gamma)
    wholes = [e("Mul", scaled, roots[0]), e("RealDiv", scaled, deviation)] if scale else []
    divided = (e("Mul", centred, roots[0]), e("RealDiv", centred, deviation))
    wholes += [e("Mul", normed, gamma) if scale else normed for normed in divided]
    if scale:
        wholes.append(e("Mul", centred, e("Mul", roots[0], gamma)))
    found += [e("Add", whole, beta) if center else whole for whole in wholes]
    return found


def _layer_norm(*, scale: bool, center: bool) -> E:
    average = e("Mean", x, axes, keep_dims=True)
    spread = e("Mean", e("SquaredDifference", x, average), axes, keep_dims=True)
    inverse = _scaled(e("Rsqrt", e("Add", spread, epsilon)), scale=scale)
    shift = e("Mul", e("Neg", average), inverse)
    return e("Add", e("Mul", x, inverse), e("Add", shift, beta) if center else shift)


def _hard_sigmoid() -> E:
    return e("RealDiv", e("Relu6", e("Add", x, K(3.0))), K(6.0))


def _above() -> E:
    return e("SelectV2", e("Greater", x, P("theta")), x, K(0.0))


def _below() -> E:
    return e("Mul", P("slope"), e("Relu", e("Add", e("Neg", x), P("theta"))))


def _clip(inner: Any, least: Any, most: Any) -> E:
    return e("Maximum", e("Minimum", inner, most), least)


def _dropouts() -> list[E]:
    """tf.nn.dropout of TensorFlow 1 and 2; ``keep_prob`` may be fed."""
    uniform, keep, one = e("RandomUniform", anything), P("keep", open=True), K(1.0)
    found: list[E] = []
    for noise in (e("Add", e("Mul", uniform, anything), anything), uniform):
        found.append(e("Mul", e("RealDiv", x, keep), e("Floor", e("Add", noise, keep))))
        for rate, kept in (
            (P("rate", open=True), P("scale")),
            (e("Sub", one, keep), e("Sub", one, e("Sub", one, keep))),
        ):
            for scaled in (e("Mul", x, P("scale")), e("Mul", x, e("RealDiv", one, kept)), e("RealDiv", x, kept)):
                stays = e("GreaterEqual", noise, rate)
                found += [e("Mul", scaled, e("Cast", stays)), e("SelectV2", stays, scaled, anything)]
    return found


_HALF = e("Mul", K(0.5), x)
_ELU = e("Elu", x)
_SQRT2 = 2**0.5
TEMPLATES: Mapping[str, Sequence[E]] = {
    "HardSwish": [
        e("Mul", x, _hard_sigmoid()),
        e("RealDiv", e("Mul", x, e("Relu6", e("Add", x, K(3.0)))), K(6.0)),
        e("Mul", x, e("Mul", e("Relu6", e("Add", x, K(3.0))), K(1 / 6))),
    ],
    "Silu": [e("Mul", x, e("Sigmoid", x)), e("Mul", x, e("Sigmoid", e("Mul", K(1.0), x)))],
    "Mish": [e("Mul", x, e("Tanh", e("Softplus", x)))],
    "Gelu": [
        e("Mul", _HALF, e("Erfc", e("Mul", e("Neg", x), K(1 / _SQRT2)))),
        e("Mul", _HALF, e("Add", K(1.0), e("Erf", e("RealDiv", x, K(_SQRT2))))),
        e("Mul", _HALF, e("Add", K(1.0), e("Erf", e("Mul", x, K(1 / _SQRT2))))),
        e("Mul", x, e("Mul", K(0.5), e("Add", K(1.0), e("Erf", e("RealDiv", x, K(_SQRT2)))))),
        e("Mul", x, e("Mul", K(0.5), e("Add", K(1.0), e("Erf", e("Mul", x, K(1 / _SQRT2)))))),
    ],
    "HardSigmoid": [_hard_sigmoid(), e("Mul", e("Relu6", e("Add", x, K(3.0))), K(1 / 6))],
    "LogSigmoid": [e("Neg", e("Softplus", e("Neg", x)))],
    "TanhShrink": [e("Sub", x, e("Tanh", x))],
    "Celu": [
        e("Add", e("Relu", x), e("Minimum", K(0.0), e("Expm1", x))),
        e("Add", e("Maximum", x, K(0.0)), e("Mul", K(1.0), e("Expm1", e("RealDiv", e("Minimum", x, K(0.0)), K(1.0))))),
    ],
    "SoftShrink": [
        e("Sub", x, _clip(x, K(-0.5), K(0.5))),
        e("SelectV2", e("Greater", x, K(0.5)), e("Sub", x, K(0.5)),
          e("SelectV2", e("Less", x, K(-0.5)), e("Add", x, K(0.5)), e("ZerosLike", x))),
    ],
    "HardShrink": [
        e("Mul", x, e("Cast", e("Greater", e("Abs", x), K(0.5)))),
        e("SelectV2", e("Greater", e("Abs", x), K(0.5)), x, e("ZerosLike", x)),
    ],
    "SparseSigmoid": [
        _clip(e("Mul", e("Add", x, K(1.0)), K(0.5)), K(0.0), K(1.0)),
        e("SelectV2", e("LessEqual", x, K(-1.0)), K(0.0),
          e("SelectV2", e("GreaterEqual", x, K(1.0)), K(1.0), e("Mul", K(0.5), e("Add", x, K(1.0))))),
    ],
    "SparsePlus": [
        e("SelectV2", e("LessEqual", x, K(-1.0)), e("ZerosLike", x),
          e("SelectV2", e("Less", x, K(1.0)), e("Mul", K(0.25), e("Pow", e("Add", x, K(1.0)), K(2.0))), x)),
    ],
    "Squareplus": [
        e("RealDiv", e("Add", x, e("Sqrt", e("Add", e("Square", x), K(4.0)))), K(2.0)),
        e("Mul", K(0.5), e("Add", x, e("Sqrt", e("Add", e("Square", x), K(4.0))))),
    ],
    "ReluSlopeMax": [e("Sub", _clip(_above(), K(0.0), P("max")), _below())],
    "ReluSlope": [e("Sub", _above(), _below())],
    "ThresholdedRelu": [_above(), e("Mul", x, e("Cast", e("Greater", x, P("theta"))))],
    "Clip": [_clip(x, P("min"), P("max")), e("Minimum", e("Maximum", x, P("min")), P("max"))],
    "Elu": [e("SelectV2", e("Greater", x, K(0.0)), _ELU, e("Mul", P("alpha"), _ELU))],
    "LeakyRelu": [e("Maximum", e("Mul", P("alpha"), x), x)],
    "PRelu": [
        e("Add", e("Relu", x), e("Mul", e("Neg", alpha), e("Relu", e("Neg", x)))),
        e("Add", e("Relu", x), e("Mul", alpha, e("Minimum", K(0.0), x))),
        e("Add", e("Maximum", K(0.0), x), e("Mul", alpha, e("Minimum", K(0.0), x))),
        e("Add", e("Relu", x), e("Mul", e("Mul", alpha, e("Sub", x, e("Abs", x))), K(0.5))),
    ],
    **{f"BatchNorm{'Scale' * s}{'Center' * c}": _batch_norms(scale=s, center=c) for s in (True, False)
       for c in (True, False)},
    **{f"LayerNorm{'Scale' * s}{'Center' * c}": [_layer_norm(scale=s, center=c)] for s in (True, False)
       for c in (True, False)},
    "RmsNorm": [e("Mul", e("Mul", x, e("Rsqrt", e("Add", e("Mean", e("Square", x), axes, keep_dims=True), epsilon))),
                  W("scale"))],
    "UnitNorm": [e("Mul", x, e("Minimum", e("Rsqrt", e("Sum", e("Square", x), axes, keep_dims=True)), K(1e12)))],
    "Normalization": [e("RealDiv", e("Sub", x, W("mean")), e("Maximum", e("Sqrt", W("variance")), epsilon))],
    "Dropout": _dropouts(),
    "Wrapped": [e("SelectV2", e("Less", x, K(0.0)), e("Add", x, P("count")), x)],
    "Repeat": [e("Reshape", e("Tile", e("ExpandDims", x, W("axis")), W("multiples")), anything)],
}  # fmt: skip
"""Name of an operator of ours -> its forms. Those that hold others come first."""
