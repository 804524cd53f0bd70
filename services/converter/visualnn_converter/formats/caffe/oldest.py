"""Caffe's first format, ``layers { layer { type: "conv" ... } bottom: top: }``, in the terms of today's layers.

As ``UpgradeV0Net`` of Caffe does it: padding layers go into the convolution or pool behind them, and each parameter
into its message.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from visualnn_shared.catalogue.maps import Bag, Repeated, Unmappable

from visualnn_converter.formats.caffe.prototxt import START

TYPES: Mapping[str, str] = {
    "accuracy": "Accuracy", "bnll": "BNLL", "concat": "Concat", "conv": "Convolution", "data": "Data",
    "dropout": "Dropout", "euclidean_loss": "EuclideanLoss", "flatten": "Flatten", "hdf5_data": "HDF5Data",
    "hdf5_output": "HDF5Output", "im2col": "Im2col", "images": "ImageData", "infogain_loss": "InfogainLoss",
    "innerproduct": "InnerProduct", "lrn": "LRN", "multinomial_logistic_loss": "MultinomialLogisticLoss",
    "pool": "Pooling", "relu": "ReLU", "sigmoid": "Sigmoid", "softmax": "Softmax", "softmax_loss": "SoftmaxWithLoss",
    "split": "Split", "tanh": "TanH", "window_data": "WindowData",
}  # fmt: skip
"""Type there -> type today."""
_FILLED = {
    "num_output": "num_output", "biasterm": "bias_term", "weight_filler": "weight_filler", "bias_filler": "bias_filler",
}  # fmt: skip
_READING = {"source": "source", "batchsize": "batch_size", "rand_skip": "rand_skip"}
_FIELDS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "conv": ("convolution_param", {
        **_FILLED, "pad": "pad", "kernelsize": "kernel_size", "group": "group", "stride": "stride",
    }),
    "innerproduct": ("inner_product_param", _FILLED),
    "pool": ("pooling_param", {"pad": "pad", "kernelsize": "kernel_size", "stride": "stride", "pool": "pool"}),
    "dropout": ("dropout_param", {"dropout_ratio": "dropout_ratio"}),
    "lrn": ("lrn_param", {"local_size": "local_size", "alpha": "alpha", "beta": "beta", "k": "k"}),
    "concat": ("concat_param", {"concat_dim": "concat_dim"}),
    "data": ("data_param", _READING),
    "images": ("image_data_param", {**_READING, "shuffle_images": "shuffle", "new_height": "new_height",
                                    "new_width": "new_width"}),
    "hdf5_data": ("hdf5_data_param", _READING),
    "window_data": ("window_data_param", _READING),
}  # fmt: skip
"""Type there -> the message of its parameters, and their names in it."""
_TRANSFORM = {"scale": "scale", "meanfile": "mean_file", "cropsize": "crop_size", "mirror": "mirror"}
_PADDED = ("conv", "pool")


def upgrade(layers: Sequence[Any], problems: list[tuple[str, Unmappable]]) -> list[Any]:
    """Layers of the first format as those of today; others as they are. ``problems`` gets each with its layer."""
    if not any(_inner(layer) is not None for layer in layers):
        return list(layers)
    found, pads = list[Any](), dict[str, tuple[Bag, Bag]]()
    for layer in layers:
        inner = _inner(layer)
        if inner is None:
            found.append(layer)
            continue
        padding = inner.peek("type") == "padding"
        behind = [bottom for bottom in layer.many_peek("bottom") if bottom in pads]
        if behind:
            layer, inner = _take_padding(layer, inner, pads[behind[0]], problems)
        for top in layer.many_peek("top"):
            pads.pop(top, None)
            if padding:
                pads[top] = (layer, inner)
        if not padding:
            found.append(_upgraded(layer, inner))
    return found


def _inner(layer: Any) -> Bag | None:
    inner = layer.peek("layer") if isinstance(layer, Bag) else None
    return inner if isinstance(inner, Bag) else None


def _take_padding(
    layer: Bag, inner: Bag, source: tuple[Bag, Bag], problems: list[tuple[str, Unmappable]]
) -> tuple[Bag, Bag]:
    """The layer with the cells of the padding layer before it, reading what that reads."""
    before, pad = source
    bottoms = before.many_peek("bottom")
    if inner.peek("type") not in (*_PADDED, "padding") or len(layer.many_peek("bottom")) != 1 or len(bottoms) != 1:
        rule = "a padding layer must lead from one blob to layers of type conv or pool, which read nothing else"
        problems.append((str(inner.peek("name", "")), Unmappable(rule, inner.peek("type"), line=layer.line(START))))
        return layer, inner
    values = {**inner.as_dict(), "pad": Repeated([pad.peek("pad", 0)])}
    places = {key: inner.line(key) for key in (START, *inner)} | {"pad": pad.line("pad")}
    outer = {**layer.as_dict(), "bottom": Repeated(bottoms)}
    return Bag(outer, _places(layer, {key: key for key in outer})), Bag(values, _known(places))


def _upgraded(layer: Bag, inner: Bag) -> Bag:
    """One layer. Fields that its type does not have stay, and are reported as not understood."""
    kind = str(inner.peek("type", ""))
    message, names = _FIELDS.get(kind, ("", {}))
    values: dict[str, Any] = {key: value for key, value in layer.as_dict().items() if key != "layer"}
    places = {key: layer.line(key) for key in (START, *values)}
    for key, value in inner.as_dict().items():
        places.setdefault(key, inner.line(key))
        if key == "type":
            values["type"] = TYPES.get(kind, kind)
        elif key not in names and key not in _TRANSFORM:
            values[key] = value
    for target, wanted in ((message, names), ("transform_param", _TRANSFORM)):
        own = {name: inner.as_dict()[key] for key, name in wanted.items() if key in inner}
        if own and target:
            values[target] = Repeated([Bag(own, _places(inner, {name: key for key, name in wanted.items()}))])
    return Bag(values, _known(places))


def _places(bag: Bag, names: Mapping[str, str]) -> dict[str, int]:
    """Name here -> where the field of that name there stands."""
    return _known({START: bag.line(START), **{name: bag.line(key) for name, key in names.items()}})


def _known(places: Mapping[str, int | None]) -> dict[str, int]:
    return {key: line for key, line in places.items() if line is not None}
