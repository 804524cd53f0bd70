"""What is particular to Caffe: the messages of layer types, the old type names, sources and heads.

Names are those of Caffe's schema, ``caffe.proto``.
"""

from collections.abc import Mapping

PARAMS: Mapping[str, str] = {
    "AbsVal": "",
    "ArgMax": "argmax_param",
    "BatchNorm": "batch_norm_param",
    "Bias": "bias_param",
    "BNLL": "",
    "Clip": "clip_param",
    "Concat": "concat_param",
    "Convolution": "convolution_param",
    "ConvolutionDepthwise": "convolution_param",
    "Crop": "crop_param",
    "Deconvolution": "convolution_param",
    "DepthWiseConvolution": "convolution_param",
    "DepthwiseConvolution": "convolution_param",
    "Dropout": "dropout_param",
    "ELU": "elu_param",
    "Eltwise": "eltwise_param",
    "Embed": "embed_param",
    "Exp": "exp_param",
    "Flatten": "flatten_param",
    "Im2col": "convolution_param",
    "InnerProduct": "inner_product_param",
    "Input": "input_param",
    "LRN": "lrn_param",
    "LSTM": "recurrent_param",
    "Log": "log_param",
    "MVN": "mvn_param",
    "PReLU": "prelu_param",
    "Parameter": "parameter_param",
    "Pooling": "pooling_param",
    "Power": "power_param",
    "RNN": "recurrent_param",
    "ReLU": "relu_param",
    "Reduction": "reduction_param",
    "Reshape": "reshape_param",
    "SPP": "spp_param",
    "Scale": "scale_param",
    "Sigmoid": "sigmoid_param",
    "Slice": "slice_param",
    "Softmax": "softmax_param",
    "Swish": "swish_param",
    "TanH": "tanh_param",
    "Threshold": "threshold_param",
    "Split": "",
    "Tile": "tile_param",
}
"""Layer type -> the message of its parameters."""

OLD_TYPES: Mapping[str, str] = {
    "ABSVAL": "AbsVal", "ACCURACY": "Accuracy", "ARGMAX": "ArgMax", "BNLL": "BNLL", "CONCAT": "Concat",
    "CONTRASTIVE_LOSS": "ContrastiveLoss", "CONVOLUTION": "Convolution", "DATA": "Data",
    "DECONVOLUTION": "Deconvolution",
    "DROPOUT": "Dropout", "DUMMY_DATA": "DummyData", "ELTWISE": "Eltwise", "EUCLIDEAN_LOSS": "EuclideanLoss",
    "EXP": "Exp", "FLATTEN": "Flatten", "HDF5_DATA": "HDF5Data", "HDF5_OUTPUT": "HDF5Output",
    "HINGE_LOSS": "HingeLoss", "IM2COL": "Im2col", "IMAGE_DATA": "ImageData", "INFOGAIN_LOSS": "InfogainLoss",
    "INNER_PRODUCT": "InnerProduct", "LRN": "LRN", "MEMORY_DATA": "MemoryData", "MVN": "MVN",
    "MULTINOMIAL_LOGISTIC_LOSS": "MultinomialLogisticLoss", "POOLING": "Pooling", "POWER": "Power", "RELU": "ReLU",
    "SIGMOID": "Sigmoid", "SIGMOID_CROSS_ENTROPY_LOSS": "SigmoidCrossEntropyLoss", "SILENCE": "Silence",
    "SLICE": "Slice", "SOFTMAX": "Softmax", "SOFTMAX_LOSS": "SoftmaxWithLoss", "SPLIT": "Split", "TANH": "TanH",
    "THRESHOLD": "Threshold", "WINDOW_DATA": "WindowData",
}  # fmt: skip
"""Enum value of ``layers { type: ... }`` -> the name that ``layer { type: "..." }`` has."""

SOURCES = frozenset({"Data", "ImageData", "HDF5Data", "MemoryData", "WindowData", "DummyData", "AnnotatedData"})
"""Layers that read samples; the second top is the label."""

HEADS: Mapping[str, tuple[str, str]] = {
    "SoftmaxWithLoss": ("Softmax", "categorical cross-entropy"),
    "SigmoidCrossEntropyLoss": ("Sigmoid", "binary cross-entropy"),
}
"""Loss -> the layer that the net keeps in its place, and the loss to train with."""

LOSSES: Mapping[str, str] = {
    "EuclideanLoss": "mean squared error (mse)",
    "HingeLoss": "hinge",
    "MultinomialLogisticLoss": "categorical cross-entropy: what comes before it are shares already",
    "InfogainLoss": "categorical cross-entropy, weighted by Caffe's infogain matrix, which is no part of the file",
    "ContrastiveLoss": "contrastive loss over the distance of two outputs, with the margin of the file",
}
"""Loss on what the net gives as it is -> the loss to train with."""

MEASURES = frozenset({"Accuracy", "HDF5Output", "Silence"})
"""Layers that measure or end: no part of the net."""

ELEMENTWISE = frozenset({"ReLU", "Dropout", "TanH", "Sigmoid", "ELU", "Exp", "BNLL", "Swish"})
"""Layers that treat each value by itself."""

TRAINING_FIELDS = ("blobs", "blobs_lr", "weight_decay", "loss_weight", "propagate_down", "phase", "include", "exclude")
"""Fields of a layer that steer training or place it in a phase."""
