"""Dense layers, embeddings, and layers that pass their input on outside training."""

import numpy as np

from visualnn_shared.catalogue.einsum import terms
from visualnn_shared.reference.calling import Array, Call, Refused, forward
from visualnn_shared.reference.layers.functions import activated


@forward("Dense")
def dense(c: Call) -> Array:
    """activation(x @ kernel + bias) along the last axis."""
    return activated(c.biased(c.x @ c.w["kernel"]), c.p["activation"])


@forward("EinsumDense")
def einsum_dense(c: Call) -> Array:
    """activation(the Einstein sum of x and the kernel + a bias along the output's letters ``bias_axes``)."""
    found: Array = np.einsum(c.p["equation"], c.x, c.w["kernel"])
    if "bias" in c.w:
        output = terms(c.p["equation"]).output  # type: ignore[union-attr]
        bias = c.w["bias"]
        behind = c.p["equation"].endswith("...")
        sizes = iter(bias.shape)
        shape = [next(sizes) if letter in c.p["bias_axes"] else 1 for letter in output]
        extra = found.ndim - len(output)
        found = found + bias.reshape([*shape, *[1] * extra] if behind else [*[1] * extra, *shape])
    return activated(found, c.p["activation"])


@forward("Embedding")
def embedding(c: Call) -> Array:
    """The row of each number."""
    rows = c.x.astype(np.int64)
    if rows.size and not 0 <= rows.min() <= rows.max() < len(c.w["embeddings"]):
        raise Refused("numbers must be from 0 to input_dim - 1")
    found: Array = c.w["embeddings"][rows]
    return found


@forward("Masking")
def masking(c: Call) -> Array:
    """Steps whose values all equal ``mask_value`` become 0."""
    found: Array = np.where(np.any(c.x != c.p["mask_value"], -1, keepdims=True), c.x, 0)
    return found


@forward(
    "Identity", "Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "GaussianNoise",
    "GaussianDropout", "AlphaDropout", "ActivityRegularization", "StochasticDepth",
)  # fmt: skip
def same(c: Call) -> Array:
    """Outside training the input itself."""
    return c.x


@forward(
    "RandomBrightness", "RandomContrast", "RandomColorDegeneration", "RandomSaturation", "RandomHue",
    "RandomColorJitter", "RandomGrayscale", "RandomInvert", "RandomPosterization", "RandomSharpness", "Solarization",
    "Equalization", "RandomFlip", "RandomRotation", "RandomTranslation", "RandomZoom", "RandomShear",
    "RandomPerspective", "RandomElasticTransform", "RandomErasing", "RandomGaussianBlur", "RandAugment", "AugMix",
)  # fmt: skip
def unchanged(c: Call) -> Array:
    """Augmentation changes pictures in training only."""
    return c.x
