"""Caffe counts axes channels first and often means "this axis and all behind it"; a spec names each axis."""
# ruff: noqa: ARG001  (a lens takes what every lens takes)

from collections.abc import Mapping
from typing import Any

from visualnn_shared.catalogue.maps import Bag, Context, Label, Unmappable


def tail(label: Label | None, key: str, axis: Any, line: int | None) -> tuple[int, ...]:
    """Spec axes from a file axis to the last, in the file's order. Raises ``Unmappable``: the batch stays out."""
    if label is None:
        raise Unmappable(f"{key} must be an axis of a known rank", axis, "axis", line)
    if not isinstance(axis, int) or not -len(label) <= axis < len(label) or axis % len(label) == 0:
        raise Unmappable(f"{key} must be an axis behind the batch, 1 to {len(label) - 1}", axis, "axis", line)
    return label[axis % len(label) :]


def file_axis(label: Label | None, axes: tuple[int, ...]) -> int:
    """The file axis from which the named spec axes are all to the last. Raises ``Unmappable`` where there is none."""
    if label is not None:
        wanted = {axis % len(label) for axis in axes}
        if set(label[len(label) - len(wanted) :]) == wanted:
            return len(label) - len(wanted)
    raise Unmappable("axis must name all axes behind one, in the order channels, height, width", axes, "axis")


# Caffe: reduction_param { axis: 1 } reduces that axis and all behind it, 0 by default. Spec: axis, null is all.
def read_reduced(bag: Bag, p: dict[str, Any], ctx: Context) -> None:
    """What stays must keep its order when the channels move to the end. Of an unknown input nothing can be said."""
    line = bag.line("axis")
    if ctx.label is None:
        bag.one("axis", 0)
        return
    axes = tail(ctx.label, "axis", bag.one("axis", 0), line)
    kept = (ctx.label or ())[: -len(axes)]
    if list(kept) != sorted(kept):
        raise Unmappable("axis must reduce a picture's width together with its height", bag.peek("axis"), "axis", line)
    if len(kept) > 1:
        p["axis"] = sorted(axes)


def write_reduced(p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
    """Null is every axis but the batch."""
    given = p["axis"]
    axes = (given,) if isinstance(given, int) else given
    first = 1 if axes is None else file_axis(ctx.label, axes)
    kept = (ctx.label or ())[:first]
    if list(kept) != sorted(kept):
        raise Unmappable("axis must reduce a picture's width together with its height", given, "axis")
    bag.put("axis", first)


# Caffe: crop_param { axis: 2 offset: 1 offset: 3 } cuts that axis and all behind it. Spec: axis [1, 2] offset [1, 3].
def read_cut(bag: Bag, p: dict[str, Any], ctx: Context) -> None:
    """One offset is meant for every axis. Of an unknown input nothing can be said."""
    if ctx.label is None:
        bag.one("axis", 2)
        bag.many("offset")
        return
    axes = tail(ctx.label, "axis", bag.one("axis", 2), bag.line("axis"))
    offsets = bag.many("offset") or [0]
    if len(offsets) not in (1, len(axes)):
        rule = f"offset must be one number, or one for each of the {len(axes)} axes"
        raise Unmappable(rule, offsets, "offset", bag.line("offset"))
    order = sorted(range(len(axes)), key=axes.__getitem__)
    p["axis"] = [axes[i] for i in order]
    p["offset"] = offsets if len(offsets) == 1 else [offsets[i] for i in order]


def write_cut(p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
    """Offsets go in the file's order of the axes."""
    axes = (p["axis"],) if isinstance(p["axis"], int) else p["axis"]
    first = file_axis(ctx.label, axes)
    offsets = p["offset"]
    if len(offsets) > 1:
        label = ctx.label or ()
        at = {axis % len(label): offset for axis, offset in zip(axes, offsets, strict=True)}
        offsets = tuple(at[axis] for axis in label[first:])
    if first != 2:
        bag.put("axis", first)
    if offsets != (0,):
        bag.put("offset", list(offsets))


# Caffe: without axis ArgMax looks at all values of a sample; its answer then has three axes. Spec: axis null.
def read_searched(bag: Bag, p: dict[str, Any], ctx: Context) -> None:
    """Positions among all values depend on their order, which for pictures is not ours."""
    label = ctx.label
    if "axis" not in bag:
        if label is not None and len(label) > 3:
            raise Unmappable("axis must be given for pictures: the order of their values is another here", None, "axis")
        return
    axis = bag.peek("axis")
    p["axis"] = tail(label, "axis", bag.one("axis"), bag.line("axis"))[0]
    if label is not None and not isinstance(axis, bool) and p["axis"] == len(label) - 1:
        p["axis"] = -1


def write_searched(p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
    """The axis through the label; null only where the order of the values is the same."""
    label, axis = ctx.label, p["axis"]
    if axis is None:
        if label is None or len(label) > 3:
            raise Unmappable(
                "axis must be given for pictures: the order of their values is another in Caffe", None, "axis"
            )
        return
    if label is None:
        raise Unmappable("axis must be one of a known rank in this format", axis, "axis")
    bag.put("axis", label.index(axis % len(label)))


# Caffe: slice_param { axis: 1 slice_point: 2 slice_point: 5 }; without points every top gets the same share.
def read_points(bag: Bag, p: dict[str, Any], ctx: Context) -> None:
    """Equal shares follow from the number of tops and the size of the axis."""
    points = bag.many("slice_point")
    if not points:
        points = _equal_points(p.get("axis"), ctx)
    if points:
        p["slice_points"] = points


def _equal_points(axis: Any, ctx: Context) -> list[int]:
    """Nothing where the input is unknown. Raises ``Unmappable`` where the tops cannot share the axis."""
    shape, tops = ctx.input_shapes[0] if ctx.input_shapes else None, len(ctx.output_shapes)
    if shape is None or not isinstance(axis, int):
        return []
    size = (0, *shape)[axis]
    if tops < 2 or not isinstance(size, int) or size % tops:
        rule = f"slice_point must be given, or the axis' {size} cells be a multiple of the {tops} tops"
        raise Unmappable(rule, None, "slice_points")
    return list(range(size // tops, size, size // tops))


def write_points(p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
    """One point between two outputs."""
    bag.put("slice_point", list(p["slice_points"]))


# Caffe: Split has no parameters, only as many tops as wanted. Spec: outputs.
def read_tops(bag: Bag, p: dict[str, Any], ctx: Context) -> None:
    """As many as the file lists."""
    if ctx.output_shapes:
        p["outputs"] = len(ctx.output_shapes)


def write_tops(p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
    """The writer names a top for each output."""


def has_slice_dim(bag: Bag, ctx: Context) -> bool:
    """The older name of the axis."""
    return "slice_dim" in bag


def is_not_plain(bag: Bag, ctx: Context) -> bool:
    """An Exp with parameters: without, it is an activation."""
    return any(bag.peek(key, value) != value for key, value in (("base", -1), ("scale", 1), ("shift", 0)))
