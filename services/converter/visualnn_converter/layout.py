"""Layout labels: for each axis of a tensor as a format stores it, the spec axis it holds; batch axis included."""

from collections.abc import Iterable, Sequence

from visualnn_shared.analysis.walk import Resolved, ResolvedLayer
from visualnn_shared.catalogue.free import Shape, known
from visualnn_shared.catalogue.maps import Label
from visualnn_shared.catalogue.steps import Array

_ROWWISE = ("softmax", "log_softmax", "sparsemax")


def identity(rank: int) -> Label:
    """As the spec has it."""
    return tuple(range(rank))


def channels_first(rank: int) -> Label:
    """The last spec axis right behind the batch: NCHW is (0, 3, 1, 2)."""
    return (0, rank - 1, *range(1, rank - 1)) if rank > 1 else identity(rank)


def channel_second(label: Label, axis: int) -> Label:
    """A label with the spec axis at file axis 1: the present one where it has it."""
    axis %= len(label)
    if label[1] == axis:
        return label
    return (0, axis, *(i for i in range(1, len(label)) if i != axis))


def permutation(source: Label, target: Label) -> list[int]:
    """``perm`` of the transposition from one label to another: axis j of the result is axis perm[j] of the source."""
    return [source.index(axis) for axis in target]


def permuted(label: Label, dims: Sequence[int]) -> Label:
    """The label after a spec Permute: the tensor stays, its axes get other meanings. ``dims`` counts from 1."""
    meaning = {0: 0, **{old: new for new, old in enumerate(dims, start=1)}}
    return tuple(meaning[axis] for axis in label)


def matters(label: Label, shape: Shape) -> bool:
    """Whether flattening in this label's order differs from the spec's: axes of one cell do not count."""
    order = [axis for axis in label[1:] if shape[axis - 1] != 1]
    return order != sorted(order)


def is_elementwise(layer: ResolvedLayer) -> bool:
    """Whether the layer treats each value by itself, so that their order does not matter to it."""
    if layer.type == "Activation":
        return layer.params["activation"] not in _ROWWISE
    return layer.type in ("ReLU", "LeakyReLU", "ELU", "Dropout", "GaussianNoise")


def read_by_dense_only(resolved: Resolved) -> set[str]:
    """Layers whose values reach nothing but Dense layers, directly or through element-wise ones.

    Behind such a Flatten the order of values may be the file's: the rows of the Dense kernels are permuted instead.
    """
    users: dict[str, list[ResolvedLayer]] = {}
    for layer in resolved.layers:
        for ref in layer.inputs:
            users.setdefault(ref.layer, []).append(layer)
    outputs = {ref.layer for ref, _ in resolved.outputs}
    good: set[str] = set()
    for layer in reversed(resolved.layers):
        if layer.name not in outputs and all(_fine(user, good) for user in users.get(layer.name, ())):
            good.add(layer.name)
    return good


def _fine(user: ResolvedLayer, good: Iterable[str]) -> bool:
    return user.type == "Dense" or (is_elementwise(user) and user.name in good)


Flat = tuple[Label, tuple[int, ...]]
"""Label and spec shape of what was flattened in the file's order."""


def flat_order(label: Label, shape: Shape) -> Flat | None:
    """What flattening a tensor of this label leaves to remember; None where the order is the spec's."""
    sizes = tuple(known(size) or 0 for size in shape)
    return (label, sizes) if all(sizes) and matters(label, shape) else None


def rows_as_flattened(kernel: Array, flat: Flat | None) -> Array:
    """A Dense kernel with its rows in the order in which the file flattened its input."""
    if flat is None:
        return kernel
    label, shape = flat
    order = [axis - 1 for axis in label[1:]]
    return kernel.reshape(*shape, -1).transpose(*order, len(shape)).reshape(kernel.shape)


def rows_as_in_spec(kernel: Array, flat: Flat | None) -> Array:
    """The inverse of ``rows_as_flattened``."""
    if flat is None:
        return kernel
    label, shape = flat
    order = [axis - 1 for axis in label[1:]]
    back = [order.index(axis) for axis in range(len(shape))]
    return kernel.reshape(*(shape[axis] for axis in order), -1).transpose(*back, len(shape)).reshape(kernel.shape)
