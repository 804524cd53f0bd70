"""A maximum padded at the end: windows that round up."""

from visualnn_shared.spec.problem import Problem

from visualnn_converter.rewrites.base import Place, Rewrite

NAME = "pool rounds up"
WHAT = "padding of a MaxPooling at the end as a size that is rounded up (same numbers)"


def rewrite(place: Place, problem: Problem) -> Rewrite | None:
    """Pads (0, 1) -> none, with ``ceil_mode``: the last window ends at the border either way. Exact."""
    layer, p = place.layer, place.layer.params
    rank = len(p.get("pool_size", ()))
    if layer.type != f"MaxPooling{rank}D" or problem.where.param != "padding":
        return None
    before = [_before(place, axis) for axis in range(rank)]
    if None in before:
        return None
    padding = [[n, n] for n in before] if any(before) else "valid"
    rounded = layer.entry.shape({**p, "padding": padding, "ceil_mode": True}, layer.input_shapes)[0]
    if tuple(rounded) != tuple(layer.output_shapes[0]):
        return None
    return Rewrite((place.last(layer.type, place.params(padding=padding, ceil_mode=True), place.inputs),))


def _before(place: Place, axis: int) -> int | None:
    p, size, count = place.layer.params, place.layer.input_shapes[0][axis], place.layer.output_shapes[0][axis]
    if not isinstance(size, int) or not isinstance(count, int):
        return None
    if p["padding"] == "same":
        return int(max((count - 1) * p["strides"][axis] + p["pool_size"][axis] - size, 0)) // 2
    return 0 if p["padding"] == "valid" else int(p["padding"][axis][0])
