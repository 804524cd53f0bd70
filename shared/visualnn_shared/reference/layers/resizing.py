"""Pictures of another size."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from visualnn_shared.reference.calling import Array, Call, Refused, forward
from visualnn_shared.reference.layers.windows import padded


def _triangle(t: Array) -> Array:
    """Linear interpolation."""
    return np.asarray(np.maximum(1 - np.abs(t), 0))


def _cubic(t: Array) -> Array:
    """Keys 1981, equation 4, with a = -1/2."""
    t = np.abs(t)
    near, far = (1.5 * t - 2.5) * t * t + 1, ((-0.5 * t + 2.5) * t - 4) * t + 2
    found: Array = np.where(t < 1, near, np.where(t < 2, far, 0))
    return found


def _lanczos(radius: int) -> Callable[[Array], Array]:
    """sinc(t) sinc(t / radius) within the radius. Duchon 1979."""
    return lambda t: np.where(np.abs(t) < radius, np.sinc(t) * np.sinc(t / radius), 0)


KERNELS: Mapping[str, Callable[[Array], Array]] = {
    "bilinear": _triangle, "bicubic": _cubic, "lanczos3": _lanczos(3), "lanczos5": _lanczos(5),
}  # fmt: skip


def _matrix(n: int, size: int, how: str, antialias: bool) -> Array:
    """(size, n): how much of each cell each new cell has. Cells are squares: their middles lie at i + 1/2."""
    ratio = n / size
    middles = (np.arange(size) + 0.5) * ratio
    if how == "nearest":
        return np.asarray(np.eye(n)[np.minimum(np.floor(middles).astype(int), n - 1)])
    wide = max(ratio, 1.0) if antialias else 1.0
    found = KERNELS[how]((np.arange(n) + 0.5 - middles[:, None]) / wide)
    shares: Array = found / found.sum(1, keepdims=True)  # what lies outside the picture has no share
    return shares


def resized(x: Array, size: Sequence[int], how: str, antialias: bool = False) -> Array:
    """(batch, height, width, channels) at another height and width."""
    if how not in ("nearest", *KERNELS):
        raise Refused(f"interpolation must be one of nearest, {', '.join(KERNELS)} here")
    rows, columns = (_matrix(n, m, how, antialias) for n, m in zip(x.shape[1:3], size, strict=True))
    return np.asarray(np.einsum("ih,jw,bhwc->bijc", rows, columns, x, optimize=True))


def _cut(x: Array, height: int, width: int) -> Array:
    """The largest middle part of the proportions of height : width."""
    rows = max(min(x.shape[1], int(x.shape[2] * height / width)), 1)
    columns = max(min(x.shape[2], int(x.shape[1] * width / height)), 1)
    top, left = (x.shape[1] - rows) // 2, (x.shape[2] - columns) // 2
    return x[:, top : top + rows, left : left + columns]


def _framed(x: Array, height: int, width: int, value: float) -> Array:
    """The picture in the middle of the smallest frame of the proportions of height : width.

    As Keras frames it, with as many cells on both sides: where an odd number is lacking, the frame is one short.
    """
    rows = max(x.shape[1], int(x.shape[2] * height / width))
    columns = max(x.shape[2], int(x.shape[1] * width / height))
    lacking = (rows - x.shape[1], columns - x.shape[2])
    return padded(x, [(n // 2, n // 2) for n in lacking], value)


@forward("Resizing")
def resizing(c: Call) -> Array:
    """Both sides by themselves, or after a crop or a frame that keeps the proportions."""
    p, size, x = c.p, (c.p["height"], c.p["width"]), c.x.astype(np.float64)
    if p["crop_to_aspect_ratio"]:
        x = _cut(x, *size)
    if p["pad_to_aspect_ratio"]:
        x = _framed(x, *size, p["fill_value"])
    return resized(x, size, p["interpolation"], p["antialias"])


@forward("CenterCrop", "RandomCrop")
def center_crop(c: Call) -> Array:
    """The middle; a picture that is too small is cut to the proportions and enlarged. Outside training a RandomCrop is
    the middle, too.
    """
    size = (c.p["height"], c.p["width"])
    spare = [n - m for n, m in zip(c.x.shape[1:3], size, strict=True)]
    if min(spare) < 0:
        return resized(_cut(c.x.astype(np.float64), *size), size, "bilinear")
    top, left = (n // 2 for n in spare)
    return c.x[:, top : top + size[0], left : left + size[1]].astype(np.float64)
