"""What a walk over a TensorFlow graph knows beyond what all graphs have in common: scopes, forms, missing values."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.catalogue.free import FREE, known
from visualnn_shared.catalogue.maps import Unmappable

from visualnn_converter.formats.tensorflow.folding import Unknown
from visualnn_converter.formats.tensorflow.source import Source
from visualnn_converter.graphreading import Array, Node, Value
from visualnn_converter.graphreading import Reading as GraphReading
from visualnn_converter.layout import identity
from visualnn_converter.report import Report
from visualnn_converter.specnames import spec_name

ELEMENTWISE = frozenset({
    "Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Sigmoid", "Tanh", "Softplus", "Softsign", "Exp", "Cast", "@Clip",
    "@ThresholdedRelu", "@Elu", "@Celu", "@Gelu", "@Silu", "@Mish", "@HardSigmoid", "@HardSwish", "@LogSigmoid",
    "@TanhShrink", "@SoftShrink", "@HardShrink", "@SparseSigmoid", "@Squareplus", "@Dropout",
})  # fmt: skip
"""Operators that treat each value by itself, with one tensor going in."""
_WORDS = frozenset({
    "convolution", "conv", "conv1d", "conv2d", "conv3d", "conv_transpose", "conv2d_transpose", "depthwise",
    "matmul", "biasadd", "bias_add", "batch_norm", "fusedbatchnorm", "concat", "add", "addn", "mul", "sub",
    "truediv", "div", "mean", "max", "maximum", "minimum", "reshape", "squeeze", "transpose", "pad", "lrn",
    "embedding_lookup", "resize", "maxpool", "maxpool1d", "maxpool2d", "maxpool3d", "avgpool", "avgpool1d",
    "avgpool2d", "avgpool3d",
    "softmax",
    "logsoftmax", "batchmatmulv", "gatherv", "gather", "conv2dbackpropinput", "conv3dbackpropinputv",
    "depthwiseconv2dnative", "stridedslice", "strided_slice", "selectv", "select", "neg", "reciprocal",
    "resizenearestneighbor", "resizebilinear", "conv1d_transpose", "conv3d_transpose", "identity", "expanddims",
})  # fmt: skip
"""Last parts of node names that name the operator; the scope before them names the layer."""
_INNER = frozenset({
    "batchnorm", "gelu", "tensordot", "separable_conv2d", "convolution", "resize", "moments", "leakyrelu",
    "clip_by_value", "repeat", "maxpool1d", "maxpool2d", "avgpool1d", "avgpool2d",
})  # fmt: skip
"""Scopes that functions of TensorFlow open within that of a layer; others do where the layer's begins alike."""
_NUMBER = re.compile(r"(?:_\d+|v\d|\d)\Z")
_MOVERS = frozenset({"Reshape", "Transpose", "Squeeze", "ExpandDims", "Pad", "PadV2"})
"""Operators that are a layer only where nothing else is in their scope."""
_SHAPES = frozenset({"Shape", "StridedSlice", "Pack", "Prod"})
_ON_THE_WAY = frozenset({"Squeeze", "BiasAdd", "Transpose", "Add", "AddV2", "Reshape", "BatchToSpaceND", "RealDiv"})


@dataclass(frozen=True, slots=True)
class Form:
    """A tensor that the file holds in another form than the spec's: of ``value``, which the spec has.

    ``lifted``: with an axis of one there (a sequence as a picture), ``raised``: and so many more; ``rows``: all axes
    but the last as one; ``blocks``: cells of each residue moved into the batch, after padding, as dilated convolutions
    were written.
    """

    value: Value
    lifted: int | None = None
    raised: int = 0
    rows: bool = False
    blocks: tuple[int, ...] = ()
    pads: tuple[tuple[int, int], ...] = ()


