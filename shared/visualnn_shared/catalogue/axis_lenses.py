"""Lenses for axes: each goes through the layout label of the first input, never through a constant table."""
# ruff: noqa: ARG002  (a lens takes what every lens takes)

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from visualnn_shared.catalogue.lenses import NONE, NoDefault
from visualnn_shared.catalogue.maps import Bag, Context, Lens, Unmappable


@dataclass(frozen=True, slots=True)
class Axis(Lens):
    """An axis, through the layout label of the first input: file axis <-> spec axis. Negative axes count from the end.

    A spec axis that is the last one is read as -1, the form Keras prefers.
    """

    param: str
    key: str
    default: int | NoDefault = NONE

    def owns(self) -> tuple[str, ...]:
        return (self.param,)

    def read(self, bag: Bag, p: dict[str, Any], ctx: Context) -> None:
        axis = bag.one(self.key, None if self.default is NONE else self.default)
        label = ctx.label
        if label is None or not isinstance(axis, int):
            return
        if not -len(label) <= axis < len(label):
            raise Unmappable(
                f"{self.key} must lie in -{len(label)}..{len(label) - 1}", axis, self.param, bag.line(self.key)
            )
        spec_axis = label[axis]
        p[self.param] = -1 if spec_axis == len(label) - 1 else spec_axis

    def write(self, p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
        axis, label = p[self.param], ctx.label
        if isinstance(axis, list | tuple) and len(axis) == 1:
            axis = axis[0]
        if label is None or not isinstance(axis, int):
            raise Unmappable(f"{self.param} must be one axis of a known rank in this format", axis, self.param)
        file_axis = label.index(axis % len(label))
        if file_axis != self.default:
            bag.put(self.key, file_axis)


@dataclass(frozen=True, slots=True)
class LastAxis(Lens):
    """The operator's axis must be the spec's last one, found through the label. ``default`` is the format's."""

    key: str = "axis"
    default: int = -1

    def read(self, bag: Bag, p: dict[str, Any], ctx: Context) -> None:
        axis, label = bag.one(self.key, self.default), ctx.label
        if label is None:
            return
        inside = isinstance(axis, int) and -len(label) <= axis < len(label)
        if not inside or label[axis] != len(label) - 1:
            raise Unmappable(f"{self.key} must be the axis of the channels", axis, line=bag.line(self.key))

    def write(self, p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
        label = ctx.label
        axis = self.default if label is None else label.index(len(label) - 1)
        if axis != self.default and not (self.default == -1 and label is not None and axis == len(label) - 1):
            bag.put(self.key, axis)


@dataclass(frozen=True, slots=True)
class ChannelAxis(Lens):
    """The operator always works along file axis 1: the parameter must name the spec axis that lies there."""

    param: str = "axis"

    def owns(self) -> tuple[str, ...]:
        return (self.param,)

    def read(self, bag: Bag, p: dict[str, Any], ctx: Context) -> None:
        label = ctx.label
        if label is not None and len(label) > 1:
            p[self.param] = -1 if label[1] == len(label) - 1 else label[1]

    def write(self, p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
        label, axis = ctx.label, p[self.param]
        if isinstance(axis, tuple) and len(axis) == 1:
            axis = axis[0]
        if label is None or not isinstance(axis, int) or label[1] != axis % len(label):
            raise Unmappable(f"{self.param} must be the axis of the channels in this format", axis, self.param)
