"""Samples from a file, as ``--samples`` names it."""

import io
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray
from visualnn_shared.errors import Invalid, TooLarge
from visualnn_shared.spec.problem import problem

LARGEST = 2**30
"""Bytes, unpacked too."""


def read_samples(data: bytes, name: str) -> dict[str, NDArray[Any]]:
    """Arrays by name; one of an ``.npy`` file has the name ``""``. Raises ``Invalid``, ``TooLarge``."""
    try:
        if data.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                size = sum(one.file_size for one in archive.infolist())
            if size > LARGEST:
                raise TooLarge("the samples (bytes)", LARGEST, size)
        found = np.load(io.BytesIO(data), allow_pickle=False)
        if isinstance(found, np.ndarray):
            return {"": found}
        with found:
            return {key: found[key] for key in found.files}
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile) as error:
        rule = "samples must be an .npz or .npy file of numbers"
        raise Invalid(f"samples file {name!r}", [problem(rule, str(error)[:200], field="samples")]) from None
