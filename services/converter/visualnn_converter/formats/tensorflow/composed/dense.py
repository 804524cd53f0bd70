"""Products of several kernels or axes, and normalisation of groups of channels."""

from collections.abc import Callable
from string import ascii_letters

from visualnn_shared.catalogue.einsum import terms
from visualnn_shared.catalogue.free import known
from visualnn_shared.catalogue.maps import Unmappable

from visualnn_converter.formats.tensorflow.composed.making import Making, Size
from visualnn_converter.formats.tensorflow.emission import spread


def highway(m: Making) -> list[str]:
    """T H + (1 - T) x, with T a sigmoid."""
    x, rank = m.inputs[0], m.e.rank
    gate = m.biased(m.product(x, m.weight("transform_kernel"), rank), "transform_bias")
    gate = m.op("Sigmoid", gate)
    changed = m.biased(m.product(x, m.weight("kernel"), rank), "bias")
    changed = m.function(m.p["activation"], changed, rank)
    return [m.op("Add", m.op("Mul", gate, changed), m.op("Mul", m.op("Sub", 1.0, gate), x))]


def maxout(m: Making) -> list[str]:
    """The largest of the sums of each unit, which lie side by side."""
    x, rank = m.inputs[0], m.e.rank
    sums = m.biased(m.product(x, m.weight("kernel"), rank), "bias")
    sizes = [*m.sizes(x, m.e.shape[:-1]), m.p["units"], m.p["pieces"]]
    return [m.op("Max", m.reshaped(sums, sizes), [rank])]


def einsum(m: Making) -> list[str]:
    """EinsumDense: further axes get letters of their own."""
    found, rank = terms(m.p["equation"]), m.e.rank
    assert found is not None  # the parameter's kind has seen to it
    spare = [letter for letter in ascii_letters if letter not in found.input + found.kernel + found.output]
    if rank - len(found.input) > len(spare):
        raise Unmappable("the equation must leave letters for further axes", m.p["equation"], "equation")
    more = "".join(spare[: rank - len(found.input)])
    left, right = (more if side else "" for side in (found.left, found.right))
    equation = f"{left}{found.input}{right},{found.kernel}->{left}{found.output}{right}"
    return [m.biased(m.op("Einsum", m.inputs[0], m.weight("kernel"), equation=equation, N=2), "bias")]


def grouped(m: Making) -> list[str]:
    """GroupNormalization: (x - mean) / sqrt(variance + epsilon) of each group, then gamma and beta of each channel."""
    x, rank, groups = m.inputs[0], m.e.rank, m.p["groups"]
    axis = m.p["axis"] % rank
    cells = known(m.e.shape[axis - 1])
    if cells is None:
        raise Unmappable("the number of channels must be known in this format", None)
    groups = cells if groups == -1 else groups
    sizes: list[Size] = m.sizes(x, m.e.shape)
    apart = m.reshaped(x, [*sizes[:axis], groups, cells // groups, *sizes[axis + 1 :]])
    axes = [one for one in range(1, rank + 1) if one != axis]
    mean = m.op("Mean", apart, axes, keep_dims=True)
    spreading = m.op("Mean", m.op("SquaredDifference", apart, mean), axes, keep_dims=True)
    inverse = m.op("Rsqrt", m.op("Add", spreading, float(m.p["epsilon"])))
    found = m.op("Reshape", m.op("Mul", m.op("Sub", apart, mean), inverse), m.op("Shape", x))
    for name, op in (("gamma", "Mul"), ("beta", "Add")):
        if m.has(name):
            weight = m.weight(name)
            array = m.e.weight(name)
            assert array is not None
            shape = spread(array, [axis], rank).shape
            found = m.op(op, found, weight if len(shape) == 1 else m.op("Reshape", weight, list(shape)))
    return [found]


def repeated(m: Making) -> list[str]:
    """RepeatVector: (batch, features) as so many equal steps."""
    return [m.op("Tile", m.op("ExpandDims", m.inputs[0], 1), [1, m.p["n"], 1])]


FUNCTIONS: tuple[Callable[[Making], list[str]], ...] = (highway, maxout, einsum, grouped, repeated)
