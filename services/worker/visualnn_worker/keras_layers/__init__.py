"""Layers that specs know and Keras does not, written with ``keras.ops`` so that every backend runs them.

They are registered under ``visualnn>Name``: a ``.keras`` file that holds one loads wherever this package is imported.
"""

from visualnn_worker.keras_layers.adaptive import AdaptiveAveragePooling, AdaptiveMaxPooling
from visualnn_worker.keras_layers.affine import BiasAdd, Scale
from visualnn_worker.keras_layers.augmentation import Equalization, RandomCrop
from visualnn_worker.keras_layers.caffe_math import (
    BNLL,
    MVN,
    AbsVal,
    ArgMax,
    Clip,
    Exp,
    Log,
    Power,
    Reduction,
    Threshold,
)
from visualnn_worker.keras_layers.caffe_shape import SPP, Crop, Im2col, Parameter, Slice, Split, Tile
from visualnn_worker.keras_layers.local import LocallyConnected1D, LocallyConnected2D
from visualnn_worker.keras_layers.lrn import LRN
from visualnn_worker.keras_layers.merge import WeightedSum
from visualnn_worker.keras_layers.pooling import (
    AveragePooling1D,
    AveragePooling2D,
    AveragePooling3D,
    MaxPooling1D,
    MaxPooling2D,
    MaxPooling3D,
)
from visualnn_worker.keras_layers.pyramid import L2NormPooling2D, SpatialPyramidPooling
from visualnn_worker.keras_layers.taught import HierarchicalSoftmax, Highway, LayerScale, Maxout, StochasticDepth

__all__ = [
    "BNLL",
    "LRN",
    "MVN",
    "SPP",
    "AbsVal",
    "AdaptiveAveragePooling",
    "AdaptiveMaxPooling",
    "ArgMax",
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "BiasAdd",
    "Clip",
    "Crop",
    "Equalization",
    "Exp",
    "HierarchicalSoftmax",
    "Highway",
    "Im2col",
    "L2NormPooling2D",
    "LayerScale",
    "LocallyConnected1D",
    "LocallyConnected2D",
    "Log",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
    "Maxout",
    "Parameter",
    "Power",
    "RandomCrop",
    "Reduction",
    "Scale",
    "Slice",
    "SpatialPyramidPooling",
    "Split",
    "StochasticDepth",
    "Threshold",
    "Tile",
    "WeightedSum",
]
