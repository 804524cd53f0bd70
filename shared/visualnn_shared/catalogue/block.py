"""Blocks: named sub-nets with parameters, declared like layers and replaced by the layers they stand for."""

from collections.abc import Callable, Sequence
from typing import Any

from visualnn_shared.catalogue.entry import Broken, Example, Param, Params, Ports, Shapes, Weight
from visualnn_shared.catalogue.free import Dim, Shape
from visualnn_shared.catalogue.registry import layer
from visualnn_shared.spec.model import Layer, Spec


class Build:
    """The layers of one use of a block."""

    def __init__(self, name: str, inputs: tuple[str, ...]) -> None:
        self.name, self.inputs = name, inputs
        self.layers: list[Layer] = []

    def add(self, part: str, type: str, *inputs: str, **params: Any) -> str:
        """A layer named ``block/part``, fed by ``inputs`` or by the layer before; the first by the block's input."""
        return self._add(f"{self.name}/{part}", type, inputs, params)

    def last(self, type: str, *inputs: str, **params: Any) -> str:
        """The layer that gives the block's output, under the block's name."""
        return self._add(self.name, type, inputs, params)

    def conv_bn(self, part: str, filters: int, size: int, *inputs: str, relu: bool = True, **params: Any) -> str:
        """A convolution without bias, batch normalisation and, unless ``relu`` is false, a ReLU."""
        self.add(part, "Conv2D", *inputs, filters=filters, kernel_size=size, padding="same", use_bias=False, **params)
        name = self.add(f"{part}_bn", "BatchNormalization")
        return self.add(f"{part}_relu", "ReLU") if relu else name

    def _add(self, name: str, type: str, inputs: tuple[str, ...], params: dict[str, Any]) -> str:
        before = inputs or ((self.layers[-1].name,) if self.layers else self.inputs)
        self.layers.append(Layer.model_construct(name=name, type=type, params=params, inputs=before, weights_of=None))
        return name


def block(
    type: str,
    *,
    doc: str,
    build: Callable[[Build, Params], Any],
    params: Sequence[Param] = (),
    ports: Ports = Ports(),  # noqa: B008 - frozen
    example: Example,
) -> None:
    """Declare a block. ``build`` adds its layers; shapes, variables and costs follow from them."""

    def expand(name: str, p: Params, inputs: tuple[str, ...]) -> list[Layer]:
        made = Build(name, inputs)
        build(made, p)
        return made.layers

    layer(
        type, doc=doc, group="blocks", params=params, ports=ports, expand=expand, example=example,
        shape=lambda p, ins: _inside(expand, p, ins)[0], weights_rule=lambda p, ins: _inside(expand, p, ins)[1],
        macs=lambda p, ins, _outs: _inside(expand, p, ins)[2],
    )  # fmt: skip


def _inside(expand: Any, p: Params, ins: Shapes) -> tuple[list[Shape], list[Weight], Dim]:
    """Output shapes, variables and multiply-accumulates of a block, from the layers inside it. Raises ``Broken``."""
    from visualnn_shared.analysis.walk import resolve  # knows the catalogue, and so this module

    inputs = [
        Layer(name=f"in{i}", type="Input", params={"shape": [n if isinstance(n, int) else None for n in shape]})
        for i, shape in enumerate(ins)
    ]
    layers = (*inputs, *expand("it", p, tuple(one.name for one in inputs)))
    found = resolve(Spec.model_construct(visualnn=1, name="block", layers=layers, outputs=("it",)))
    if found.problems:
        first = found.problems[0]
        raise Broken(f"{first.rule} ({first.where})", first.received, hint=first.hint)
    inner = [one for one in found.layers if one.type != "Input"]
    weights = [_weight(f"{one.name}/{w.name}".removeprefix("it/"), w) for one in inner for w in one.weights]
    macs: Dim = 0
    for one in inner:
        macs = macs + one.entry.macs(one.params, one.input_shapes, one.output_shapes)
    return list(found.layer("it").output_shapes), weights, macs


def _weight(name: str, variable: Any) -> Weight:
    return Weight(name, lambda _p, _ins: variable.shape, trainable=variable.trainable)
