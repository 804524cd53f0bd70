"""Layers of well-known forks of Caffe as Caffe's own: SENet's ``Axpy``, depthwise convolutions, ``ReLU6``,
DeepLab's ``hole`` and the ``ceil_mode`` of pools."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from visualnn_shared.catalogue.maps import Bag, Repeated, Word

from visualnn_converter.formats.caffe.source import Node
from visualnn_converter.formats.caffe.values import Value
from visualnn_converter.report import Report

DEPTHWISE = frozenset({"ConvolutionDepthwise", "DepthwiseConvolution", "DepthWiseConvolution"})
"""Names under which forks have convolutions of each channel by itself; parameters are ``convolution_param``."""


def own_nodes(node: Node, inputs: Sequence[Value], fresh: Callable[[], int], report: Report) -> list[Node]:
    """The node, or nodes of Caffe's own types that say the same. ``fresh`` numbers a value between two of them."""
    rewrite = _REWRITES.get(node.op)
    return [node] if rewrite is None else rewrite(node, inputs, fresh, report)


def _axpy(node: Node, _inputs: Sequence[Value], fresh: Callable[[], int], report: Report) -> list[Node]:
    """``Axpy`` of a, x and y is a x + y, where a has one cell for each channel."""
    if len(node.inputs) != 3:
        return [node]
    between = fresh()
    product = Bag({"operation": Repeated([Word("PROD")])})
    report.rewrote(node.name, "Axpy as a product and a sum", "it is a x + y")
    return [
        Node(f"{node.name}/scale", "Eltwise", product, Bag(), node.line, [node.inputs[1], node.inputs[0]], [between]),
        Node(node.name, "Eltwise", Bag(), node.whole, node.line, [between, node.inputs[2]], node.outputs, node.tops),
    ]


def _depthwise(node: Node, inputs: Sequence[Value], _fresh: Callable[[], int], report: Report) -> list[Node]:
    """As many groups as channels, said or not."""
    shape = inputs[0].shape if inputs else None
    if "group" not in node.bag and shape:
        node.bag.put("group", Repeated([shape[-1]]))
    report.rewrote(node.name, f"{node.op} as Convolution", "a convolution with as many groups as channels")
    node.op = "Convolution"
    return [node]


def _scale(node: Node, _inputs: Sequence[Value], _fresh: Callable[[], int], report: Report) -> list[Node]:
    """``Scale`` of two bottoms, ``axis: 0``: the second has a factor for each sample and channel."""
    plain = node.bag.peek("axis", 1) == 0 and node.bag.peek("bias_term", False) is False
    if len(node.inputs) != 2 or not plain:
        return [node]
    report.rewrote(node.name, "Scale by a second blob as a product", "its factors come from the net, not from weights")
    product = Bag({"operation": Repeated([Word("PROD")])})
    return [Node(node.name, "Eltwise", product, node.whole, node.line, node.inputs, node.outputs, node.tops)]


def _lstm(node: Node, _inputs: Sequence[Value], _fresh: Callable[[], int], report: Report) -> list[Node]:
    """The marks of where sequences begin are left out."""
    report.rewrote(node.name, "LSTM without cont", "every sample is one whole sequence, and begins with states of 0")
    node.inputs = node.inputs[:1]
    return [node]


def _relu6(node: Node, _inputs: Sequence[Value], _fresh: Callable[[], int], report: Report) -> list[Node]:
    report.rewrote(node.name, "ReLU6 as Clip", "it cuts values to 0..6")
    node.op, node.bag = "Clip", Bag({"min": Repeated([0]), "max": Repeated([6])})
    return [node]


def _pool(node: Node, _inputs: Sequence[Value], _fresh: Callable[[], int], report: Report) -> list[Node]:
    """``ceil_mode`` of forks is ``round_mode``; where both are said they may differ, and nothing is chosen."""
    if isinstance(node.bag.peek("ceil_mode"), bool) and "round_mode" not in node.bag:
        mode = "CEIL" if node.bag.one("ceil_mode") else "FLOOR"
        node.bag.put("round_mode", Repeated([Word(mode)]))
        report.rewrote(node.name, f"ceil_mode as round_mode: {mode}", "forks of Caffe have it as a truth value")
    return [node]


def _hole(node: Node, _inputs: Sequence[Value], _fresh: Callable[[], int], report: Report) -> list[Node]:
    """DeepLab's ``hole`` is ``dilation``."""
    if "hole" in node.bag and "dilation" not in node.bag:
        node.bag.put("dilation", Repeated(node.bag.many("hole")))
        report.rewrote(node.name, "hole as dilation", "DeepLab's Caffe had it under that name")
    return [node]


_REWRITES: Mapping[str, Any] = {
    "Axpy": _axpy, "Scale": _scale, "ReLU6": _relu6, "LSTM": _lstm, "Pooling": _pool, "Convolution": _hole,
    **dict.fromkeys(DEPTHWISE, _depthwise),
}  # fmt: skip
