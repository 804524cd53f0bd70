"""One layer on its way into the module: its inputs, its members of ``__init__``, its lines of ``forward``."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from visualnn_shared.analysis.walk import ResolvedLayer
from visualnn_shared.catalogue.free import FREE, Shape, known
from visualnn_shared.catalogue.mapping import Written
from visualnn_shared.catalogue.maps import Bag, Context, Label
from visualnn_shared.catalogue.steps import Absent, Array, Step, write_blob
from visualnn_shared.catalogue.torch_lenses import AVERAGE, CROP, PAD, PAD_SAME
from visualnn_shared.catalogue.torch_maps import FUNCTIONS

from visualnn_converter.formats.pytorch.names import Identifiers, call, keywords, literal
from visualnn_converter.formats.pytorch.page import Page, helper_names, wrapped
from visualnn_converter.layout import Flat, identity, permutation, rows_as_flattened
from visualnn_converter.rewriting import Weights

MOVES = frozenset({"Reshape", "Flatten", "Permute", "Concatenate", "RepeatVector", "Slice", "Split", "Tile"})
"""Layers that keep the type of their values."""
_NORM = ("weight", "bias", "running_mean", "running_var")
_GATES = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0+bias_hh_l0")
_PROJECTIONS = tuple(f"{name}.{kind}" for name in ("query", "key", "value", "output") for kind in ("weight", "bias"))
_SEPARABLE = ("depthwise.weight", "pointwise.weight", "pointwise.bias")
STATE = {
    **{f"nn.BatchNorm{rank}d": _NORM for rank in (1, 2, 3)},
    **dict.fromkeys(("nn.LSTM", "nn.GRU", "nn.RNN", "LSTM", "GRU", "GRUResetBefore", "SimpleRNN"), _GATES),
    "SeparableConv1d": _SEPARABLE,
    "SeparableConv2d": _SEPARABLE,
    "Highway": ("plain.weight", "plain.bias", "gate.weight", "gate.bias"),
    "Maxout": ("linear.weight", "linear.bias"),
    "MultiHeadAttention": _PROJECTIONS,
    "Attention": ("scale", "concat"),
    "AdditiveAttention": ("scale",),
    "Parameter": ("value",),
    "Standardize": ("mean", "variance"),
    "Bias": ("bias",),
}
"""Module -> its names in the state dict, in the order of the map's blobs; else weight, bias."""


@dataclass(frozen=True, slots=True)
class Value:
    """An output of a layer as ``forward`` has it."""

    text: str
    label: Label
    shape: Shape
    dtype: str = "float32"
    flat: Flat | None = None

    @property
    def rank(self) -> int:
        """With the batch axis."""
        return len(self.shape) + 1

    def moved(self, label: Label) -> "Value":
        """The value with its axes in another order."""
        if self.label == label:
            return self
        order = ", ".join(map(str, permutation(self.label, label)))
        return replace(self, text=f"{self.text}.permute({order})", label=label)

    def cast(self, dtype: str) -> "Value":
        """As float32, or as whole numbers."""
        if self.dtype == dtype:
            return self
        return replace(self, text=f"{self.text}.{'float' if dtype == 'float32' else 'long'}()", dtype=dtype)

    @property
    def sizes(self) -> str:
        """(N, channels, height, width), or as it lies."""
        sizes = [self.shape[axis - 1] for axis in self.label[1:]]
        return "(" + ", ".join(["N", *("?" if size is FREE else str(size) for size in sizes)]) + ")"


@dataclass(slots=True)
class State:
    """What all emissions of a model share."""

    page: Page
    names: Identifiers
    attributes: dict[str, str]
    """Layer -> its identifier."""
    weights: Weights
    made: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    """Owner of the weights and suffix -> the module's attribute and its constructor."""
    tensors: dict[str, Array] = field(default_factory=dict)

    def lines(self, head: str, arguments: Sequence[str], tail: str = ")") -> None:
        """A member of ``__init__``."""
        self.page.members += wrapped(head, arguments, tail)


