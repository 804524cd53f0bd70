"""Layers of several operators with parameters other than those of their examples: type, input shapes, parameters."""

from typing import Any

STEPS, PICTURE, ROWS = (6, 5), (9, 8, 6), (8,)
RNN: list[dict[str, Any]] = [
    {"units": 4, **more}
    for more in (
        {}, {"return_sequences": True}, {"go_backwards": True}, {"use_bias": False},
        {"return_sequences": True, "go_backwards": True}, {"return_sequences": True, "return_state": True},
        {"activation": "relu"}, {"activation": "linear"}, {"activation": "elu"}, {"activation": "softsign"},
        {"activation": "softplus"}, {"activation": "leaky_relu"}, {"activation": "gelu"},
        {"activation": "silu", "return_sequences": True, "return_state": True, "go_backwards": True},
    )
]  # fmt: skip
GATED = [{"recurrent_activation": "hard_sigmoid"}, {"recurrent_activation": "relu6", "return_sequences": True}]


def _both(type: str, **params: Any) -> list[dict[str, Any]]:
    """Each merge mode, of one node and of two."""
    return [
        {"layer": {"type": type, "params": {"units": 3, **params, **more}}, "merge_mode": mode}
        for mode in ("concat", "sum", "mul", "ave", None)
        for more in ({}, {"return_sequences": True, "return_state": True})
    ] + [
        {"layer": {"type": type, "params": {"units": 3, **params, "activation": "gelu"}}},
    ]


def _inner(type: str, **params: Any) -> dict[str, Any]:
    return {"layer": {"type": type, "params": params}}


HEADS: list[dict[str, Any]] = [
    {"num_heads": 2, "key_dim": 3, **more}
    for more in ({}, {"value_dim": 4}, {"output_shape": [2, 3]}, {"use_bias": False},
                 {"use_gate": True, "value_dim": 5}, {"sliding_window": 2}, {"sliding_window": 2, "dropout": 0.5})
]  # fmt: skip
AXES: list[dict[str, Any]] = [
    {"num_heads": 2, "key_dim": 3, **more}
    for more in ({}, {"attention_axes": [1]}, {"attention_axes": [2]}, {"attention_axes": [2, 1], "use_gate": True})
]
GROUPED: list[dict[str, Any]] = [
    {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2, **more}
    for more in ({}, {"use_bias": False}, {"use_gate": True}, {"sliding_window": 2}, {"num_key_value_heads": 1})
]
SEPARABLE: list[dict[str, Any]] = [
    {"filters": 4, "kernel_size": 3, **more}
    for more in ({}, {"padding": "same", "strides": 2}, {"depth_multiplier": 3, "activation": "relu"},
                 {"dilation_rate": 2, "use_bias": False})
]  # fmt: skip
RESIZED: list[dict[str, Any]] = [
    {"height": height, "width": width, "interpolation": how, **more}
    for how in ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", "area")
    for height, width, more in (
        (4, 5, {}), (18, 11, {}), (4, 5, {"antialias": True}), (4, 11, {"crop_to_aspect_ratio": True}),
        (4, 11, {"pad_to_aspect_ratio": True, "fill_value": 2.0}),
    )
]  # fmt: skip
WORDS = {"vocabulary": [3, 1, 4]}
LOOKUPS: list[dict[str, Any]] = [
    {**WORDS, **more}
    for more in (
        {}, {"num_oov_indices": 3}, {"mask_token": 2}, {"mask_token": 2, "num_oov_indices": 2}, {"invert": True},
        {"invert": True, "mask_token": 0}, {"output_mode": "one_hot", "mask_token": 2}, {"output_mode": "multi_hot"},
        {"output_mode": "count", "max_tokens": 9, "pad_to_max_tokens": True},
        {"output_mode": "tf_idf", "idf_weights": [0.1, 0.5, 0.9]},
        {"output_mode": "tf_idf", "idf_weights": [0.1, 0.5, 0.9], "max_tokens": 9, "pad_to_max_tokens": True},
    )
]  # fmt: skip
SPECTRA: list[dict[str, Any]] = [
    {"frame_length": 16, "mode": mode, **more}
    for mode in ("log", "magnitude", "psd", "real", "imag", "angle", "stft")
    for more in ({}, {"expand_dims": True, "padding": "same", "frame_step": 5})
]
MEL: list[dict[str, Any]] = [
    {"fft_length": 16, "sequence_stride": 8, "num_mel_bins": 4, **more}
    for more in ({"window": None}, {"window": "hamming", "sequence_length": 10}, {"power_to_db": False, "mag_exp": 1.0},
                 {"max_freq": 4000.0, "min_freq": 100.0, "top_db": 10.0, "ref_power": 2.0})
]  # fmt: skip
CONVOLVED: list[dict[str, Any]] = [
    {"filters": 3, "kernel_size": 3, **more}
    for more in (
        {"return_sequences": True, "return_state": True}, {"padding": "same", "strides": 2},
        {"dilation_rate": 2, "go_backwards": True, "return_sequences": True},
        {"use_bias": False, "activation": "softmax", "padding": "same", "kernel_size": 2},
    )
]  # fmt: skip

