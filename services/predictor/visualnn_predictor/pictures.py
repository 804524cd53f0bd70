"""Pictures in a request: base64 of a PNG or JPEG, as the 8-bit values that training saw.

A picture has to have the operator's own size, which is compared before anything is decoded: a small file cannot expand
into a large picture. Colour is converted (grey from colour and back); size is not, because how to resize is a choice.
"""

import base64
import binascii
import io
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from visualnn_shared.training.serving import TensorSpec

from visualnn_predictor.tensors import NotNumbers, size_of

_FORMATS = ("PNG", "JPEG")
_MODES: dict[int, str] = {1: "L", 3: "RGB", 4: "RGBA"}
_EIGHT_BIT = {"1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr"}
_BROKEN = (OSError, ValueError, SyntaxError, EOFError, KeyError, IndexError, TypeError, struct.error, zlib.error)


def read_picture(text: Any, spec: TensorSpec) -> NDArray[np.uint8]:
    """The picture's values in the shape of ``spec``. Raises NotNumbers with the rule that it breaks."""
    if spec.dtype != "uint8":
        rule = "pictures must go to an input that was trained on 8-bit values"
        raise NotNumbers(rule, f"a picture for {spec.dtype} values", "send numbers as the training data had them")
    data = _decoded(text)
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
            return _values(picture, spec)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise NotNumbers("a picture must have the operator's size", "a far larger one") from None
    except NotNumbers:
        raise
    except _BROKEN as error:
        raise NotNumbers("a picture must be a whole PNG or JPEG file", type(error).__name__) from None


def _decoded(text: Any) -> bytes:
    if not isinstance(text, str):
        raise NotNumbers("b64 must be a text", text)
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NotNumbers("b64 must be base64", text) from None


def _values(picture: Image.Image, spec: TensorSpec) -> NDArray[np.uint8]:
    width, height = picture.size
    if picture.getexif().get(0x0112, 1) in (5, 6, 7, 8):  # turned by a quarter
        width, height = height, width
    shape, channels = _wanted(spec, height, width)
    if shape is None:
        rule = f"the picture must be {_size(spec)}"
        raise NotNumbers(rule, f"{width} x {height} pixels", "resize it as the training data was resized")
    if picture.mode not in _EIGHT_BIT:
        raise NotNumbers("a picture must have 8 bits for each value", f"mode {picture.mode}")
    turned = ImageOps.exif_transpose(picture)
    if channels != 4 and _see_through(turned):
        raise NotNumbers("a picture must not be transparent", f"mode {picture.mode}", "draw it on a background")
    values: NDArray[np.uint8] = np.asarray(turned.convert(_MODES[channels]), np.uint8)
    return values.reshape(shape)


def _wanted(spec: TensorSpec, height: int, width: int) -> tuple[tuple[int, ...] | None, int]:
    """Sample shape and channels, if a picture of this size fills the input."""
    shape = spec.shape
    if len(shape) == 1:
        for channels in (1, 3):
            if size_of(spec) == height * width * channels:
                return (height * width * channels,), channels
        return None, 1
    channels = shape[2] if len(shape) == 3 and shape[2] is not None else 1
    if len(shape) not in (2, 3) or channels not in _MODES:
        raise NotNumbers("pictures must go to an input of pictures", f"samples of shape {list(shape)}")
    if any(want is not None and want != have for want, have in zip(shape[:2], (height, width), strict=True)):
        return None, channels
    if None in shape[:2] and height * width > Image.MAX_IMAGE_PIXELS:  # type: ignore[operator]
        return None, channels
    return (height, width, channels)[: len(shape)], channels


def _size(spec: TensorSpec) -> str:
    if len(spec.shape) == 1:
        return f"one with {spec.shape[0]} values"
    height, width = spec.shape[:2]
    return f"{width or 'any'} x {height or 'any'} pixels"


def _see_through(picture: Image.Image) -> bool:
    if not picture.has_transparency_data:
        return False
    low, _ = picture.convert("RGBA").getchannel("A").getextrema()
    return bool(low < 255)  # type: ignore[operator]
