"""Layers that Keras 1 and 2 had, or that people's files hold under a known name, and Keras 3 lacks: read only."""

from visualnn_shared.catalogue.keras_maps import keras
from visualnn_shared.catalogue.lenses import At, Drop, Harmless, Map
from visualnn_shared.catalogue.mapping import Index, build_index, index
from visualnn_shared.catalogue.registry import CATALOGUE

_TABLE = (
    ("Highway", keras("Highway")),
    ("Maxout", keras("Maxout")),
    *((f"LocallyConnected{rank}D", keras(f"LocallyConnected{rank}D", Harmless("padding", ("valid",)),
                                         Drop(("implementation",)))) for rank in (1, 2)),
    ("LRN", Map("LRN", [
        At("alpha", "alpha", 1e-4), At("k", "k", 2), At("beta", "beta", 0.75), At("local_size", "n", 5),
        Drop(("trainable",)),
    ])),
)  # fmt: skip
GUESSED = {"LRN": "a class of the file's author, read as what goes by this name: alpha is divided by n"}
"""Classes that Keras never had, with what the report says of them."""


def older() -> Index:
    """The maps of every Keras."""
    return {**index("keras"), **build_index((CATALOGUE[type], found) for type, found in _TABLE)}
