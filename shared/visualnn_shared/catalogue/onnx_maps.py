"""What maps to ONNX share: codecs of constant inputs, and the lenses of its odd operators."""
# ruff: noqa: ARG001  (a lens takes what every lens takes)

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from visualnn_shared.catalogue.lenses import Around, Map, Training
from visualnn_shared.catalogue.maps import Bag, Context, Unmappable


def composed(
    op: str, around: str, *said: str, training: Sequence[str] = (), weights: Sequence[str] = (), layout: str = ""
) -> Map:
    """A layer of several operators, of which ``op`` is the chief one: the format's function ``around`` writes them.

    It says the parameters ``said`` and lays the ``weights`` as it needs them; ``training`` names further parameters
    that act in training only. It is not read back.
    """
    blobs = [(name,) for name in weights]
    return Map(op, [Around(said), Training(tuple(training))], blobs=blobs, around=around, layout=layout, reads=False)


def passed_on(*training: str) -> Map:
    """A layer that acts in training only, by these parameters: nothing is written for it."""
    return Map("Identity", [Training(training)], reads=False)


class Flag:
    """A boolean as 0 or 1."""

    def read(self, value: Any) -> bool:
        """0 or 1 to a boolean."""
        return bool(value)

    def write(self, value: Any) -> int:
        """A boolean to 0 or 1."""
        return int(value)


@dataclass(frozen=True, slots=True)
class BorderPads:
    """[[top, bottom], [left, right]] as the pads of an NCHW tensor: begins of the four axes, then ends.

    So for other numbers of spatial axes; the cells of a single one are [before, after].
    """

    rank: int = 2

    def read(self, value: Sequence[int]) -> list[Any]:
        """Raises ``ValueError`` where batch or channels are padded."""
        axes = self.rank + 2
        if len(value) != 2 * axes or any(value[i] for i in (0, 1, axes, axes + 1)):
            raise ValueError(f"pads must be {2 * axes} numbers that pad neither batch nor channels")
        sides = [[before, after] for before, after in zip(value[2:axes], value[axes + 2 :], strict=True)]
        return sides[0] if self.rank == 1 else sides

    def write(self, value: Any) -> list[int]:
        """Batch and channels are not padded."""
        sides = [value] if self.rank == 1 else value
        return [0, 0, *(before for before, _ in sides), 0, 0, *(after for _, after in sides)]


@dataclass(frozen=True, slots=True)
class Scales:
    """(rows, columns) as the factors of an NCHW tensor; so for other numbers of axes, and a single factor for one."""

    rank: int = 2

    def read(self, value: Sequence[float]) -> Any:
        """Raises ``ValueError`` where batch or channels are scaled, or a factor is no whole number."""
        if len(value) != self.rank + 2 or list(value[:2]) != [1, 1] or any(factor != int(factor) for factor in value):
            raise ValueError(f"scales must be {self.rank + 2} whole numbers, the first two 1")
        factors = [int(factor) for factor in value[2:]]
        return factors[0] if self.rank == 1 else factors

    def write(self, value: Any) -> list[float]:
        """Batch and channels are kept."""
        return [1.0, 1.0, *map(float, [value] if self.rank == 1 else value)]


class BatchFirst:
    """A target shape with the batch axis in front, copied (0)."""

    def read(self, value: Sequence[int]) -> list[int]:
        """Raises ``ValueError`` where the batch axis is not kept."""
        if not value or value[0] not in (0, -1):
            raise ValueError("shape must keep the batch axis: 0 or -1 first")
        return list(value[1:])

    def write(self, value: Any) -> list[int]:
        """0 copies the batch."""
        return [0, *value]


def take_group(bag: Bag, p: dict[str, Any], ctx: Context) -> None:
    """The number of groups chose the map."""
    bag.one("group")


