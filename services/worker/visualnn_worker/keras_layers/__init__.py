"""Layers that specs know and Keras does not, written with ``keras.ops`` so that every backend runs them.

They are registered under ``visualnn>Name``: a ``.keras`` file that holds one loads wherever this package is imported.
"""

from visualnn_worker.keras_layers.affine import BiasAdd, Scale
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

__all__ = [
    "LRN",
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "BiasAdd",
    "LocallyConnected1D",
    "LocallyConnected2D",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
    "Scale",
    "WeightedSum",
]