@dataclass(slots=True)
class Emission:
    """What the functions around an operator work with."""

    state: State
    layer: ResolvedLayer
    written: Written
    inputs: list[Value]
    variables: list[str]
    """Names for the outputs."""
    inner: "Callable[..., list[Value]]"
    """Emits a layer that this one holds."""
    prefix: str = ""
    """What stands before the names of its weights."""
    suffix: str = ""
    """What stands behind its identifier."""

    @property
    def p(self) -> Any:
        """The layer's parameters."""
        return self.layer.params

    @property
    def texts(self) -> list[str]:
        """The inputs as text."""
        return [value.text for value in self.inputs]

    @property
    def label(self) -> Label:
        """Label of the first input."""
        return self.inputs[0].label

    def operator(self, op: str) -> str:
        """An operator as it is called; helpers come along."""
        if op in helper_names():
            self.state.page.helpers.add(op)
        return op

    def line(self, text: str) -> None:
        """A line of ``forward``."""
        self.state.page.forward.append(text)

    def say(self, text: str, index: int = 0, label: Label | None = None, flat: Flat | None = None) -> Value:
        """The value of an output. Label and type are those of the first input where the rank is the same."""
        shape = self.layer.output_shapes[index]
        same = bool(self.inputs) and self.inputs[0].rank == len(shape) + 1
        if label is None:
            label = self.label if same else identity(len(shape) + 1)
        dtype = self.inputs[0].dtype if self.inputs and self.layer.type in MOVES else "float32"
        if flat is None and same and self.layer.type != "Dense":
            flat = self.inputs[0].flat
        value = Value(self.variables[index], label, shape, dtype, flat)
        if text != value.text:
            self.line(f"{value.text} = {text}  # {value.sizes}")
        return value

    def activated(self, text: str, label: Label, activation: Any = None) -> str:
        """With the layer's function around it, where it has one."""
        name = self.p.get("activation") if activation is None else activation
        if name in (None, "linear"):
            return text
        op, lenses = FUNCTIONS[name]
        bag = Bag()
        for lens in lenses:
            lens.write({}, bag, Context(labels=[label]))
        return call(self.operator(op), text, *keywords(bag.as_dict()))

    def function(self, name: str) -> str:
        """An activation as a function that takes a tensor."""
        op, lenses = FUNCTIONS[name]
        if not lenses:
            return "nn.Identity()" if op == "identity" else self.operator(op)
        return f"lambda t: {self.activated('t', identity(2), name)}"

    def module(self, op: str, arguments: Sequence[str]) -> str:
        """The module as ``self.name``: made once for each set of weights, and its tensors put into the state dict."""
        constructor = call(self.operator(op), *arguments)
        key = (self.owner, self.prefix + self.suffix)
        attribute, made = self.state.made.get(key, ("", ""))
        if made == constructor:
            return f"self.{attribute}"
        tied = attribute if self.layer.weights else ""
        attribute = self.state.attributes[self.layer.name if tied else self.owner] + self.suffix
        if not self.layer.weights:
            attribute = self.state.attributes[self.layer.name] + self.suffix
        self.state.made.setdefault(key, (attribute, constructor))
        self.state.lines(f"self.{attribute} = {self.operator(op)}(", arguments)
        for name, tensor in self.tensors(op):
            if tied:
                self.state.page.members.append(f"self.{attribute}.{name} = self.{tied}.{name}")
            if tensor is not None:
                self.state.tensors[f"{attribute}.{name}"] = tensor
        return f"self.{attribute}"

    def tensors(self, op: str) -> list[tuple[str, Array | None]]:
        """Names in the module's state dict and the values; None where there are no weights."""
        found: list[tuple[str, Array | None]] = []
        affine = [self.written.attributes.get(key) for key in ("affine", "elementwise_affine")]
        names = STATE.get(op, ("weight", "bias"))
        for name, (weight, steps) in zip(names, self.written.map.weight_steps(), strict=False):
            absent = bool(steps) and isinstance(steps[0], Absent)
            if not self.has(weight) and (not absent or False in affine):
                continue
            blob = self._blob(weight, steps) if self.state.page.weights else None
            parts = name.split("+")
            split = [None] * len(parts) if blob is None else np.split(blob, len(parts)) if len(parts) > 1 else [blob]
            for part, one in zip(parts, split, strict=True):
                flat = one.reshape(-1) if one is not None and len(parts) > 1 else one
                found.append((part, None if flat is None else np.ascontiguousarray(flat).reshape(flat.shape)))
        if op.startswith("nn.BatchNorm"):
            found.append(("num_batches_tracked", np.zeros((), np.int64) if self.state.page.weights else None))
        return found

    def _blob(self, weight: str, steps: Sequence[Step]) -> Array:
        if not self.has(weight):
            declared = next(w for w in self.layer.entry.weights if w.name == weight)
            shape = tuple(known(dim) or 0 for dim in declared.shape(self.p, self.layer.input_shapes))
            first = steps[0]
            assert isinstance(first, Absent)
            return np.full(shape, first.value, np.float32)
        tensor = np.asarray(self.state.weights[f"{self.owner}/{self.prefix}{weight}"], np.float32)
        if self.layer.type == "Dense" and weight == "kernel":
            tensor = rows_as_flattened(tensor, self.inputs[0].flat)
        return write_blob(tensor, steps, self.p)

    def has(self, name: str) -> bool:
        """Whether the layer has a weight of this name."""
        return any(variable.name == name for variable in self.layer.weights)

    def shape_of(self, name: str) -> tuple[int, ...]:
        """Shape of a weight in the spec."""
        return tuple(known(n) or 0 for n in next(v.shape for v in self.layer.weights if v.name == name))

    @property
    def owner(self) -> str:
        """The layer whose weights these are."""
        return self.layer.weights_of or self.layer.name

    def plain(self) -> list[Value]:
        """The operator of the map alone, with what its lenses want around it."""
        op, bag = self.written.op, dict(self.written.attributes)
        pad, same, average = bag.pop(PAD, None), bag.pop(PAD_SAME, None), bag.pop(AVERAGE, None)
        crop = bag.pop(CROP, None)
        if self._is_module(op):
            function, arguments = self.module(op, keywords(bag)), []
        else:
            function, arguments = self.operator(op), keywords(bag)
        first, *rest = self.texts
        if average is not None:
            text = self._mean(function, first, pad, same, average)
        else:
            text = call(function, self._padded(first, pad, same), *rest, *arguments)
        if crop is not None and any(crop):
            text = call("F.pad", text, literal(crop))
        out = self.label if self.inputs[0].rank == len(self.layer.output_shapes[0]) + 1 else None
        if self.layer.type != "Activation" and op not in ("Highway",):
            text = self.activated(text, out or identity(len(self.layer.output_shapes[0]) + 1))
        return [self.say(text, label=out)]

    @staticmethod
    def _is_module(op: str) -> bool:
        return op.startswith("nn.") or (op[0].isupper() and not op.startswith("F."))

    def _padded(self, text: str, pad: Any, same: Any) -> str:
        value = "" if "Max" not in self.written.op else 'value=float("-inf")'
        if same is not None:
            return call(self.operator("pad_same"), text, *map(literal, same), value)
        return call("F.pad", text, literal(pad), value) if pad is not None else text

    def _mean(self, pool: str, text: str, pad: Any, same: Any, average: Any) -> str:
        if same is not None:
            return call(self.operator("mean_of_cells_same"), pool, text, *map(literal, same))
        counted = "" if average is False else literal(average)
        return call(self.operator("mean_of_cells"), pool, text, literal(pad), counted)
