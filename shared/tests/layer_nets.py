"""Every layer in a net beside others that take the same inputs: few nets to build, and an output for each layer."""

from collections.abc import Iterable
from typing import Any

from visualnn_shared.analysis.walk import resolve
from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.spec.model import Layer, Spec

VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "GRU in one form": ("GRU", {"units": 3, "reset_after": False, "go_backwards": True}),
    "LSTM that is frozen": ("LSTM", {"units": 3, "trainable": False, "dropout": 0.5}),
    "LSTM of all steps": ("LSTM", {"units": 3, "return_sequences": True, "activation": "relu"}),
    "GRU both ways": ("Bidirectional", {"layer": {"type": "GRU", "params": {"units": 3}}, "merge_mode": "sum"}),
    "LSTM both ways": ("Bidirectional", {"layer": {"type": "LSTM", "params": {"units": 3}}}),
    "both ways, not merged": ("Bidirectional", {"merge_mode": None, "layer": {
        "type": "LSTM", "params": {"units": 3, "return_sequences": True}}}),
    "BatchNormalization of an axis": ("BatchNormalization", {"axis": 1, "scale": False, "epsilon": 0.1}),
    "LayerNormalization of axes": ("LayerNormalization", {"axis": [1, 2]}),
    "smooth upsampling": ("UpSampling2D", {"size": 2, "interpolation": "bilinear"}),
    "convolution of groups": ("Conv2D", {"filters": 4, "kernel_size": 3, "groups": 2, "kernel_regularizer": "l2",
                                         "kernel_initializer": {"name": "variance_scaling", "scale": 3.0}}),
    "convolution with holes": ("Conv2D", {"filters": 4, "kernel_size": 3, "dilation_rate": 2, "padding": [[1, 2]] * 2}),
    "same convolution": ("Conv2D", {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same",
                                    "activation": "relu"}),
    "same transposed convolution": ("Conv2DTranspose", {"filters": 2, "kernel_size": 3, "strides": 2,
                                                        "padding": "same"}),
    "convolution over steps": ("Conv1D", {"filters": 2, "kernel_size": 3, "padding": "same", "dilation_rate": 2}),
    "transposed convolution of volumes": ("Conv3DTranspose", {"filters": 2, "kernel_size": 2, "strides": 2}),
    "largest of a sequence": ("GlobalMaxPooling1D", {}),
    "largest of a picture": ("GlobalMaxPooling2D", {}),
    "same pooling": ("AveragePooling2D", {"pool_size": 3, "strides": 2, "padding": "same"}),
    "bounded ReLU": ("ReLU", {"max_value": 0.5, "negative_slope": 0.1, "threshold": 0.2}),
    "time-distributed convolution": ("TimeDistributed", {"layer": {
        "type": "Conv1D", "params": {"filters": 2, "kernel_size": 2, "activation": "silu"}}}),
    **{f"activation {name}": ("Activation", {"activation": name}) for name in (
        "relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish", "sigmoid", "hard_sigmoid",
        "hard_silu", "tanh", "softmax", "log_softmax", "softplus", "softsign", "exponential")},
}  # fmt: skip
_SHAPES = {"GRU": (5, 4), "LSTM": (5, 4), "Bidirectional": (5, 4), "TimeDistributed": (3, 6, 4), "Conv1D": (5, 4),
           "GlobalMaxPooling1D": (5, 4), "Conv3DTranspose": (3, 4, 5, 2)}  # fmt: skip
_PICTURE = (7, 6, 4)
Inputs = tuple[tuple[tuple[int | None, ...], ...], tuple[str, ...]]


def gathered(leave_out: Iterable[str] = ()) -> dict[str, Spec]:
    """One net for each kind of inputs. Layers have the name of their type, or of their line in ``VARIANTS``."""
    nets: dict[Inputs, list[tuple[str, str, dict[str, Any]]]] = {}
    missing = set(leave_out)
    for type, entry in CATALOGUE.items():
        if type != "Input" and entry.maps.get("keras") and type not in missing:
            example = entry.example
            types = example.dtypes or (("int32",) if type == "Embedding" else ("float32",) * len(example.inputs))
            nets.setdefault((tuple(example.inputs), types), []).append((type, type, dict(example.params)))
    for name, (type, params) in VARIANTS.items():
        if name not in missing:
            inputs: Inputs = ((_SHAPES.get(type, _PICTURE),), ("float32",))
            nets.setdefault(inputs, []).append((name, type, params))
    return {f"net{number}": _net(inputs, layers) for number, (inputs, layers) in enumerate(nets.items())}


def _net(inputs: Inputs, layers: list[tuple[str, str, dict[str, Any]]]) -> Spec:
    made = [
        Layer(name=f"x{number}", type="Input", params={"shape": list(shape), "dtype": dtype})
        for number, (shape, dtype) in enumerate(zip(*inputs, strict=True))
    ]
    names = tuple(layer.name for layer in made)
    made += [Layer(name=name, type=type, params=params, inputs=names) for name, type, params in layers]
    spec = Spec(name="net", layers=tuple(made), outputs=tuple(name for name, _, _ in layers))
    counts = {layer.name: len(layer.output_shapes) for layer in resolve(spec).layers}
    outputs = [f"{name}:{n}" if n else name for name, _, _ in layers for n in range(counts[name])]
    return spec.model_copy(update={"outputs": tuple(outputs)})
