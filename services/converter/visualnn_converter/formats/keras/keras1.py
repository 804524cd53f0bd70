"""Layers of Keras 1 by their names and keys of Keras 2.

``Convolution2D(nb_filter, nb_row, nb_col, border_mode, subsample, dim_ordering, init, W_regularizer, bias)`` becomes
``Conv2D(filters, kernel_size, padding, strides, data_format, kernel_initializer, kernel_regularizer, use_bias)``. What
has no such keys stays as it is. Source: ``keras/legacy/interfaces.py`` of Keras 2.
"""

from collections.abc import Mapping
from typing import Any

_CLASSES = {
    "Convolution1D": "Conv1D", "AtrousConvolution1D": "Conv1D", "Convolution2D": "Conv2D",
    "AtrousConvolution2D": "Conv2D", "Convolution3D": "Conv3D", "SeparableConvolution2D": "SeparableConv2D",
    "Deconvolution2D": "Conv2DTranspose", "MaxoutDense": "Maxout",
}  # fmt: skip
_KEYS = {
    "nb_filter": "filters", "border_mode": "padding", "subsample": "strides", "subsample_length": "strides",
    "filter_length": "kernel_size", "atrous_rate": "dilation_rate", "bias": "use_bias", "init": "kernel_initializer",
    "inner_init": "recurrent_initializer", "inner_activation": "recurrent_activation", "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout", "W_regularizer": "kernel_regularizer", "b_regularizer": "bias_regularizer",
    "U_regularizer": "recurrent_regularizer", "W_constraint": "kernel_constraint", "b_constraint": "bias_constraint",
    "pool_length": "pool_size", "stride": "strides", "sigma": "stddev", "p": "rate", "nb_feature": "pieces",
    "gamma_init": "gamma_initializer", "beta_init": "beta_initializer",
}  # fmt: skip
_OWN_KEYS: Mapping[str, Mapping[str, str]] = {
    "Embedding": {"init": "embeddings_initializer", "W_regularizer": "embeddings_regularizer",
                  "W_constraint": "embeddings_constraint"},
    "UpSampling1D": {"length": "size"},
    "PReLU": {"init": "alpha_initializer"},
    "SeparableConv2D": {"init": "depthwise_initializer", "bias": "use_bias"},
}  # fmt: skip
_UNITS = ("Dense", "LSTM", "GRU", "SimpleRNN", "Maxout")
_SILENT = ("consume_less", "input_dim", "input_length", "input_dtype", "output_shape", "mode")
_MERGES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "sum": ("Add", {}), "mul": ("Multiply", {}), "ave": ("Average", {}), "max": ("Maximum", {}),
    "concat": ("Concatenate", {}), "dot": ("Dot", {}), "cos": ("Dot", {"normalize": True}),
}  # fmt: skip
_ORDERS = {"th": "channels_first", "tf": "channels_last", "default": "channels_last"}
_MARKS = frozenset({*_KEYS, "dim_ordering", "nb_row", "output_dim", "forget_bias_init", "kernel_dim1",
                    "transform_bias", "consume_less", "input_dtype"})  # fmt: skip


def modern(type: str, config: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Class and config as Keras 2 has them; those of Keras 2 and 3 unchanged."""
    if type == "Merge":
        return _merged(config)
    if type == "TimeDistributedDense":
        inner = {key: value for key, value in config.items() if key not in ("name", "batch_input_shape")}
        outer = {key: config[key] for key in ("name", "batch_input_shape", "trainable") if key in config}
        return "TimeDistributed", {**outer, "layer": {"class_name": "Dense", "config": modern("Dense", inner)[1]}}
    made = dict(config)
    inner_layer = config.get("layer")
    if isinstance(inner_layer, Mapping) and isinstance(inner_layer.get("config"), Mapping):
        name, own = modern(str(inner_layer.get("class_name")), inner_layer["config"])
        made["layer"] = {**inner_layer, "class_name": name, "config": own}
    marks = _MARKS | set(_OWN_KEYS.get(type, ())) | ({"mode"} if type == "BatchNormalization" else set())
    if type not in _CLASSES and not marks & set(config):
        return type, made
    return _CLASSES.get(type, type), _renamed(_CLASSES.get(type, type), made)


def _renamed(type: str, config: dict[str, Any]) -> dict[str, Any]:
    own = _OWN_KEYS.get(type, {})
    made: dict[str, Any] = {}
    for key, value in config.items():
        if key == "mode" and type == "BatchNormalization" and value != 0:
            made["mode"] = value  # other statistics: the layer's map refuses it
        elif key not in _SILENT or (key == "input_dim" and type == "Embedding"):
            made[own.get(key, _KEYS.get(key, key))] = _value(key, value)
    _windows(made)
    if type in _UNITS and "output_dim" in made:
        made["units"] = made.pop("output_dim")
    if "dim_ordering" in made:
        order = made.pop("dim_ordering")
        made["data_format"] = _ORDERS.get(order, order) if isinstance(order, str) else order
    if "forget_bias_init" in made:
        made["unit_forget_bias"] = made.pop("forget_bias_init") in ("one", "ones")
    if type == "GRU":
        made["reset_after"] = False
    if type == "Highway":
        _highway(made)
    if type == "InputLayer" and "input_dtype" in config:
        made["dtype"] = config["input_dtype"]
    return made


def _windows(made: dict[str, Any]) -> None:
    """Rows and columns, or three sizes, as one list; one number for one axis."""
    for keys in (("nb_row", "nb_col"), ("kernel_dim1", "kernel_dim2", "kernel_dim3")):
        if keys[0] in made:
            made["kernel_size"] = [made.pop(key, None) for key in keys]


def _highway(made: dict[str, Any]) -> None:
    """The gate has the initializer and the regularizer of the layer beside it, and a bias of its own."""
    made["transform_bias_initializer"] = {"class_name": "Constant", "config": {"value": made.pop("transform_bias", -2)}}
    if "kernel_initializer" in made:
        made["transform_kernel_initializer"] = made["kernel_initializer"]
    if made.get("kernel_regularizer"):
        made["transform_kernel_regularizer"] = made["kernel_regularizer"]


def _value(key: str, value: Any) -> Any:
    """Regularizers and constraints had their parameters beside their names."""
    if not isinstance(value, Mapping) or not isinstance(value.get("name"), str):
        return value
    given = {name: one for name, one in value.items() if name != "name"}
    if key.endswith("_regularizer") and set(given) <= {"l1", "l2"}:
        return {"class_name": "L1L2", "config": {name: one or 0.0 for name, one in given.items()}}
    names = {"maxnorm": "MaxNorm", "nonneg": "NonNeg", "unitnorm": "UnitNorm"}
    if key.endswith("_constraint"):
        given = {"max_value" if name == "m" else name: one for name, one in given.items()}
        return {"class_name": names.get(value["name"].lower(), value["name"]), "config": given}
    return value


def _merged(config: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """A Merge by its mode; a function of its author's stays a Merge, which nothing reads."""
    mode = config.get("mode")
    known = _MERGES.get(mode) if isinstance(mode, str) and config.get("mode_type", "raw") == "raw" else None
    if known is None:
        return "Merge", dict(config)
    made = {key: config[key] for key in ("name", "trainable") if key in config} | known[1]
    if known[0] == "Concatenate":
        made["axis"] = config.get("concat_axis", -1)
    if known[0] == "Dot":
        axes = config.get("dot_axes", -1)
        made["axes"] = [one[0] if isinstance(one, list) and len(one) == 1 else one for one in axes] \
            if isinstance(axes, list) else axes  # fmt: skip
    return known[0], made
