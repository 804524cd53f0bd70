"""Layers that prepare values: scaled, in categories, of more contrast."""

from typing import Any

import numpy as np

from visualnn_shared.catalogue.layers.categories import special_numbers, words
from visualnn_shared.reference.calling import Array, Call, Refused, forward
from visualnn_shared.reference.layers.functions import along, axes_of


@forward("Rescaling")
def rescaling(c: Call) -> Array:
    """x scale + offset."""
    return np.asarray(c.x * np.asarray(c.p["scale"], float) + np.asarray(c.p["offset"], float))


@forward("Normalization")
def normalization(c: Call) -> Array:
    """(x - mean) / deviation, or back."""
    mean, variance = (_statistic(c, name) for name in ("mean", "variance"))
    deviation = np.maximum(np.sqrt(variance), 1e-7)
    return np.asarray(c.x * deviation + mean if c.p["invert"] else (c.x - mean) / deviation)


def _statistic(c: Call, name: str) -> Array:
    """Given, as one number or along the last axis named; or learnt, along all of them."""
    axis: Any = () if c.p["axis"] is None else c.p["axis"]
    axes = axes_of(axis, c.x.ndim)
    if c.p[name] is None:
        return along(c.w[name], axes, c.x)
    given = np.asarray(c.p[name], float)
    return along(given, axes[-1], c.x) if given.size > 1 else given.reshape(())


def encoded(places: Array, mode: str, size: int) -> Array:
    """Places as they are, or as rows of ``size``: one for each (one_hot), or for each sample (multi_hot, count)."""
    if mode == "int":
        return places
    if mode == "one_hot":
        flat = places[..., 0] if places.ndim > 1 and places.shape[-1] == 1 else places
        return np.asarray(flat[..., None] == np.arange(size), np.float64)
    rows = places if places.ndim > 1 else places[:, None]
    counts = (rows[..., None] == np.arange(size)).sum(-2)
    return np.asarray(counts > 0 if mode == "multi_hot" else counts, np.float64)


@forward("CategoryEncoding")
def category_encoding(c: Call) -> Array:
    """Numbers from 0 to num_tokens - 1 as rows."""
    return encoded(c.x.astype(np.int64), c.p["output_mode"], c.p["num_tokens"])


@forward("Discretization")
def discretization(c: Call) -> Array:
    """How many boundaries lie at or below each value."""
    if c.p["bin_boundaries"] is None:
        raise Refused("bin_boundaries must be given")
    bounds = np.asarray(c.p["bin_boundaries"])
    return encoded(np.searchsorted(bounds, c.x, side="right"), c.p["output_mode"], len(bounds) + 1)


@forward("IntegerLookup")
def integer_lookup(c: Call) -> Array:
    """The place of each number in the vocabulary behind the special ones; or back."""
    p, special, known = c.p, special_numbers(c.p), np.asarray(words(c.p))
    x = c.x.astype(np.int64)
    if p["invert"]:
        table = np.asarray([*special, *known])
        found = np.where((x >= 0) & (x < len(table)), table[np.clip(x, 0, len(table) - 1)], p["oov_token"])
        return np.where(x < len(special) - p["num_oov_indices"], p["mask_token"] or 0, found)
    places = _unknown(c, x, len(special) - p["num_oov_indices"])
    for i, word in enumerate(known):
        places = np.where(x == word, len(special) + i, places)
    if p["mask_token"] is not None and p["output_mode"] == "int":
        places = np.where(x == p["mask_token"], 0, places)
    size = p["max_tokens"] if p["pad_to_max_tokens"] else len(special) + len(known)
    if p["output_mode"] != "tf_idf":
        return encoded(places, p["output_mode"], size)
    weights = np.asarray(p["idf_weights"], float)[-len(known) :]
    factors = np.r_[[weights.mean()] * len(special), weights, [0.0] * (size - len(special) - len(known))]
    return np.asarray(encoded(places, "count", size) * factors)


def _unknown(c: Call, x: Array, start: int) -> Array:
    """The place that each number has if it is not in the vocabulary. Raises ``Refused``."""
    count = c.p["num_oov_indices"]
    if count > 1 and c.p["oov_method"] == "farmhash":
        raise Refused("oov_method must be 'floormod' where num_oov_indices is above 1: its hash is TensorFlow's own")
    if not count and not np.isin(x, [*words(c.p), *([] if c.p["mask_token"] is None else [c.p["mask_token"]])]).all():
        raise Refused("every number must be in the vocabulary where num_oov_indices is 0")
    return start + (x % count if count > 1 else np.zeros_like(x))


@forward("AutoContrast")
def auto_contrast(c: Call) -> Array:
    """Each channel from its darkest to its lightest value spread over the whole range; even ones stay."""
    low, high = c.x.min((1, 2), keepdims=True), c.x.max((1, 2), keepdims=True)
    least, most = sorted(c.p["value_range"])
    found: Array = np.where(high > low, least + (c.x - low) / (high - low) * (most - least), c.x)
    return found


@forward("ContrastLimitedAdaptiveHistogramEqualization")
def clahe(c: Call) -> Array:
    """Each tile's values replaced by their rank in it, between tiles mixed. Zuiderveld 1994."""
    (rows, columns), (least, most) = c.p["tile_grid_size"], c.p["value_range"]
    x = (c.x - least) / (most - least) * 255
    height, width = -(-x.shape[1] // rows), -(-x.shape[2] // columns)
    sides = [(0, 0), (0, height * rows - x.shape[1]), (0, width * columns - x.shape[2]), (0, 0)]
    grey = np.clip(np.pad(x, sides, mode="symmetric"), 0, 255).astype(int)
    tiles = grey.reshape(len(x), rows, height, columns, width, -1).transpose(0, 1, 3, 5, 2, 4)
    ranks = _ranks(tiles.reshape(*tiles.shape[:4], -1), c.p["clip_limit"])  # (batch, rows, columns, channels, 256)
    found = np.zeros(grey.shape)
    sample, channel = np.arange(len(x))[:, None, None, None], np.arange(x.shape[3])
    for tile_y, share_y in _neighbours(grey.shape[1], height, rows):
        for tile_x, share_x in _neighbours(grey.shape[2], width, columns):
            there = ranks[sample, tile_y[:, None, None], tile_x[:, None], channel, grey]
            found += there * share_y[:, None, None] * share_x[:, None]
    return np.asarray(found[:, : x.shape[1], : x.shape[2]] / 255 * (most - least) + least)


def _ranks(tiles: Array, limit: float) -> Array:
    """For each of the 256 greys, the share of a tile's cells that are no lighter; counts are cut at the limit and what
    is cut is spread over all greys.
    """
    cells = tiles.shape[-1]
    counts = np.stack([(tiles == grey).sum(-1) for grey in range(256)], -1).astype(float)
    if limit > 0:
        cut = np.minimum(counts, limit * cells / 256)
        counts = cut + (counts - cut).sum(-1, keepdims=True) / 256
    sums = counts.cumsum(-1)
    least = sums.min(-1, keepdims=True)
    span = np.where(cells == least, 1, cells - least)
    return np.asarray(np.clip((sums - least) * 255 / span, 0, 255))


def _neighbours(size: int, tile: int, count: int) -> list[tuple[Array, Array]]:
    """For each cell along an axis, the two tiles whose middles it lies between, and the share of each."""
    at = (np.arange(size) - tile / 2) / tile
    before = np.floor(at).astype(int)
    share = at - before
    return [(np.clip(before, 0, count - 1), 1 - share), (np.clip(before + 1, 0, count - 1), share)]