Family = tuple[str, list[tuple[int | None, ...]], list[dict[str, Any]]]
FAMILIES: dict[str, Family] = {
    "SimpleRNN": ("SimpleRNN", [STEPS], RNN),
    "GRU": ("GRU", [STEPS], [*RNN, *({"units": 4, **more} for more in GATED)]),
    "GRU that resets before the product": ("GRU", [STEPS], [{**params, "reset_after": False} for params in RNN]),
    "LSTM": ("LSTM", [STEPS], [*RNN, *({"units": 4, **more} for more in GATED)]),
    "SimpleRNN from a state": ("SimpleRNN", [STEPS, (4,)], RNN[:2] + RNN[-2:]),
    "GRU from a state": ("GRU", [STEPS, (4,)], RNN[:2] + RNN[-2:]),
    "LSTM from states": ("LSTM", [STEPS, (4,), (4,)], [RNN[3], *RNN[-2:]]),
    "GRU of free length": ("GRU", [(None, 5)], RNN[:2] + RNN[-2:]),
    "both directions of SimpleRNN": ("Bidirectional", [STEPS], _both("SimpleRNN")),
    "both directions of GRU": ("Bidirectional", [STEPS], _both("GRU")),
    "both directions of LSTM": ("Bidirectional", [STEPS], _both("LSTM")),
    "both directions from states": (
        "Bidirectional", [STEPS, (3,), (3,)], [_inner("GRU", units=3), _inner("GRU", units=3, activation="gelu")],
    ),
    "both directions of LSTM from states": (
        "Bidirectional", [STEPS, (3,), (3,), (3,), (3,)], [_inner("LSTM", units=3, use_bias=False)],
    ),
    "unlike directions": ("Bidirectional", [STEPS], [
        _inner("GRU", units=3, reset_after=False),
        {**_inner("GRU", units=3, return_sequences=True), "backward_layer": {
            "type": "LSTM", "params": {"units": 3, "return_sequences": True, "go_backwards": True}}},
        {**_inner("LSTM", units=3, return_sequences=True, go_backwards=True), "backward_layer": {
            "type": "LSTM", "params": {"units": 3, "return_sequences": True}}},
    ]),
    "both directions of pictures": ("Bidirectional", [(4, 6, 6, 2)], [
        _inner("ConvLSTM2D", filters=3, kernel_size=3, return_sequences=True),
        _inner("ConvLSTM2D", filters=3, kernel_size=3),
    ]),
    "ConvLSTM2D": ("ConvLSTM2D", [(4, 7, 6, 2)], CONVOLVED),
    "ConvLSTM2D from states": ("ConvLSTM2D", [(4, 7, 6, 2), (5, 4, 3), (5, 4, 3)], [{"filters": 3, "kernel_size": 3}]),
    "ConvLSTM1D of free length": ("ConvLSTM1D", [(None, 7, 2)], CONVOLVED[:1]),
    "each step": ("TimeDistributed", [(4, 6, 5)], [
        _inner("Dense", units=3, activation="relu"), _inner("LSTM", units=3), _inner("Flatten"),
        _inner("BatchNormalization"), _inner("TimeDistributed", **_inner("Dense", units=2)),
        _inner("Bidirectional", **_inner("GRU", units=2)),
    ]),
    "each step of a free number": ("TimeDistributed", [(None, None, None, 2)], [
        _inner("Conv2D", filters=3, kernel_size=3, activation="softmax"),
    ]),
    "SeparableConv2D": ("SeparableConv2D", [PICTURE], [*SEPARABLE, {**SEPARABLE[0], "padding": [[1, 2], [0, 1]]}]),
    "SeparableConv1D": ("SeparableConv1D", [(9, 6)], SEPARABLE),
    "SeparableConv2D of a free size": ("SeparableConv2D", [(None, None, 6)], SEPARABLE[1:2]),
    "LocallyConnected2D": ("LocallyConnected2D", [PICTURE], [
        {"filters": 4, "kernel_size": [3, 2], "activation": "relu"},
        {"filters": 2, "kernel_size": 3, "strides": 2, "use_bias": False},
    ]),
    "Cropping1D": ("Cropping1D", [(None, 4)], [{"cropping": [1, 2]}, {"cropping": [0, 1]}, {"cropping": 0}]),
    "Resizing": ("Resizing", [PICTURE], RESIZED),
    "Resizing of a free size": ("Resizing", [(None, None, 3)], [
        {"height": 4, "width": 5}, {"height": 4, "width": 5, "interpolation": "nearest"},
    ]),
    "UpSampling2D": ("UpSampling2D", [PICTURE], [
        {"size": [2, 3], "interpolation": how} for how in ("bicubic", "lanczos3", "lanczos5")
    ]),
    "CenterCrop": ("CenterCrop", [(16, 12, 3)], [
        {"height": 8, "width": 7}, {"height": 16, "width": 12}, {"height": 20, "width": 8}, {"height": 7, "width": 20},
    ]),
    "AutoContrast": ("AutoContrast", [(5, 5, 3)], [{"value_range": [0, 1]}]),
    **{f"Adaptive{how}Pooling2D": (f"Adaptive{how}Pooling2D", [PICTURE], [
        {"output_size": [4, 3]}, {"output_size": [3, 4]}, {"output_size": 1}, {"output_size": [12, 5]},
    ]) for how in ("Average", "Max")},
    "AdaptiveAveragePooling3D": ("AdaptiveAveragePooling3D", [(5, 6, 7, 2)], [{"output_size": [2, 3, 4]}]),
    "SpatialPyramidPooling": ("SpatialPyramidPooling", [(7, 9, 3)], [{"bins": [1, 3], "pool": "average"}]),
    "SpatialPyramidPooling of a free size": ("SpatialPyramidPooling", [(None, None, 3)], [{"bins": [1, 2, 3]}]),
    "SPP": ("SPP", [(12, 10, 4)], [{"pyramid_height": 2}, {"pyramid_height": 2, "pool": "AVE"}]),
    "Im2col": ("Im2col", [(9, 8, 3)], [
        {"kernel_size": [3, 2], "strides": [2, 1], "padding": "same"},
        {"kernel_size": 2, "padding": [[1, 0], [0, 2]], "dilation_rate": 2},
    ]),
    "L2NormPooling2D": ("L2NormPooling2D", [(9, 8, 3)], [
        {"pool_size": 3, "strides": 2, "padding": "same"}, {"pool_size": 3, "padding": [[1, 1], [0, 2]]},
    ]),
    "GroupNormalization": ("GroupNormalization", [PICTURE], [
        {"groups": 3}, {"groups": -1}, {"groups": 3, "axis": 1}, {"groups": 2, "axis": 2, "scale": False},
        {"groups": 1, "center": False, "epsilon": 0.1},
    ]),
    "GroupNormalization of rows": ("GroupNormalization", [(12,)], [{"groups": 3}]),
    "RMSNormalization": ("RMSNormalization", [PICTURE], [{"axis": [-2, -1]}, {"epsilon": 0.1}]),
    "UnitNormalization": ("UnitNormalization", [PICTURE], [{"axis": 1}, {"axis": [1, 2]}]),
    "Rescaling": ("Rescaling", [PICTURE], [{"scale": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], "offset": [0.0] * 5 + [1.0]}]),
    "Normalization": ("Normalization", [PICTURE], [
        {"axis": [1, 3]}, {"axis": None, "mean": 2.0, "variance": 3.0}, {"invert": True},
        {"mean": [1.0] * 6, "variance": [0.5] * 6, "invert": True}, {"axis": [1, 3], "mean": 1.0, "variance": 2.0},
    ]),
    "MVN": ("MVN", [PICTURE], [{"normalize_variance": False}, {"across_channels": True, "eps": 1e-3}]),
    "Attention": ("Attention", [STEPS, (7, 4), (7, 5)], [
        {}, {"use_scale": True}, {"score_mode": "concat"}, {"score_mode": "concat", "use_scale": True},
    ]),
    "Attention of free lengths": ("Attention", [(None, 5), (None, 5)], [{}]),
    "AdditiveAttention": ("AdditiveAttention", [STEPS, (7, 4), (7, 5)], [{}, {"use_scale": False}]),
    "MultiHeadAttention": ("MultiHeadAttention", [STEPS, (7, 4), (7, 3)], HEADS),
    "MultiHeadAttention of free lengths": ("MultiHeadAttention", [(None, 5), (None, 5)], HEADS[2:]),
    "MultiHeadAttention along other axes": ("MultiHeadAttention", [(4, 6, 5), (4, 6, 5)], AXES),
    "MultiHeadAttention along free axes": ("MultiHeadAttention", [(None, None, 5), (None, None, 5)], AXES[:1]),
    "GroupQueryAttention": ("GroupQueryAttention", [STEPS, (7, 5), (7, 4)], GROUPED),
    "Power": ("Power", [ROWS], [{}, {"power": 3.0, "scale": 2.0}, {"shift": 1.0, "scale": 0.0, "power": 0.5}]),
    "Exp": ("Exp", [ROWS], [{}, {"base": 2.0, "scale": 0.5, "shift": 1.0}]),
    "Log": ("Log", [ROWS], [{"base": 10.0, "scale": 0.01, "shift": 4.0}]),
    "Reduction": ("Reduction", [PICTURE], [
        {"operation": operation, **more} for operation in ("SUM", "ASUM", "SUMSQ", "MEAN")
        for more in ({}, {"axis": [1, 3], "coeff": 2.0}, {"axis": -1})
    ]),
    "ArgMax": ("ArgMax", [PICTURE], [
        {}, {"top_k": 3, "out_max_val": True}, {"axis": 1, "top_k": 2}, {"axis": -1, "out_max_val": True},
    ]),
    "Crop": ("Crop", [(9, 9, 4), (5, 6, 4)], [{"axis": [1, 2, 3], "offset": [1, 2, 0]}, {"axis": 1, "offset": 3}]),
    "Slice": ("Slice", [PICTURE], [{"slice_points": [2, 3]}, {"slice_points": [4], "axis": 1}]),
    "Slice of a free length": ("Slice", [(None, 6)], [{"slice_points": [2], "axis": 1}, {"slice_points": [1, 4]}]),
    "Tile": ("Tile", [PICTURE], [{"tiles": 3, "axis": 1}]),
    "Parameter": ("Parameter", [(5, 3)], [{"shape": [1]}]),
    "Dot": ("Dot", [STEPS, (6, 5)], [
        {"axes": -1, "normalize": True}, {"axes": 1, "normalize": True}, {"axes": 2}, {"axes": 1},
    ]),
    "Dot of rows": ("Dot", [ROWS, ROWS], [{"axes": 1}, {"axes": 1, "normalize": True}]),
    "EinsumDense": ("EinsumDense", [(10, 5)], [
        {"equation": "abc,cd->abd", "output_shape": [10, 8], "bias_axes": "d", "activation": "relu"},
        {"equation": "abc,bd->adc", "output_shape": [8, 5], "bias_axes": "d"},
        {"equation": "...x,xy->...y", "output_shape": [8], "bias_axes": "y"},
        {"equation": "ab...,bc->ac...", "output_shape": [8], "bias_axes": None},
        {"equation": "abc,cde->abde", "output_shape": [10, 2, 3], "bias_axes": "be"},
    ]),
    "Highway": ("Highway", [(4, 6)], [{"activation": "softmax"}, {"use_bias": False}]),
    "Maxout": ("Maxout", [(4, 6)], [{"units": 3}, {"units": 2, "pieces": 5, "use_bias": False}]),
    "HierarchicalSoftmax": ("HierarchicalSoftmax", [(4, 6)], [
        {"classes": 8, "classes_per_cluster": 4, "use_bias": False}, {"classes": 3, "classes_per_cluster": 1},
        {"classes": 3, "classes_per_cluster": 5},
    ]),
    "Discretization": ("Discretization", [(8,)], [
        {"bin_boundaries": [-1.0, 0.0, 1.0], "output_mode": mode} for mode in ("one_hot", "multi_hot", "count")
    ]),
    "STFTSpectrogram": ("STFTSpectrogram", [(64, 2)], SPECTRA),
    "STFTSpectrogram of a free length": ("STFTSpectrogram", [(None, 1)], [
        {"frame_length": 16, "fft_length": 32, "padding": "same"},
    ]),
    "MelSpectrogram": ("MelSpectrogram", [(64,)], MEL),
    "activations of several operators": ("Activation", [STEPS], [
        {"activation": name} for name in ("squareplus", "sparse_plus", "sparsemax")
    ]),
}  # fmt: skip
NUMBERS: dict[str, Family] = {
    "IntegerLookup": ("IntegerLookup", [(4,)], LOOKUPS),
    "CategoryEncoding": ("CategoryEncoding", [(4,)], [
        {"num_tokens": 6, "output_mode": mode} for mode in ("one_hot", "multi_hot", "count")
    ]),
    "CategoryEncoding of single numbers": ("CategoryEncoding", [(3, 1)], [{"num_tokens": 6, "output_mode": "one_hot"}]),
    "Cropping1D of numbers": ("Cropping1D", [(6, 4)], [{"cropping": [1, 2]}]),
    "Tile of numbers": ("Tile", [(3,)], [{"tiles": 2}]),
}  # fmt: skip
BEHIND: list[tuple[str, dict[str, Any]]] = [
    ("GroupNormalization", {"groups": 2}), ("RMSNormalization", {"axis": [2, 3]}),
    ("UnitNormalization", {"axis": [2, 3]}),
    ("MVN", {}), ("LayerScale", {}), ("Rescaling", {"scale": [1.0, 2.0, 3.0, 4.0], "offset": 2.0}),
    ("Normalization", {"axis": [1, 3]}), ("SeparableConv2D", {"filters": 4, "kernel_size": 3}),
    ("Cropping2D", {"cropping": [[0, 1], [2, 0]]}), ("CenterCrop", {"height": 3, "width": 3}),
    ("AdaptiveMaxPooling2D", {"output_size": [4, 3]}), ("SpatialPyramidPooling", {}), ("SPP", {"pyramid_height": 2}),
    ("Reduction", {"axis": 1}), ("Reduction", {"operation": "MEAN", "axis": [1, -1]}),
    ("ArgMax", {"axis": -1, "top_k": 2}),
    ("ArgMax", {"top_k": 2}), ("Slice", {"slice_points": [1]}), ("Split", {"outputs": 3}), ("Tile", {"tiles": 2}),
    ("Highway", {}), ("Activation", {"activation": "sparsemax"}),
]  # fmt: skip
"""What sees the output of a convolution, whose channels come first in the file."""
