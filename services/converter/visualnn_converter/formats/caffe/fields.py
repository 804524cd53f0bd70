"""Fields that Caffe's schema does not have: Caffe refuses a file with one, and one that is skipped changes the net.

Names are those of Caffe's schema, ``caffe.proto``, of all its versions. Looked at are layers of Caffe's own types, and
what they hold; layers of other types have fields that only their authors know. Fields that well-known forks gave to
Caffe's own layers are let through.
"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache, lru_cache
from itertools import islice
from typing import NamedTuple

from visualnn_shared.catalogue.kinds import closest
from visualnn_shared.catalogue.maps import Bag
from visualnn_shared.spec.problem import Problem, problem

from visualnn_converter.formats.caffe.schema import LOSSES, MEASURES, OLD_TYPES, PARAMS, SOURCES

MOST, _MOST_LOOKED = 200, 2_000
"""Problems of one file, and names that hints are looked for."""

_WINDOW = "kernel_size pad stride pad_h pad_w kernel_h kernel_w stride_h stride_w engine axis dilation"
_SOURCE = "source batch_size rand_skip scale mean_file crop_size mirror"
_FUNCTION = "base scale shift"
_FIELDS: Mapping[str, str] = {
    "accuracy_param": "top_k axis ignore_label",
    "argmax_param": "out_max_val top_k axis",
    "batch_norm_param": "use_global_stats moving_average_fraction eps fused_relu",
    "bias_param": "axis num_axes filler",
    "clip_param": "min max",
    "concat_param": "axis concat_dim",
    "contrastive_loss_param": "margin legacy_version",
    "convolution_param": f"num_output bias_term group weight_filler bias_filler force_nd_im2col fuse_type "
    f"eltwise_param {_WINDOW}",
    "crop_param": "axis offset",
    "data_param": f"{_SOURCE} backend force_encoded_color prefetch",
    "dropout_param": "dropout_ratio scale_train",
    "dummy_data_param": "data_filler shape num channels height width",
    "eltwise_param": "operation coeff stable_prod_grad",
    "elu_param": "alpha",
    "embed_param": "num_output input_dim bias_term weight_filler bias_filler",
    "exp_param": _FUNCTION,
    "flatten_param": "axis end_axis",
    "hdf5_data_param": "source batch_size shuffle",
    "hdf5_output_param": "file_name",
    "hinge_loss_param": "norm",
    "image_data_param": f"{_SOURCE} shuffle new_height new_width is_color root_folder",
    "infogain_loss_param": "source axis",
    "inner_product_param": "num_output bias_term weight_filler bias_filler axis transpose",
    "input_param": "shape",
    "log_param": _FUNCTION,
    "loss_param": "ignore_label normalization normalize",
    "lrn_param": "local_size alpha beta norm_region k engine fuse_type pooling_param unit_test_mode "
    "unit_test_fuse_kernel",
    "memory_data_param": "batch_size channels height width dim",
    "mvn_param": "normalize_variance across_channels eps",
    "parameter_param": "shape",
    "pooling_param": f"pool global_pooling round_mode {_WINDOW}",
    "power_param": "power scale shift",
    "prelu_param": "filler channel_shared",
    "python_param": "module layer param_str share_in_parallel",
    "recurrent_param": "num_output weight_filler bias_filler debug_info expose_hidden",
    "reduction_param": "operation axis coeff",
    "relu_param": "negative_slope engine",
    "reshape_param": "shape axis num_axes",
    "scale_param": "axis num_axes filler bias_term bias_filler",
    "sigmoid_param": "engine",
    "slice_param": "axis slice_point slice_dim",
    "softmax_param": "engine axis",
    "spp_param": "pyramid_height pool engine",
    "swish_param": "beta",
    "tanh_param": "engine",
    "threshold_param": "threshold",
    "tile_param": "axis tiles",
    "transform_param": "scale mirror crop_size crop_h crop_w mean_file mean_value force_color force_gray resize_param "
    "noise_param emit_constraint",
    "window_data_param": f"{_SOURCE} fg_threshold bg_threshold fg_fraction context_pad crop_mode cache_images "
    "root_folder",
}
_FILLER = "type value min max mean std sparse variance_norm"
_RULE = "phase min_level max_level stage not_stage"
_WITHIN: Mapping[str, str] = {
    **_FIELDS, "weight_filler": _FILLER, "bias_filler": _FILLER, "filler": _FILLER, "data_filler": _FILLER,
    "shape": "dim", "param": "name share_mode lr_mult decay_mult", "include": _RULE, "exclude": _RULE,
}  # fmt: skip
"""Field of a layer, or of its parameters -> the fields within it."""
_LAYER = (
    "name type bottom top phase loss_weight param blobs propagate_down include exclude device buffer "
    "blobs_lr weight_decay blob_share_mode layer"
)
_NVIDIA_LAYER = "forward_type backward_type forward_math backward_math debug cudnn_math_override"
_OLDEST = (
    "name type num_output biasterm weight_filler bias_filler pad kernelsize group stride pool dropout_ratio local_size "
    "alpha beta k source scale meanfile batchsize cropsize mirror blobs blobs_lr weight_decay rand_skip "
    "det_fg_threshold det_bg_threshold det_fg_fraction det_context_pad det_crop_mode new_num new_channels new_height "
    "new_width shuffle_images concat_dim hdf5_output_param"
)
_FORKS: Mapping[str, str] = {
    "batch_norm_param": "scale_filler bias_filler scale_bias frozen engine",
    "convolution_param": "cudnn_convolution_algo_seeker conv_algos_override hole",
    "data_param": "cache shuffle threads parser_threads",
    "image_data_param": "label_type",
    "pooling_param": "ceil_mode",
    "loss_param": "class_weighting weight_by_label_freqs",
    "transform_param": "distort_param expand_param multi_scale scale_ratios max_distort fix_crop more_fix_crop is_flow",
}
"""What SegNet, SSD, DeepLab, temporal segment networks and NVIDIA's Caffe added to messages of Caffe's own."""
_HINTS = {
    ("convolution_param", "hole_h"): "write dilation, as Caffe has it now",
    ("convolution_param", "hole_w"): "write dilation, as Caffe has it now",
}
_MORE = frozenset({
    "Bias", "HDF5Output", "Filter", "BatchReindex", "Python", "SoftmaxWithLoss", "SigmoidCrossEntropyLoss",
    "LSTMUnit",
})  # fmt: skip
_FOREIGN = frozenset({"ConvolutionDepthwise", "DepthwiseConvolution", "DepthWiseConvolution", "AnnotatedData"})
TYPES = (frozenset(PARAMS) | SOURCES | frozenset(LOSSES) | MEASURES | _MORE | frozenset(OLD_TYPES)) - _FOREIGN
"""Caffe's own types of layers, today's and the older names."""


_STEMS = tuple(key.removesuffix("_param") for key in _WITHIN)
_NET = "name input input_shape input_dim force_backward state debug_info layer layers"
_NVIDIA = (
    "default_forward_type default_backward_type default_forward_math default_backward_math default_cudnn_math_override "
    "default_conv_algos_override global_grad_scale reduce_buckets eltwise_mem_sharing"
)
_Looked = dict[tuple[str, frozenset[str]], str | None]


class _Place(NamedTuple):
    layer: str | None
    owner: str
    """As texts call it: the field that holds it, a layer, or the net."""
    own: frozenset[str]
    forks: frozenset[str]
    looked: _Looked
    """Hints for names that were asked for in this file, shared by all its places."""

    def near(self, key: str) -> str | None:
        """The hint that names what may be meant; none after many others, so that a file is read in a bounded time."""
        asked = (key, self.own)
        if asked not in self.looked:
            self.looked[asked] = closest(key, sorted(self.own)) if len(self.looked) < _MOST_LOOKED else None
        return self.looked[asked]


def unknown(root: Bag) -> list[Problem]:
    """A problem for each field that Caffe's schema does not have, with its line and the nearest name that it has."""
    return list(islice(_in_net(root), MOST))


