"""Nets in the manner of Caffe's own models and examples, written anew: each comes in, and goes out again."""

from typing import Any

import pytest
from visualnn_converter import conversion
from visualnn_shared.analysis.summary import summary

IMAGES = """layer { name: "data" type: "Data" top: "data" top: "label" include { phase: TRAIN }
  transform_param { mirror: true crop_size: 27 mean_file: "mean.binaryproto" }
  data_param { source: "train_lmdb" batch_size: 256 backend: LMDB } }
layer { name: "data" type: "Data" top: "data" top: "label" include { phase: TEST }
  transform_param { crop_size: 27 mean_file: "mean.binaryproto" } data_param { source: "val" batch_size: 50 } }
"""
ENDS = """layer { name: "accuracy" type: "Accuracy" bottom: "fc" bottom: "label" top: "accuracy" include { phase:
    TEST } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }
"""
GROUPED = """layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  param { lr_mult: 1 decay_mult: 1 } param { lr_mult: 2 decay_mult: 0 }
  convolution_param { num_output: 8 kernel_size: 5 stride: 2 weight_filler { type: "gaussian" std: 0.01 }
    bias_filler { type: "constant" value: 0.1 } } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "norm1" type: "LRN" bottom: "conv1" top: "norm1" lrn_param { local_size: 5 alpha: 0.0001 beta: 0.75 } }
layer { name: "pool1" type: "Pooling" bottom: "norm1" top: "pool1" pooling_param { pool: MAX kernel_size: 3 stride:
    2 } }
layer { name: "conv2" type: "Convolution" bottom: "pool1" top: "conv2"
  convolution_param { num_output: 8 pad: 2 kernel_size: 5 group: 2 } }
layer { name: "fc" type: "InnerProduct" bottom: "conv2" top: "fc" inner_product_param { num_output: 10 } }
"""
OLD_DEPLOY = """name: "detector" input: "data" input_dim: 10 input_dim: 3 input_dim: 27 input_dim: 27
layers { name: "conv1" type: CONVOLUTION bottom: "data" top: "conv1" blobs_lr: 1 blobs_lr: 2 weight_decay: 1
  convolution_param { num_output: 8 kernel_size: 5 stride: 2 } }
layers { name: "relu1" type: RELU bottom: "conv1" top: "conv1" }
layers { name: "fc" type: INNER_PRODUCT bottom: "conv1" top: "fc" inner_product_param { num_output: 10 } }
"""
WITHIN = (
    """layer { name: "cifar" type: "Data" top: "data" top: "label" transform_param { mean_file: "mean" }
  data_param { source: "cifar10_train_lmdb" batch_size: 100 } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 4 pad: 2 kernel_size: 5 } }
layer { name: "bn1" type: "BatchNorm" bottom: "conv1" top: "bn1" param { lr_mult: 0 } param { lr_mult: 0 }
  param { lr_mult: 0 } }
layer { name: "sig1" type: "Sigmoid" bottom: "bn1" top: "sig1" }
layer { name: "pool1" type: "Pooling" bottom: "sig1" top: "pool1" pooling_param { pool: AVE kernel_size: 3 stride: 2 } }
layer { name: "norm1" type: "LRN" bottom: "pool1" top: "norm1"
  lrn_param { local_size: 3 alpha: 5e-05 beta: 0.75 norm_region: WITHIN_CHANNEL } }
layer { name: "fc" type: "InnerProduct" bottom: "norm1" top: "fc" inner_product_param { num_output: 10 } }
"""
    + ENDS
)
AUTOENCODER = """layer { name: "data" type: "Data" top: "data" transform_param { scale: 0.0039215684 } include {
    phase: TRAIN }
  data_param { source: "mnist_train_lmdb" batch_size: 100 } }
layer { name: "flatdata" type: "Flatten" bottom: "data" top: "flatdata" }
layer { name: "encode1" type: "InnerProduct" bottom: "data" top: "encode1" inner_product_param { num_output: 30
  weight_filler { type: "gaussian" std: 1 sparse: 15 } } }
layer { name: "encode1neuron" type: "Sigmoid" bottom: "encode1" top: "encode1neuron" }
layer { name: "decode1" type: "InnerProduct" bottom: "encode1neuron" top: "decode1"
  inner_product_param { num_output: 784 } }
layer { name: "loss" type: "SigmoidCrossEntropyLoss" bottom: "decode1" bottom: "flatdata" top: "cross_entropy_loss"
  loss_weight: 1 }
layer { name: "decode1neuron" type: "Sigmoid" bottom: "decode1" top: "decode1neuron" }
layer { name: "loss" type: "EuclideanLoss" bottom: "decode1neuron" bottom: "flatdata" top: "l2_error" loss_weight: 0 }
"""
TWINS = """layer { name: "pair_data" type: "Data" top: "pair_data" top: "sim" include { phase: TRAIN }
  transform_param { scale: 0.00390625 } data_param { source: "siamese_train_leveldb" batch_size: 64 } }
layer { name: "slice_pair" type: "Slice" bottom: "pair_data" top: "data" top: "data_p"
  slice_param { slice_dim: 1 slice_point: 1 } }
layer { name: "ip1" type: "InnerProduct" bottom: "data" top: "ip1" param { name: "w" } param { name: "b" }
  inner_product_param { num_output: 20 } }
layer { name: "feat" type: "ReLU" bottom: "ip1" top: "feat" }
layer { name: "ip1_p" type: "InnerProduct" bottom: "data_p" top: "ip1_p" param { name: "w" } param { name: "b" }
  inner_product_param { num_output: 20 } }
layer { name: "feat_p" type: "ReLU" bottom: "ip1_p" top: "feat_p" }
layer { name: "loss" type: "ContrastiveLoss" bottom: "feat" bottom: "feat_p" bottom: "sim" top: "loss"
  contrastive_loss_param { margin: 1 } }
"""
ROWS = (
    """layer { name: "data" type: "HDF5Data" top: "data" top: "label" include { phase: TRAIN }
  hdf5_data_param { source: "train.txt" batch_size: 10 } }
layer { name: "fc1" type: "InnerProduct" bottom: "data" top: "fc1" inner_product_param { num_output: 40 } }
layer { name: "relu1" type: "ReLU" bottom: "fc1" top: "fc1" }
layer { name: "fc" type: "InnerProduct" bottom: "fc1" top: "fc" inner_product_param { num_output: 2 } }
"""
    + ENDS
)
WINDOWS = (
    IMAGES.replace('type: "Data"', 'type: "WindowData"')
    .replace("data_param {", "window_data_param {")
    .replace(" backend: LMDB", "")
)
PYTHON_DATA = """layer { name: "data" type: "Python" top: "data" top: "label"
  python_param { module: "layers" layer: "Multilabel" param_str: "{'batch': 8}" } }
layer { name: "score" type: "InnerProduct" bottom: "data" top: "score" inner_product_param { num_output: 20 } }
layer { name: "loss" type: "SigmoidCrossEntropyLoss" bottom: "score" bottom: "label" top: "loss" }
"""
STAGES = """layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 4 } } include { stage:
    "deploy" } }
layer { name: "data" type: "Data" top: "data" top: "label" include { not_stage: "deploy" } }
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" inner_product_param { num_output: 3 } }
layer { name: "prob" type: "Softmax" bottom: "fc" top: "prob" include { stage: "deploy" } }
"""
PICTURE = {"input_shape": [27, 27, 3]}
EXAMPLES: dict[str, tuple[str, dict[str, Any], int, str]] = {
    "alexnet and caffenet": (IMAGES + GROUPED + ENDS, PICTURE, 608 + 808 + (6 * 6 * 8 + 1) * 10, "Softmax"),
    "a fine-tuned net": (IMAGES + GROUPED.replace('"fc"', '"fc_flickr"') + ENDS.replace('"fc"', '"fc_flickr"'),
                         PICTURE, 608 + 808 + (6 * 6 * 8 + 1) * 10, "Softmax"),
    "windows of a detector": (WINDOWS + GROUPED + ENDS, PICTURE, 608 + 808 + (6 * 6 * 8 + 1) * 10, "Softmax"),
    "a detector of the older form": (OLD_DEPLOY, {}, 608 + (12 * 12 * 8 + 1) * 10, "Dense"),
    "cifar10 with batch norm": (WITHIN, {"input_shape": [32, 32, 3]}, 304 + 8 + (16 * 16 * 4 + 1) * 10, "Softmax"),
    "an autoencoder": (AUTOENCODER, {"input_shape": [28, 28, 1]}, 785 * 30 + 31 * 784, "Activation"),
    "twins": (TWINS, {"input_shape": [28, 28, 2]}, 785 * 20, "ReLU"),
    "rows of HDF5": (ROWS, {"input_shape": [4]}, 5 * 40 + 41 * 2, "Softmax"),
    "samples of a Python layer": (PYTHON_DATA, PICTURE, (27 * 27 * 3 + 1) * 20, "Activation"),
}  # fmt: skip


@pytest.mark.parametrize("name", EXAMPLES)
def test_nets_like_caffes_examples_come_in_and_go_out_again(name: str) -> None:
    text, options, params, last = EXAMPLES[name]
    spec, _, _ = conversion.read(text.encode(), "caffe", **options)
    assert spec.layers[-1].type == last
    assert summary(spec).params == params
    again, _, _ = conversion.read(conversion.write(spec, "caffe").data, "caffe")
    assert summary(again).params == summary(spec).params


def test_a_net_of_all_stages_is_read_for_the_one_asked_for() -> None:
    from visualnn_converter.formats.caffe.state import NetState

    spec, _, _ = conversion.read(STAGES.encode(), "caffe", state=NetState.asked("test", None, ["deploy"]))
    assert [layer.name for layer in spec.layers] == ["data", "fc", "prob"]
