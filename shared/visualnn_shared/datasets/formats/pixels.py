"""Encoded pictures (PNG, JPEG, ...) as arrays of 8 bits a channel."""

from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

KINDS = ("PNG", "JPEG", "BMP", "WEBP", "GIF", "PPM")
MOST_PIXELS = 2**26
Size = tuple[int, int]
"""Height and width."""
_GREY, _COLOUR = {"1", "L", "LA"}, {"P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr"}


class Unreadable(Exception):  # noqa: N818 - says what the picture is
    """A picture that cannot be taken: the rule it breaks, and what was found."""

    def __init__(self, rule: str, received: str) -> None:
        super().__init__(f"{rule}; received {received}")
        self.rule, self.received = rule, received


def measured(file: IO[bytes]) -> tuple[Size, bool]:
    """Height and width, and whether it is in colour, from the header alone. Raises ``Unreadable``."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(file, formats=KINDS) as image:
            width, height, mode = *image.size, image.mode
    except UnidentifiedImageError:  # its own text names the open file
        raise Unreadable("a picture must be readable", f"none of {', '.join(KINDS)}") from None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise Unreadable("a picture must be readable", str(error)[:200] or type(error).__name__) from None
    if width * height > MOST_PIXELS or not width * height:
        raise Unreadable(f"a picture must have 1 to {MOST_PIXELS:,} pixels", f"{height} x {width}")
    if mode not in _GREY | _COLOUR:
        raise Unreadable("a picture must have 8 bits a channel", f"mode {mode}")
    return (height, width), mode in _COLOUR


def decode(file: IO[bytes], out: NDArray[np.uint8]) -> None:
    """The pixels into ``out``: (height, width) grey or (height, width, 3) RGB, resized where it is of another size.

    Raises ``Unreadable``.
    """
    from PIL import Image

    height, width = out.shape[:2]
    try:
        with Image.open(file, formats=KINDS) as image:
            flat: Any = image.convert("RGB" if out.ndim == 3 else "L")
            if flat.size != (width, height):
                flat = flat.resize((width, height), Image.Resampling.BILINEAR)
            out[...] = np.asarray(flat)
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise Unreadable("a picture must be whole", str(error)[:200] or type(error).__name__) from None
