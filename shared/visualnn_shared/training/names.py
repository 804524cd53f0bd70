"""The names that a recipe may use. Nothing is imported, so that a command line can list them at once."""

from typing import Literal

OptimizerName = Literal[
    "sgd", "rmsprop", "adam", "adamw", "adagrad", "adadelta", "adamax", "nadam", "ftrl", "lion", "lbfgs"
]
Precision = Literal["float32", "mixed_float16", "mixed_bfloat16"]
Loss = Literal[
    "categorical_crossentropy",
    "sparse_categorical_crossentropy",
    "binary_crossentropy",
    "mse",
    "mae",
    "huber",
    "hinge",
    "squared_hinge",
    "categorical_hinge",
    "kl_divergence",
    "poisson",
    "cosine_similarity",
    "multiclass_hinge",
    "contrastive",
    "ctc",
]
Metric = Literal["accuracy", "mse", "mae", "auc", "precision", "recall", "top_5_accuracy"]
Device = Literal["cpu", "gpu", "any"]
EvaluatedSplit = Literal["train", "test", "all"]
ExportFormat = Literal["savedmodel"]
