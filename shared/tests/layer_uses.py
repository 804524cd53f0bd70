"""Random valid uses of a layer type, for tests that walk the catalogue: an entry declares all they need."""

from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.catalogue.einsum import Equation, Letters
from visualnn_shared.catalogue.entry import Entry
from visualnn_shared.catalogue.inner import Inner
from visualnn_shared.catalogue.kinds import Axis, Bool, Choice, Float, Int, Kind, ListOf, Optional, Tuple
from visualnn_shared.catalogue.named import Named
from visualnn_shared.catalogue.padding import WindowPadding, ZeroPadding
from visualnn_shared.catalogue.ranges import NumberOrNumbers, Span
from visualnn_shared.spec.model import Layer, Spec

SMALL_INT = 6


def one_layer(entry: Entry, inputs: Sequence[Any], params: dict[str, Any]) -> Spec:
    """The layer alone, behind one Input for each of its inputs; all of its outputs are outputs."""
    if entry.type == "Input":
        return Spec(name="one", layers=(Layer(name="it", type="Input", params=params),), outputs=("it",))
    ins = [
        Layer(name=f"in{i}", type="Input", params={"shape": list(shape), **_dtype(entry, i)})
        for i, shape in enumerate(inputs)
    ]
    layer = Layer(name="it", type=entry.type, params=params, inputs=tuple(one.name for one in ins))
    alone = Spec(name="one", layers=(*ins, layer), outputs=("it",))
    found = {layer.name: layer for layer in resolve(alone).layers}.get("it")
    more = range(1, len(found.output_shapes)) if found else ()
    return alone.model_copy(update={"outputs": ("it", *(f"it:{i}" for i in more))})


def _dtype(entry: Entry, port: int) -> dict[str, Any]:
    return {"dtype": entry.example.dtypes[port]} if entry.example.dtypes else {}


def _axis(kind: Axis) -> st.SearchStrategy[Any]:
    one = st.sampled_from([-3, -2, -1, 1, 2, 3])
    return one | st.lists(one, min_size=1, max_size=2, unique=True) if kind.several else one


def _float(kind: Float) -> st.SearchStrategy[float]:
    least, most = max(kind.least, -2.0), min(kind.most, max(2.0, kind.least + 1))
    return st.floats(least, most, exclude_min=kind.above).map(lambda x: min(max(round(x, 3), least), most))


def _named(kind: Named) -> st.SearchStrategy[Any]:
    def variant(name: str) -> st.SearchStrategy[Any]:
        params = {key: values(inner) for key, (inner, _default) in kind.variants[name].params.items()}
        return st.fixed_dictionaries({"name": st.just(name)}, optional=params)

    return st.sampled_from(sorted(kind.variants)).flatmap(variant)


def _zeros(kind: ZeroPadding) -> st.SearchStrategy[Any]:
    cell = st.integers(0, 3)
    return cell | st.tuples(*[cell] * kind.rank) | _sides(kind.rank)


def _window_padding(kind: WindowPadding) -> st.SearchStrategy[Any]:
    words = st.sampled_from(kind.words)
    return words | _sides(kind.rank) if kind.cells else words


def _sides(rank: int) -> st.SearchStrategy[Any]:
    cell = st.integers(0, 3)
    return st.tuples(*[st.tuples(cell, cell)] * rank)


_WRAPPED = (
    "Activation", "BatchNormalization", "Bidirectional", "Conv2D", "ConvLSTM1D", "Dense", "DepthwiseConv2D", "Dropout",
    "EinsumDense", "Flatten", "GRU", "LSTM", "LayerNormalization", "MaxPooling2D", "SimpleRNN", "TimeDistributed",
)  # fmt: skip


@st.composite
def _inner(draw: st.DrawFn, kind: Inner) -> Any:
    """A layer's example with other values for some parameters; the check refuses what does not suit the input."""
    entry = CATALOGUE[draw(st.sampled_from([name for name in _WRAPPED if name in kind.choices]))]
    some = (
        st.lists(st.sampled_from(entry.params), unique_by=lambda p: p.name, max_size=3) if entry.params else st.just([])
    )
    changed = draw(some)
    others = {param.name: draw(values(param.kind)) for param in changed if param.name != "layer"}
    return {"type": entry.type, "params": {**entry.example.params, **others}}


_EQUATIONS = [
    "ab,bc->ac",
    "abc,cd->abd",
    "abc,bcd->ad",
    "...x,xy->...y",
    "...ab,bc->...ac",
    "ab...,bc->ac...",
    "abc,bd->adc",
]

STRATEGIES: dict[type, Callable[[Any], st.SearchStrategy[Any]]] = {
    WindowPadding: _window_padding,
    ZeroPadding: _zeros,
    Named: _named,
    Inner: _inner,
    Equation: lambda _kind: st.sampled_from(_EQUATIONS),
    Letters: lambda _kind: st.sampled_from(["c", "d", "y", "cd"]),
    Optional: lambda kind: st.none() | values(kind.of),
    Span: lambda kind: values(kind.of) | st.tuples(*[values(kind.of)] * 2).map(sorted),
    NumberOrNumbers: lambda kind: values(kind.of) | st.lists(values(kind.of), min_size=1, max_size=4),
    Tuple: lambda kind: values(kind.of) | st.tuples(*[values(kind.of)] * kind.length),
    ListOf: lambda kind: st.lists(values(kind.of), min_size=kind.least, max_size=max(4, kind.least)),
    Axis: _axis,
    Choice: lambda kind: st.sampled_from(kind.values),
    Float: _float,
    Int: lambda kind: st.integers(max(kind.least, -1), min(kind.most, max(SMALL_INT, kind.least + 1))),
    Bool: lambda _kind: st.booleans(),
}
"""Kind -> its valid values, small enough to build. A new kind adds its line."""


def values(kind: Kind) -> st.SearchStrategy[Any]:
    """Valid values of a kind."""
    return next(STRATEGIES[known] for known in type(kind).__mro__ if known in STRATEGIES)(kind)


@st.composite
def uses(draw: st.DrawFn, entry: Entry) -> tuple[list[Any], dict[str, Any]]:
    """Inputs and parameters that the check accepts: the example, changed step by step as long as it stays valid."""
    inputs: list[Any] = [list(shape) for shape in entry.example.inputs]
    params = dict(entry.example.params)
    for _ in range(2):
        shapes = draw(_shapes(inputs))
        if not resolve(one_layer(entry, shapes, params)).problems:
            inputs = shapes
            break
    chosen = (
        draw(st.lists(st.sampled_from(entry.params), unique_by=lambda p: p.name, max_size=6)) if entry.params else []
    )
    for param in chosen:
        changed = {**params, param.name: draw(values(param.kind))}
        if not resolve(one_layer(entry, inputs, changed)).problems:
            params = changed
    return inputs, params


@st.composite
def _shapes(draw: st.DrawFn, shapes: list[Any]) -> list[Any]:
    """Other sizes of the same ranks, sometimes with a free first axis, sometimes all alike."""
    found = [[draw(st.integers(1, 9)) for _ in shape] for shape in shapes]
    for shape in found:
        if len(shape) > 1 and draw(st.integers(0, 5)) == 0:
            shape[0] = None
    return [found[0]] * len(found) if len(found) > 1 and draw(st.booleans()) else found
