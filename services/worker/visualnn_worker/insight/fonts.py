"""Fonts of pictures: Pillow's own, which has Latin letters; for Chinese, Japanese and Korean one of this machine's."""

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from PIL import ImageFont

_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts", "/System/Library/Fonts",
            "/Library/Fonts", "C:/Windows/Fonts")  # fmt: skip
_FILES = (
    "NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf", "NotoSansSC-Regular.otf", "NotoSansSC-Regular.ttf",
    "SourceHanSansSC-Regular.otf", "SourceHanSansCN-Regular.otf", "wqy-microhei.ttc", "wqy-zenhei.ttc", "PingFang.ttc",
    "msyh.ttc", "DroidSansFallbackFull.ttf", "DroidSansFallback.ttf",
)  # fmt: skip
"""In the order in which they are liked."""
_FIRST_WIDE = 0x2E80


def is_wide(text: str) -> bool:
    """Whether letters of it are not in Pillow's own font: those of East Asia."""
    return any(ord(letter) >= _FIRST_WIDE for letter in text)


@lru_cache(maxsize=1)
def wide_font() -> Path | None:
    """A file with Chinese letters; None where this machine has none."""
    found: dict[str, Path] = {}
    for folder in _FOLDERS:
        for place, _folders, files in os.walk(Path(folder).expanduser()):
            for name in files:
                if name in _FILES:
                    found.setdefault(name, Path(place) / name)
    return next((found[name] for name in _FILES if name in found), None)


@lru_cache(maxsize=32)
def font(size: int, wide: bool = False) -> Any:
    """Of so many points; ``wide``: with Chinese letters, where there is one."""
    path = wide_font() if wide else None
    return ImageFont.load_default(size) if path is None else ImageFont.truetype(str(path), size)
