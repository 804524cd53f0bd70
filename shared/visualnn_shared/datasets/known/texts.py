"""Data sets of texts that are fetched at first use: word numbers and a list of words, turned back into texts."""

import csv
import io
import json
import pickle
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from visualnn_shared.datasets.known.registry import Known, Remote

_KERAS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
_SHUFFLED_WITH = 113  # Keras' seed, so that the splits are Keras' own
_TRAIN_SHARE = 0.8
_TOPICS = (
    "cocoa", "grain", "veg-oil", "earn", "acq", "wheat", "copper", "housing", "money-supply", "coffee", "sugar",
    "trade", "reserves", "ship", "cotton", "carcass", "crude", "nat-gas", "cpi", "money-fx", "interest", "gnp",
    "meal-feed", "alum", "oilseed", "gold", "tin", "strategic-metal", "livestock", "retail", "ipi", "iron-steel",
    "rubber", "heat", "jobs", "lei", "bop", "zinc", "orange", "pet-chem", "dlr", "gas", "silver", "wpi", "hog", "lead",
)  # fmt: skip
_ALLOWED = {
    ("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct"), ("numpy", "ndarray"),
    ("numpy", "dtype"),
}  # fmt: skip


class _OnlyArrays(pickle.Unpickler):
    """Lists and arrays, and nothing that could be called. The files it reads are those of a known checksum besides."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} is no part of an array")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def read_lists(path: Path) -> dict[str, list[Any]]:
    """The arrays of lists in an npz file: name -> one entry a sample."""
    found: dict[str, list[Any]] = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            file = io.BytesIO(archive.read(name))
            version = np.lib.format.read_magic(file)
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            _shape, _fortran, dtype = read(file)
            rest = file.read()
            values = _OnlyArrays(io.BytesIO(rest)).load() if dtype.hasobject else np.frombuffer(rest, dtype)
            found[name.removesuffix(".npy")] = list(values)
    return found


def _words(path: Path) -> dict[int, str]:
    return {number: word for word, number in json.loads(path.read_text(encoding="utf-8")).items()}


def _write(path: Path, rows: Iterable[tuple[str, str, str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("text", "label", "split"))
        writer.writerows(rows)


def _imdb(path: Path, files: Sequence[Path]) -> None:
    arrays, words = read_lists(files[0]), _words(files[1])
    kinds = ("negative", "positive")
    _write(
        path,
        (
            (_text(numbers, words), kinds[int(label)], split)
            for split in ("train", "test")
            for numbers, label in zip(arrays[f"x_{split}"], arrays[f"y_{split}"], strict=True)
        ),
    )


def _reuters(path: Path, files: Sequence[Path]) -> None:
    arrays, words = read_lists(files[0]), _words(files[1])
    order = np.arange(len(arrays["x"]))
    np.random.RandomState(_SHUFFLED_WITH).shuffle(order)
    first = int(len(order) * _TRAIN_SHARE)
    _write(
        path,
        (
            (_text(arrays["x"][at], words), _TOPICS[int(arrays["y"][at])], "train" if place < first else "test")
            for place, at in enumerate(order.tolist())
        ),
    )


def _text(numbers: Iterable[int], words: dict[int, str]) -> str:
    return " ".join(words[int(number)] for number in numbers if int(number) in words) or "?"


def _files(name: str, sha256: str, md5: str) -> tuple[Remote, ...]:
    index = f"{name}_word_index.json"
    return Remote(f"{name}.npz", f"{_KERAS}{name}.npz", f"sha256:{sha256}"), Remote(index, _KERAS + index, f"md5:{md5}")


def _known(name: str, title: str, origin: str, make: Callable[..., None], files: tuple[Remote, ...]) -> Known:
    return Known(name, title, origin, make, files, format="text")


KNOWN = (
    _known(
        "imdb",
        "50,000 film reviews, friendly or not",
        "A. Maas and others (2011): Learning Word Vectors for Sentiment Analysis",
        _imdb,
        _files(
            "imdb",
            "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
            "bfafd718b763782e994055a2d397834f",
        ),
    ),
    _known(
        "reuters",
        "11,228 news of 46 topics",
        "D. Lewis (1987): Reuters-21578",
        _reuters,
        _files(
            "reuters",
            "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916",
            "4d44cc38712099c9e383dc6e5f11a921",
        ),
    ),
)
