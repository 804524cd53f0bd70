"""Values as they are, elsewhere: reshaped, turned, repeated, padded, cut."""

import numpy as np

from visualnn_shared.reference.calling import Array, Call, forward
from visualnn_shared.reference.layers.resizing import resized
from visualnn_shared.reference.layers.windows import padded


@forward("Flatten")
def flatten(c: Call) -> Array:
    """(batch, all values), in row-major order."""
    return c.x.reshape(len(c.x), -1)


@forward("Reshape")
def reshape(c: Call) -> Array:
    """(batch, *target_shape); -1 stands for what is left."""
    return c.x.reshape(len(c.x), *c.p["target_shape"])


@forward("Permute")
def permute(c: Call) -> Array:
    """The axes in the order ``dims``, counted from 1."""
    return c.x.transpose(0, *c.p["dims"])


@forward("RepeatVector")
def repeat_vector(c: Call) -> Array:
    """The vector ``n`` times: (batch, n, features)."""
    return np.repeat(c.x[:, None], c.p["n"], 1)


@forward("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D")
def zero_padding(c: Call) -> Array:
    """Zeros around the spatial axes."""
    return padded(c.x, _sides(c.p["padding"]))


@forward("Cropping1D", "Cropping2D", "Cropping3D")
def cropping(c: Call) -> Array:
    """Less cells at both ends of the spatial axes."""
    ends = zip(_sides(c.p["cropping"]), c.x.shape[1:-1], strict=True)
    return c.x[(slice(None), *(slice(before, n - after) for (before, after), n in ends))]


def _sides(value: tuple[int, int] | tuple[tuple[int, int], ...]) -> list[tuple[int, int]]:
    """Sequences have (before, after), pictures and volumes a pair for each axis."""
    return [value] if isinstance(value[0], int) else list(value)


@forward("UpSampling1D", "UpSampling2D", "UpSampling3D")
def up_sampling(c: Call) -> Array:
    """Each cell ``size`` times, or values between the cells."""
    sizes = (c.p["size"],) if isinstance(c.p["size"], int) else c.p["size"]
    how = c.p.get("interpolation", "nearest")
    x = c.x
    if how != "nearest":
        return resized(x, [n * size for n, size in zip(x.shape[1:], sizes, strict=False)], how)
    for axis, size in enumerate(sizes, start=1):
        x = np.repeat(x, size, axis)
    return x


@forward("Split")
def split(c: Call) -> list[Array]:
    """The input ``outputs`` times."""
    return [c.x] * c.p["outputs"]


@forward("Slice")
def slice_(c: Call) -> list[Array]:
    """Cut before each of ``slice_points``."""
    return np.split(c.x, c.p["slice_points"], c.p["axis"])


@forward("Tile")
def tile(c: Call) -> Array:
    """The whole ``tiles`` times along an axis."""
    return np.concatenate([c.x] * c.p["tiles"], c.p["axis"])


@forward("Parameter")
def parameter(c: Call) -> Array:
    """The learnt tensor for each sample."""
    return np.repeat(c.w["value"][None], len(c.x), 0)
