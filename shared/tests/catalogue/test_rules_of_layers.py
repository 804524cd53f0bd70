"""What layers of Caffe, of papers, and of preparation refuse, and in which words."""

from typing import Any

import pytest
from visualnn_shared.analysis.check import check
from visualnn_shared.catalogue import CATALOGUE

from shared.tests.layer_uses import one_layer

PICTURE = (8, 8, 3)
RULES: list[tuple[str, list[Any], dict[str, Any], str, str | None]] = [
    ("Exp", [(3,)], {"base": 0.0}, "base must be above 0 and other than 1, or -1 for e", "base"),
    ("Clip", [(3,)], {"min": 1.0, "max": 0.0}, "min must not exceed max", "min"),
    ("MVN", [(3,)], {}, "the input must have at least 2 axes besides the batch", None),
    ("ArgMax", [(3,)], {"top_k": 4}, "top_k must not exceed the number of values that are compared", "top_k"),
    ("Reduction", [(3,)], {"axis": 2}, "axis must be one of the input's axes, 1 to 1 or -1 to -1", "axis"),
    ("Crop", [PICTURE, (8, 8)], {}, "the inputs must have the same number of axes", None),
    ("Crop", [PICTURE, (5, 5, 3)], {"offset": 4}, "offset must leave room for the reference's size", "offset"),
    ("Crop", [PICTURE, (5, 5, 3)], {"offset": [1, 2, 3]}, "offset must be one number, or one for each of the 2 axes",
     "offset"),
    ("SPP", [(None, 8, 3)], {"pyramid_height": 2},
     "the picture's size must be known: the windows follow from it", None),
    ("SPP", [(5, 5, 3)], {"pyramid_height": 4},
     "pyramid_height must leave 4 windows a side that each hold a cell of the picture", "pyramid_height"),
    ("Slice", [(6,)], {"slice_points": [3, 6]}, "slice_points must lie inside the axis", "slice_points"),
    ("Slice", [(6,)], {"slice_points": [3, 3]}, "slice_points must ascend", "slice_points"),
    ("L2NormPooling2D", [PICTURE], {"padding": [[2, 0], [0, 0]]}, "padding must be smaller than pool_size", "padding"),
    ("Rescaling", [PICTURE], {"scale": [1.0, 2.0]}, "scale must be one number, or one for each cell of the axis",
     "scale"),
    ("Normalization", [PICTURE], {"mean": 1.0}, "mean and variance must be given together", "variance"),
    ("Normalization", [PICTURE], {"mean": [1.0, 2.0], "variance": [1.0, 2.0]},
     "mean must be one number, or one for each cell of the axis", "mean"),
    ("Normalization", [(None, 3)], {"axis": 1}, "axis must name axes of a known size", "axis"),
    ("Resizing", [PICTURE], {"height": 4, "width": 4, "crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True},
     "only one of crop_to_aspect_ratio and pad_to_aspect_ratio may be true", "pad_to_aspect_ratio"),
    ("STFTSpectrogram", [(64, 1)], {"frame_length": 16, "frame_step": 17}, "frame_step must not exceed frame_length",
     "frame_step"),
    ("STFTSpectrogram", [(64, 1)], {"frame_length": 16, "fft_length": 24},
     "fft_length must be a power of two and at least frame_length", "fft_length"),
    ("STFTSpectrogram", [(15, 1)], {"frame_length": 16}, "frame_length must fit into the input", "frame_length"),
    ("MelSpectrogram", [(63,)], {"fft_length": 16, "sequence_stride": 8},
     "the number of samples plus one must be no multiple of sequence_stride", "sequence_stride"),
    ("MelSpectrogram", [(64,)], {"fft_length": 16, "sequence_stride": 9, "max_freq": 10.0},
     "min_freq must be below max_freq, and that at most half of sampling_rate", "min_freq"),
    ("Discretization", [(3,)], {}, "bin_boundaries must be given", "bin_boundaries"),
    ("Discretization", [(3,)], {"bin_boundaries": [1.0, 0.0]}, "bin_boundaries must ascend", "bin_boundaries"),
    ("CategoryEncoding", [(3,)], {}, "num_tokens must be given", "num_tokens"),
    ("CategoryEncoding", [(3, 2)], {"num_tokens": 4},
     "the input must have 1 axis (a list of numbers) besides the batch where output_mode makes one row of it", None),
    ("Hashing", [(3,)], {"num_bins": 4, "output_mode": "one_hot"},
     "the input's last axis must be 1 where output_mode is 'one_hot'", None),
    ("HashedCrossing", [(2,), (2,)], {"num_bins": 4},
     "the inputs must be one number each, of the same shape: [] or [1]", None),
    ("IntegerLookup", [(3,)], {}, "vocabulary must be given", "vocabulary"),
    ("IntegerLookup", [(3,)], {"vocabulary": [1, 1]}, "vocabulary must hold different numbers, at least one",
     "vocabulary"),
    ("IntegerLookup", [(3,)], {"vocabulary": [1, 2], "max_tokens": 2},
     "max_tokens must hold the vocabulary and its special numbers", "max_tokens"),
    ("IntegerLookup", [(3,)], {"vocabulary": [1, 2], "output_mode": "tf_idf"},
     "idf_weights must be given for output_mode 'tf_idf', and only then", "idf_weights"),
    ("RandomBrightness", [PICTURE], {"factor": 0.1, "value_range": [1, 0]}, "value_range must ascend", "value_range"),
    ("RandomHue", [(8, 8, 1)], {"factor": 0.1}, "the picture must have 3 channels: red, green, blue", None),
    ("RandomCrop", [(None, 8, 3)], {"height": 4, "width": 4}, "the picture's size must be known", None),
    ("RandomGaussianBlur", [PICTURE], {"kernel_size": 4}, "kernel_size must be odd", "kernel_size"),
]  # fmt: skip


@pytest.mark.parametrize(("type", "inputs", "params", "rule", "param"), RULES)
def test_a_layer_refuses_in_these_words(
    type: str, inputs: list[Any], params: dict[str, Any], rule: str, param: str | None
) -> None:
    problems = check(one_layer(CATALOGUE[type], inputs, params))
    assert [(p.rule, p.where.layer, p.where.param) for p in problems] == [(rule, "it", param)]
