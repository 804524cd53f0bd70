"""Dropout of whole channels of sequences, pictures and volumes."""

from visualnn_shared.catalogue.common import SEED
from visualnn_shared.catalogue.entry import Example, Param
from visualnn_shared.catalogue.keras_maps import keras
from visualnn_shared.catalogue.kinds import Float
from visualnn_shared.catalogue.lenses import At, Map, Training
from visualnn_shared.catalogue.registry import layer
from visualnn_shared.catalogue.tensorflow_maps import tensorflow_passes_on
from visualnn_shared.catalogue.window_params import SUBJECT
from visualnn_shared.catalogue.windows import spatial_same

for _rank, _shape in {1: (32, 8), 2: (8, 8, 4), 3: (4, 4, 4, 2)}.items():
    layer(
        f"SpatialDropout{_rank}D",
        doc=f"Sets whole channels of a {SUBJECT[_rank]} to zero while training, and scales the others up.",
        group="noise",
        params=[Param("rate", Float(0, 1), doc="Share of the channels that is dropped."), SEED],
        shape=spatial_same(_rank),
        layout="spatial",
        maps={
            "keras": [keras(f"SpatialDropout{_rank}D")],
            "onnx": [Map("Identity", [Training(("rate", "seed"))], reads=False)],
            "torch": [Map(f"nn.Dropout{_rank}d", [At("rate", "p"), Training(("seed",))])],
            "tensorflow": tensorflow_passes_on("rate", "seed"),
        },
        example=Example((_shape,), {"rate": 0.5}),
    )
