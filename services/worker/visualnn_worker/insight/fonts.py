"""Fonts of pictures: Pillow's own, with English letters; for Chinese and most others one of this machine's."""

import os
import unicodedata
from functools import lru_cache
from io import BytesIO
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
_NO_LETTER = "\U0010ffff"
_ALIKE = str.maketrans("\u2010\u2011\u2012\u2013\u2014\u2212\u2018\u2019\u201c\u201d\u00d7", "------''\"\"x")


class _Lettered(ImageFont.FreeTypeFont):
    """A font that writes another letter, at the worst a question mark, for one that it lacks."""

    def has(self, letter: str) -> bool:
        """Whether it is more than the box that stands for what there is not."""
        return letter.isascii() or self._drawn(letter) != self._drawn(_NO_LETTER)

    def _drawn(self, letter: str) -> tuple[Any, bytes]:
        mask, _offset = super().getmask2(letter)
        return mask.size, bytes(mask)

    def _written(self, text: Any) -> Any:
        if not isinstance(text, str) or text.isascii():
            return text
        letters = (letter for letter in text if unicodedata.category(letter) != "Cf")  # it joins others, or turns them
        return "".join(letter if self.has(letter) else self._instead(letter) for letter in letters)

    def _instead(self, letter: str) -> str:
        """The letter without its accent, a dash for a dash; nothing for what only joins or marks others."""
        parts = unicodedata.normalize("NFKD", letter.translate(_ALIKE))
        base = [one for one in parts if not unicodedata.category(one).startswith("M")]
        return "".join(filter(self.has, base)) or "?" * bool(base)

    def getmask2(self, text: Any, *args: Any, **more: Any) -> Any:
        return super().getmask2(self._written(text), *args, **more)

    def getlength(self, text: Any, *args: Any, **more: Any) -> float:
        return super().getlength(self._written(text), *args, **more)

    def getbbox(self, text: Any, *args: Any, **more: Any) -> Any:
        return super().getbbox(self._written(text), *args, **more)


def is_wide(text: str) -> bool:
    """Whether letters of it are not in Pillow's own font, which has little more than English."""
    return not all(font(16).has(letter) for letter in text)


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
    """Of so many points; ``wide``: with Chinese letters, and those of most others, where there is one."""
    path = wide_font() if wide else None
    if path is not None:
        return _Lettered(str(path), size)
    own = ImageFont.load_default(size)
    file = getattr(own, "path", None)  # in memory
    return _Lettered(BytesIO(file.getvalue()), size) if isinstance(file, BytesIO) else own
