"""A zip of pictures in folders: ``train/CLASS/a.png`` and ``test/CLASS/b.png``, or ``CLASS/a.png`` alone.

Classes are the folders' names. All pictures become one size (given, or the one they have) and grey or RGB alike.
"""

import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visualnn_shared.datasets.findings import Findings
from visualnn_shared.datasets.formats import archive, pixels
from visualnn_shared.datasets.formats.pixels import Size
from visualnn_shared.datasets.limits import LIMITS, Limits
from visualnn_shared.datasets.writing import npz_writer

NAME = "images"
TITLE = "pictures in a folder for each class, as a zip"
EXTENSIONS = (".zip",)
RANK = 2
_PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif", ".ppm", ".pgm")
_SPLITS = {"train": "train", "training": "train", "test": "test", "testing": "test"}
_ELSEWHERE = {"val", "valid", "validation", "dev", "eval"}
_PIECE = 512  # pictures


@dataclass(frozen=True, slots=True)
class _Picture:
    info: zipfile.ZipInfo
    split: str
    label: str


def sniff(path: Path, start: bytes) -> bool:
    """A zip that has pictures in folders, or pictures and no arrays: what is wrong with those, ``pack`` tells."""
    found = archive.names(path, start)
    pictures = [name for name in found if name.lower().endswith(_PICTURES)]
    return any("/" in name for name in pictures) or (bool(pictures) and not any(n.endswith(".npy") for n in found))


def pack(source: Path, target: Path, limits: Limits = LIMITS, size: Size | None = None) -> tuple[str, ...]:
    """Write the npz: x (n, height, width[, 3]) in 8 bits, y the classes' names. ``size``: height, width; notes.

    Raises DatasetInvalid with every picture that cannot be taken.
    """
    findings = Findings()
    with archive.opened(source, findings) as opened:
        infos = archive.members(opened, findings, limits)
        pictures = _placed(infos, findings)
        shape = _shape(opened, pictures, size, findings, limits)
        findings.raise_any()
        with npz_writer(target) as writer:
            for split in sorted({picture.split for picture in pictures}, reverse=True):
                mine = [picture for picture in pictures if picture.split == split]
                pieces = _pieces(opened, mine, shape, findings)
                writer.add_pieces(f"x_{split}", (len(mine), *shape), np.dtype(np.uint8), pieces)
                writer.add(f"y_{split}", np.array([picture.label for picture in mine], np.str_))
        findings.raise_any()
    others = len(infos) - len(pictures)
    return (f"{others:,} files of the zip are no pictures, and were left out",) if others else ()


def _placed(infos: Sequence[zipfile.ZipInfo], findings: Findings) -> list[_Picture]:
    """The pictures, with split and class from their folders."""
    found = [(info, tuple(info.filename.replace("\\", "/").split("/"))) for info in infos]
    found = [(info, parts) for info, parts in found if parts[-1].lower().endswith(_PICTURES)]
    if not found:
        findings.add("the zip must hold pictures", "none", hint=f"files that end in {', '.join(_PICTURES)}")
    while found and _common(found):
        found = [(info, parts[1:]) for info, parts in found]
    tops = {parts[0].lower() for _, parts in found if len(parts) > 1}
    if tops & _ELSEWHERE and tops & set(_SPLITS):
        rule = "the splits must be train and test (a part of train is set aside by validation_split)"
        findings.add(rule, sorted(tops), hint="leave the folder out, or put its pictures into train")
    splits = bool(tops) and tops <= set(_SPLITS)
    if splits and "train" not in {_SPLITS[top] for top in tops}:
        findings.add("there must be a folder train", sorted(tops))
    findings.raise_any()
    pictures = []
    for info, parts in found:
        at = 1 if splits else 0
        if len(parts) < at + 2:
            rule = "a picture must lie in the folder of its class"
            findings.add(rule, info.filename[:200], field=info.filename[:200], hint="train/CLASS/a.png or CLASS/a.png")
            continue
        pictures.append(_Picture(info, _SPLITS[parts[0].lower()] if splits else "train", parts[at]))
    findings.raise_any()
    return pictures


def _common(found: Sequence[tuple[zipfile.ZipInfo, tuple[str, ...]]]) -> bool:
    """Whether one folder holds all, and is neither a split nor the only class."""
    first = found[0][1]
    return len(first) > 2 and first[0].lower() not in _SPLITS and all(len(p) > 2 and p[0] == first[0] for _, p in found)


def _shape(
    opened: zipfile.ZipFile, pictures: Sequence[_Picture], size: Size | None, findings: Findings, limits: Limits
) -> tuple[int, ...]:
    """Of every sample, from the headers of all pictures; no pixel is read."""
    sizes: Counter[Size] = Counter()
    colour = False
    for picture in pictures:
        known = _header(opened, picture, findings)
        if findings.full:
            break
        if known is not None:
            sizes[known[0]] += 1
            colour = colour or known[1]
    findings.raise_any()
    if size is None and len(sizes) > 1:
        listed = ", ".join(f"{h} x {w}: {count:,}" for (h, w), count in sizes.most_common(5))
        hint = "upload with picture_size, such as 64x64, to bring them to one"
        findings.add("all pictures must have the same height and width", listed, hint=hint)
        findings.raise_any()
    height, width = size or next(iter(sizes))
    shape = (height, width, 3) if colour else (height, width)
    total = len(pictures) * height * width * (3 if colour else 1)
    if total > limits.expanded_bytes:
        findings.add(limits.expansion_rule, f"{total:,} bytes", hint=limits.EXPANSION_HINT)
    return shape


def _header(opened: zipfile.ZipFile, picture: _Picture, findings: Findings) -> tuple[Size, bool] | None:
    """Height and width, and whether it is in colour."""
    try:
        with opened.open(picture.info) as file:
            return pixels.measured(file)
    except pixels.Unreadable as why:
        findings.add(why.rule, why.received, field=picture.info.filename[:200])
    return None


def _pieces(
    opened: zipfile.ZipFile, pictures: Sequence[_Picture], shape: tuple[int, ...], findings: Findings
) -> Iterator[NDArray[Any]]:
    """The pixels of some hundred pictures at a time; one that is broken is a finding and black."""
    for begin in range(0, len(pictures), _PIECE):
        some = pictures[begin : begin + _PIECE]
        block = np.zeros((len(some), *shape), np.uint8)
        for place, picture in enumerate(some):
            if not findings.full:
                _decode(opened, picture, block[place], findings)
        yield block


def _decode(opened: zipfile.ZipFile, picture: _Picture, out: NDArray[np.uint8], findings: Findings) -> None:
    try:
        with opened.open(picture.info) as file:
            pixels.decode(file, out)
    except pixels.Unreadable as why:
        findings.add(why.rule, why.received, field=picture.info.filename[:200])
