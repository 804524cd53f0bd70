"""Parameters of what slides over one, two or three spatial axes, and the words for each number of axes."""

from typing import Any

from visualnn_shared.catalogue.entry import REQUIRED, Param, Same
from visualnn_shared.catalogue.kinds import Tuple
from visualnn_shared.catalogue.padding import BORDERS, WindowPadding

SUBJECT = {1: "sequence", 2: "picture", 3: "volume"}
"""What has so many spatial axes."""
_EXTENT = {1: "Length", 2: "Height and width", 3: "Depth, height and width"}


def kernel_size(rank: int) -> Param:
    return Param("kernel_size", Tuple(rank), doc=f"{_EXTENT[rank]} of the window.")


def pool_size(rank: int, default: Any = REQUIRED) -> Param:
    return Param("pool_size", Tuple(rank), default, f"{_EXTENT[rank]} of the window.")


def strides(rank: int) -> Param:
    return Param("strides", Tuple(rank), (1,) * rank, "Cells from one window to the next, along each axis.")


def pool_strides(rank: int) -> Param:
    doc = "Cells from one window to the next, along each axis; default: the window's size."
    return Param("strides", Tuple(rank), Same("pool_size"), doc)


def dilation(rank: int) -> Param:
    return Param("dilation_rate", Tuple(rank), (1,) * rank, "Distance between the cells of the window.")


def padding(rank: int, *, causal: bool = False) -> Param:
    """Words and cells; ``causal`` for sequences only, where no output may depend on later steps."""
    words = ("valid", "same", "causal") if causal else ("valid", "same")
    before = " causal: as many, all before the first step;" if causal else ""
    doc = f"valid: none; same: what the output needs to have size / stride cells;{before} or {BORDERS[rank]} in cells."
    return Param("padding", WindowPadding(rank, words), "valid", doc)
