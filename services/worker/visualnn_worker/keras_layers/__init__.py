"""Layers that specs know and Keras does not, written with ``keras.ops`` so that every backend runs them.

They are registered under ``visualnn>Name``: a ``.keras`` file that holds one loads wherever this package is imported.
"""

from visualnn_worker.keras_layers.affine import BiasAdd, Scale
from visualnn_worker.keras_layers.lrn import LRN
from visualnn_worker.keras_layers.merge import WeightedSum
from visualnn_worker.keras_layers.pooling import AveragePooling2D, MaxPooling2D

__all__ = ["LRN", "AveragePooling2D", "BiasAdd", "MaxPooling2D", "Scale", "WeightedSum"]
