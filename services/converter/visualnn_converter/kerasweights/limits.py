"""What an HDF5 file of weights may have."""

MAX_OBJECTS = 200_000
"""Groups and datasets of a file."""
MAX_DEPTH = 64
"""Groups within groups."""
LARGEST_TEXT = 32 * 2**20
"""Bytes of an attribute: the configuration of a model."""
DENSEST = 1100
"""What deflate can make of one byte, at most."""
MEMORY = 8 * 2**30
"""Bytes of address space of the process that opens the file."""
READ_TEXTS = ("model_config", "keras_version", "backend", "layer_names", "weight_names")
"""Attributes that are read; a long list is split by Keras: weight_names0, weight_names1, ..."""
UNREAD = ("optimizer", "optimizer_weights")
"""Groups whose tensors are no weights of layers."""