def _in_net(root: Bag) -> Iterator[Problem]:
    looked: _Looked = {}
    yield from _in_message(root, _Place(None, "a net", _names(_NET), _names(_NVIDIA), looked), foreign=True)
    for key in ("layer", "layers"):
        for layer in root.many_peek(key):
            if isinstance(layer, Bag):
                yield from _in_layer(layer, looked)


def _in_layer(layer: Bag, looked: _Looked) -> Iterator[Problem]:
    inner = layer.peek("layer")
    if isinstance(inner, Bag):  # the first format
        yield from _in_message(inner, _Place(_name(inner), "a layer", _names(_OLDEST), frozenset(), looked))
    elif str(layer.peek("type", "")) in TYPES:
        own = _names(_LAYER).union(_FIELDS)
        yield from _in_message(layer, _Place(_name(layer), "a layer", own, _names(_NVIDIA_LAYER), looked), foreign=True)


def _in_message(bag: Bag, place: _Place, *, foreign: bool = False) -> Iterator[Problem]:
    """``foreign``: messages of other names are those of forks, unless one of Caffe's is meant."""
    for key in bag:
        if key in place.own:
            yield from _inside(bag, key, place)
        elif key not in place.forks and (not (foreign and isinstance(bag.peek(key), Bag)) or _is_misspelt(key)):
            yield _problem(bag, key, place, place.near(key))


def _inside(bag: Bag, key: str, place: _Place) -> Iterator[Problem]:
    if key not in _WITHIN:
        return
    for value in bag.many_peek(key):
        if isinstance(value, Bag):
            inner = _Place(place.layer, key, _names(_WITHIN[key]), _names(_FORKS.get(key, "")), place.looked)
            yield from _in_message(value, inner)


def _problem(bag: Bag, key: str, place: _Place, near: str | None) -> Problem:
    rule = f"a field of {place.owner} must be one that Caffe has"
    hint = _HINTS.get((place.owner, key)) or near or f"take it out; known are {', '.join(sorted(place.own))}"
    return problem(rule, key, layer=place.layer, line=bag.line(key), hint=hint)


def _name(layer: Bag) -> str | None:
    return str(layer.peek("name", "")) or None


@lru_cache(_MOST_LOOKED)
def _is_misspelt(message: str) -> bool:
    """Whether one of Caffe's messages is meant: all end alike, so that only what stands before that is compared."""
    stem = message.removesuffix("_param")
    likely = [known for known in _STEMS if known[:1] == stem[:1] and abs(len(known) - len(stem)) <= 2]
    return bool(get_close_matches(stem, likely, n=1, cutoff=0.81))


@cache
def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())