def write_group(p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
    """A depthwise convolution has a group for each input channel."""
    channels = ctx.input_shapes[0][-1] if ctx.input_shapes else None
    if not isinstance(channels, int):
        raise Unmappable("the number of input channels must be known", None)
    bag.put("group", channels)


# Keras activation -> ONNX RNN function, alpha, beta (operator specification of LSTM, "activations").
_FUNCTIONS: Mapping[str, tuple[str, float | None, float | None]] = {
    "sigmoid": ("Sigmoid", None, None),
    "tanh": ("Tanh", None, None),
    "relu": ("Relu", None, None),
    "softsign": ("Softsign", None, None),
    "softplus": ("Softplus", None, None),
    "elu": ("Elu", 1.0, None),
    "leaky_relu": ("LeakyRelu", 0.2, None),
    "hard_sigmoid": ("HardSigmoid", 1 / 6, 0.5),
    "linear": ("Affine", 1.0, 0.0),
}
_DEFAULTS = ["Sigmoid", "Tanh", "Tanh"]


def _write_functions(p: Mapping[str, Any], bag: Bag, params: Sequence[str], defaults: Sequence[str]) -> None:
    functions = []
    for param in params:
        name = p[param] if isinstance(p[param], str) else p[param]["name"]
        if name not in _FUNCTIONS:
            raise Unmappable(f"{param} must be one of {', '.join(_FUNCTIONS)} in this format", p[param], param)
        functions.append(_FUNCTIONS[name])
    if [name for name, _, _ in functions] == list(defaults):
        return
    bag.put("activations", [name for name, _, _ in functions])
    alphas = [alpha for _, alpha, _ in functions if alpha is not None]
    betas = [beta for _, _, beta in functions if beta is not None]
    if alphas:
        bag.put("activation_alpha", alphas)
    if betas:
        bag.put("activation_beta", betas)


def write_gate_functions(p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
    """LSTM. recurrent_activation, activation -> activations [f, g, h]: gates, new content, output."""
    _write_functions(p, bag, ("recurrent_activation", "activation", "activation"), _DEFAULTS)


def write_gru_functions(p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
    """GRU. recurrent_activation, activation -> activations [f, g]: gates, new content."""
    _write_functions(p, bag, ("recurrent_activation", "activation"), _DEFAULTS[:2])


def write_rnn_function(p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
    """RNN. activation -> activations [f]."""
    _write_functions(p, bag, ("activation",), _DEFAULTS[1:2])


def read_gru_functions(bag: Bag, p: dict[str, Any], ctx: Context) -> None:
    """activations [f, g] -> recurrent_activation, activation."""
    p["recurrent_activation"], p["activation"] = _read_functions(bag, _DEFAULTS[:2])


def read_rnn_function(bag: Bag, p: dict[str, Any], ctx: Context) -> None:
    """activations [f] -> activation."""
    (p["activation"],) = _read_functions(bag, _DEFAULTS[1:2])


def read_gate_functions(bag: Bag, p: dict[str, Any], ctx: Context) -> None:
    """activations [f, g, h] -> recurrent_activation, activation; g and h must agree."""
    found = _read_functions(bag, _DEFAULTS)
    if found[1] != found[2]:
        raise Unmappable("the last two of the activations must be alike", found, "activation")
    p["recurrent_activation"], p["activation"] = found[0], found[1]


def _read_functions(bag: Bag, defaults: Sequence[str]) -> list[str]:
    names = [str(name) for name in bag.many("activations")] or list(defaults)
    alphas, betas = bag.many("activation_alpha"), bag.many("activation_beta")
    found: list[str] = []
    for name in names:
        takes_alpha, takes_beta = (any(f[0] == name and f[i] is not None for f in _FUNCTIONS.values()) for i in (1, 2))
        alpha = alphas.pop(0) if takes_alpha and alphas else None
        beta = betas.pop(0) if takes_beta and betas else None
        found += [key for key, known in _FUNCTIONS.items() if known == (name, alpha, beta)][:1]
    if len(found) != len(defaults) or len(names) != len(defaults):
        raise Unmappable(f"activations must be {len(defaults)} that VisualNN knows", names, "activation")
    return found
