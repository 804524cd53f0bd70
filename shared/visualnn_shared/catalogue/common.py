"""Parameters that many layers have, under Keras' names."""

from visualnn_shared.catalogue.entry import Param, Weight
from visualnn_shared.catalogue.kinds import Bool, Float, Int, ListOf, Optional
from visualnn_shared.catalogue.named import ACTIVATION, ACTIVITY_REGULARIZER, CONSTRAINT, INITIALIZER, REGULARIZER

USE_BIAS = Param("use_bias", Bool(), True, "Whether a bias vector is added.")
EPSILON = Param("epsilon", Float(0), 1e-3, "Small number added to the variance so that nothing is divided by zero.")
SEED = Param("seed", Optional(Int(0)), None, "Seed of the layer's random numbers; null draws one.")
NOISE_SHAPE = Param(
    "noise_shape", Optional(ListOf(Optional(Int(1)), 1)), None,
    "Shape of the mask with the batch first: 1 drops a whole axis together, null follows the input.",
)  # fmt: skip


def activation(default: str = "linear", doc: str = "Function applied to the output.") -> Param:
    return Param("activation", ACTIVATION, default, doc)


def variable(name: str, initializer: str) -> list[Param]:
    """Initializer, regularizer and constraint of a variable: ``kernel_initializer``, ``kernel_regularizer``, ..."""
    return [
        Param(f"{name}_initializer", INITIALIZER, initializer, f"How {name} starts."),
        Param(f"{name}_regularizer", REGULARIZER, None, f"Penalty on {name} that training adds to the loss."),
        Param(f"{name}_constraint", CONSTRAINT, None, f"What {name} is projected onto after each training step."),
    ]


ACTIVITY = Param(
    "activity_regularizer", ACTIVITY_REGULARIZER, None,
    "Penalty on the layer's output that training adds to the loss.",
)  # fmt: skip
KERNEL_AND_BIAS = [*variable("kernel", "glorot_uniform"), *variable("bias", "zeros"), ACTIVITY]


def bias(units: str) -> Weight:
    """One value for each of ``units``, where ``use_bias`` is true."""
    return Weight("bias", lambda p, _ins: (p[units],), when="use_bias", initializer="bias_initializer")
