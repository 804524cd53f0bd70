"""Weights between a spec's variables and a Caffe layer's blobs; the maps' steps say how each tensor lies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from visualnn_shared.catalogue.free import Shape, known
from visualnn_shared.catalogue.kinds import closest
from visualnn_shared.catalogue.maps import Map
from visualnn_shared.catalogue.steps import Step, in_order, read_blob, write_blob
from visualnn_shared.spec.problem import Problem, problem

from visualnn_converter.formats.caffe.caffemodel import Blob
from visualnn_converter.layout import Flat, rows_as_flattened, rows_as_in_spec
from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights


def sizes(shape: Shape) -> tuple[int, ...]:
    """The shape of a variable; an unknown size, which is a problem of its own, counts none."""
    return tuple(known(size) or 0 for size in shape)


@dataclass(frozen=True, slots=True)
class Carrier:
    """A layer with weights: its names here and in Caffe, how its map rearranges them, and what it flattened."""

    layer: str
    node: str
    map: Map
    params: Mapping[str, Any]
    shapes: Mapping[str, tuple[int, ...]]
    """Variable -> its shape in the spec."""
    owner: str | None = None
    """The layer whose weights it shares."""
    flat: Flat | None = None
    """An InnerProduct's input as Caffe flattened it, where that order is not the spec's."""
    transposed: bool = False
    """Whether an InnerProduct holds its matrix the other way."""

    def blobs(self) -> list[tuple[str, tuple[Step, ...]]]:
        """Variables in the order of the file's blobs, with their steps."""
        return [(name, self._steps(steps)) for name, steps in self.map.weight_steps() if name in self.shapes]

    def _steps(self, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        return () if self.transposed else steps

    @property
    def order(self) -> tuple[Flat | None, bool]:
        """What must be alike for two layers to share a matrix."""
        return self.flat, self.transposed

    def is_averaged(self) -> bool:
        """BatchNorm: a last blob holds what the sums before it are to be divided by."""
        return self.map.op == "BatchNorm"

    def file_shapes(self) -> list[tuple[int, ...]]:
        """The shape of each blob of the file."""
        found = []
        for name, steps in self.blobs():
            tensor: NDArray[Any] = np.broadcast_to(np.float32(0), self.shapes[name])
            for step in steps:
                tensor = step.write(tensor, self.params)
            found.append(tensor.shape)
        return [*found, (1,)] if self.is_averaged() else found

    def written(self, weights: Weights) -> list[NDArray[Any]]:
        """The layer's blobs. Raises ``KeyError`` where a tensor is missing."""
        found = []
        for name, steps in self.blobs():
            tensor = np.asarray(weights[f"{self.owner or self.layer}/{name}"], np.float32)
            if self.flat is not None and name == "kernel":
                tensor = rows_as_flattened(tensor, self.flat)
            found.append(write_blob(tensor, steps, self.params))
        return [*found, np.ones(1, np.float32)] if self.is_averaged() else found

    def read(self, blobs: Sequence[Blob]) -> dict[str, NDArray[Any]]:
        """The layer's tensors, of blobs that fit; they share no memory with the file."""
        tensors = [blob.tensor(shape) for blob, shape in zip(blobs, self.file_shapes(), strict=True)]
        factor = tensors.pop()[0] if self.is_averaged() else np.float32(1)
        found = {}
        for (name, steps), blob in zip(self.blobs(), tensors, strict=True):
            tensor = read_blob(blob, steps, self.params)
            if self.flat is not None and name == "kernel":
                tensor = rows_as_in_spec(tensor, self.flat)
            if factor != 1:
                tensor = tensor * np.float32(0 if factor == 0 else 1 / factor)
            tensor = in_order(tensor.astype(np.float32, copy=False))
            found[f"{self.layer}/{name}"] = tensor if tensor.flags.owndata else tensor.copy()
        return found


def unlike(carriers: Mapping[str, Carrier]) -> list[Problem]:
    """Layers that share one matrix but not the order of its rows."""
    rule = "layers that share weights must flatten values of the same shape: the rows of one matrix have one order"
    return [
        problem(rule, one.owner, layer=one.layer)
        for one in carriers.values()
        if one.owner is not None and one.owner in carriers and one.order != carriers[one.owner].order
    ]


def gather(
    carriers: Mapping[str, Carrier], file: Mapping[str, list[Blob]], report: Report
) -> tuple[Weights, list[Problem]]:
    """Tensors of every layer of the net, and what is wrong; layers of the file that the net has not are reported."""
    weights, problems, taken = dict[str, NDArray[Any]](), unlike(carriers), set[str]()
    for one in carriers.values():
        if one.owner is not None and one.owner in carriers:
            problems += _differing(one, carriers[one.owner], file)
            continue
        wrong = _misfits(one, file)
        if one.node in taken:
            rule = "layers with weights must have names of their own: a weights file is read by name"
            wrong = [problem(rule, one.node, layer=one.layer)]
        taken.add(one.node)
        problems += wrong
        if not wrong:
            weights.update(one.read(file[one.node]))
    known = {one.node for one in carriers.values()}
    for name in file:
        if name not in known:
            report.drops(name, "its weights", "the net has no such layer with weights")
    return weights, problems


def _differing(one: Carrier, owner: Carrier, file: Mapping[str, list[Blob]]) -> list[Problem]:
    """Whether the file gives layers that share weights different ones; one of them may be left out."""
    mine, theirs = file.get(one.node), file.get(owner.node)
    if mine is None or theirs is None:
        return []
    if len(mine) == len(theirs) and all(map(Blob.equals, mine, theirs)):
        return []
    rule = f"a layer that shares all weights with {owner.layer} must have the same blobs in the weights file"
    return [problem(rule, [list(blob.shape) for blob in mine], layer=one.layer, field="weights")]


def _misfits(one: Carrier, file: Mapping[str, list[Blob]]) -> list[Problem]:
    """Why the layer's blobs cannot be taken."""
    shapes = one.file_shapes()
    blobs = file.get(one.node)
    if blobs is None:
        rule = "the weights file must have the blobs of every layer with weights"
        hint = closest(one.node, list(file)[:2000])
        return [problem(rule, f"none of {one.node!r}", layer=one.layer, field="weights", hint=hint)]
    if len(blobs) != len(shapes):
        rule = f"the layer must have {len(shapes)} blob{'' if len(shapes) == 1 else 's'} in the weights file"
        return [problem(rule, [list(blob.shape) for blob in blobs], layer=one.layer, field="weights")]
    names = [*(name for name, _ in one.blobs()), "scale factor"]
    return [
        problem(f"{name} must have the shape {list(shape)} in the weights file", list(blob.shape), layer=one.layer,
                field=f"weights.{one.layer}/{name}")
        for name, blob, shape in zip(names, blobs, shapes, strict=False)
        if not blob.fits(shape)
    ]  # fmt: skip