class Reading(GraphReading):
    """The state of a walk; operators call it to place layers."""

    source: Source
    elementwise = ELEMENTWISE

    def __init__(self, source: Source, report: Report) -> None:
        super().__init__(source, report)
        self.forms: dict[str, Form] = {}
        self.batch: set[int] = set()
        """Sizes that the file's inputs fix the batch to."""
        self.missing: list[str] = []
        """Weights whose values are not in the file."""
        self.has_variables = any(isinstance(array, Unknown) for array in source.constants.values())
        self.passing: set[str] = set()
        """Values of nodes that were read together with one before them: they are the value that these read."""
        self.names = {node.name for node in source.nodes}
        self._inside = Counter(node.name.rpartition("/")[0] for node in source.nodes if node.op not in _SHAPES)

    def value(self, name: str) -> Value:
        """The tensor of this name as the spec has it; a lifted one is given its axis by a Reshape."""
        form = self.forms.get(name)
        if form is None:
            return super().value(name)
        if form.lifted is None or form.blocks or form.rows:
            raise Unmappable("this form of the tensor must be read by a convolution or a product", name)
        shape = list(form.value.shape)
        shape[form.lifted - 1 : form.lifted - 1] = [1] * (1 + form.raised)
        if sum(n is FREE for n in shape) > 1 or form.value.label != identity(form.value.rank):
            raise Unmappable("at most one size may be free where axes of size 1 come", [known(n) for n in shape])
        wanted = self.name(spec_name(name))
        target = {"target_shape": [known(n) or -1 for n in shape]}
        placed = self.place(wanted, "ExpandDims", "Reshape", target, [form.value])[0]
        del self.forms[name]
        found = Value(wanted, placed, identity(len(placed) + 1), form.value.dtype)
        self.values[name] = found
        return found

    def form(self, name: str) -> Form:
        """The tensor with what the file did to its form."""
        form = self.forms.get(name)
        return Form(self.value(name)) if form is None or form.raised else form

    def merged(self, names: Sequence[str]) -> list[Value]:
        """Tensors of as many axes as the file has them; those raised behind the batch as they were, as Keras merges."""
        forms = [self.forms.get(name) for name in names]
        raised = [form is not None and form.lifted == 1 and not form.rows and not form.blocks for form in forms]
        plain = [self.value(name) for name, is_raised in zip(names, raised, strict=True) if not is_raised]
        inner = [form.value for form, is_raised in zip(forms, raised, strict=True) if form is not None and is_raised]
        if not plain or any(value.label != identity(value.rank) for value in (*plain, *inner)):
            return [self.value(name) for name in names]
        return [form.value if form is not None and is_raised else self.value(name)
                for name, form, is_raised in zip(names, forms, raised, strict=True)]  # fmt: skip

    def is_dense(self, node: Node, name: str) -> bool:
        """MatMul with a constant kernel."""
        inputs = node.inputs
        if node.op != "MatMul" or node.attributes.get("transpose_a"):
            return False
        return len(inputs) > 1 and inputs[0] == name and inputs[1] in self.constants

    def scope(self, node: Node, tail: Node | None = None) -> str:
        """The layer's name: the scope of the node, where its own name only says the operator."""
        last = tail or node
        *parts, word = last.name.split("/")
        beside = node.op in _MOVERS and self._inside["/".join(parts)] > 1
        if not parts or beside or not self._is_word(word, node.op, last.op):
            return self.name(last.name)
        if len(parts) > 1 and (parts[-1].lower() in _INNER or _plain(parts[-2]).startswith(_plain(parts[-1]))):
            parts.pop()
        scope = "/".join(parts)
        blocked = scope in self.names and scope != last.name and not self._leads_to(last, scope)
        return self.name(last.name if blocked or spec_name(scope) in self.layers else scope)

    def _is_word(self, word: str, *ops: str) -> bool:
        plain = _plain(word)
        return plain in _WORDS or word.lower() in _INNER or any(plain == _plain(op.removeprefix("@")) for op in ops)

    def _leads_to(self, node: Node, scope: str) -> bool:
        """Whether the node is a step towards the node that has the name of the scope itself."""
        for _ in range(4):
            user = self.only_user(node.outputs[0])
            if user is None or user.op not in _ON_THE_WAY or not f"{user.name}/".startswith(f"{scope}/"):
                return False
            if user.name == scope:
                return True
            node = user
        return False

    def name(self, wanted: str) -> str:
        """A layer name of the spec; only names that had to change are reported."""
        name = self._names.fresh(spec_name(wanted))
        if name != wanted:
            self.report.renamed[wanted] = name
        return name

    def forget(self, layer: str) -> None:
        """Take a layer back that turned out to be part of another."""
        del self.layers[layer]
        self._names.free(layer)

    def keep(self, layer: str, variable: str, array: Array) -> None:
        """Keep a tensor, or how it begins where the file does not hold it."""
        if not isinstance(array, Unknown):
            super().keep(layer, variable, np.asarray(array))
            return
        self.missing.append(f"{layer}/{variable}")
        config = self.source.initial.get(array.origin)
        found = self.layers[layer]
        weight = next((one for one in CATALOGUE[found.type].weights if one.name == variable), None)
        if config is not None and weight is not None and weight.initializer is not None:
            if CATALOGUE[found.type].defaults.get(weight.initializer) in (config, {"name": config}):
                return
            params: dict[str, Any] = {**found.params, weight.initializer: config}
            self.layers[layer] = found.model_copy(update={"params": params})


def _plain(word: str) -> str:
    """``MatMul_1`` -> ``matmul``."""
    return _NUMBER.sub("", re.sub(r"_\d+\Z", "", word)).lower()
