"""Completing steps with what the training split tells: means, ranges, directions, words. NumPy only, in pieces.

It depends on the training samples alone, in their order: the same job finds the same every time it is tried.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visualnn_shared.training.filling import filling
from visualnn_shared.training.pipeline import Planned
from visualnn_shared.training.preprocess import apply
from visualnn_shared.training.serving import Fill, Normalise, Numbers, Project, Step, Tokens
from visualnn_shared.training.steps import FillMissing, MinMax, Pca, Standardise, SubtractMean, Tokenise, Whiten
from visualnn_shared.training.words import vocabulary

_PIECE = 1024  # samples
Array = NDArray[Any]
Take = Callable[[slice], Array]
"""Raw training samples by position."""


def learn(steps: Sequence[Planned], take: Take, count: int) -> tuple[Step, ...]:
    """``steps`` complete. ``take`` gives the raw samples of the training split, of which there are ``count``."""
    done: list[Step] = []
    for step in steps:
        if isinstance(step, FillMissing | SubtractMean | Standardise | MinMax | Pca | Whiten | Tokenise):
            done.append(_learned(step, partial(_pieces, take, count, tuple(done))))
        else:
            done.append(step)
    return tuple(done)


def _pieces(take: Take, count: int, steps: tuple[Step, ...]) -> Iterator[Array]:
    for begin in range(0, count, _PIECE):
        yield apply(steps, take(slice(begin, min(begin + _PIECE, count))))


def _learned(step: Any, pieces: Callable[[], Iterator[Array]]) -> Step:
    if isinstance(step, Tokenise):
        words = vocabulary((text for piece in pieces() for text in piece.tolist()), step)
        assert step.length is not None  # a plan fills it in
        return Tokens(
            vocabulary=words, length=step.length, lower=step.lower, padding=step.padding, truncating=step.truncating
        )
    if isinstance(step, FillMissing):
        return Fill(values=Numbers.of(filling(step, pieces)))
    if isinstance(step, Pca | Whiten):
        return _directions(step, pieces)
    if isinstance(step, MinMax):
        low, high = _range(step.over, pieces)
        span = np.where(high > low, high - low, 1.0)
        return Normalise(subtract=Numbers.of(low), factor=Numbers.of((step.high - step.low) / span), offset=step.low)
    mean = _mean(step.over, pieces)
    if isinstance(step, SubtractMean):
        return Normalise(subtract=Numbers.of(mean), factor=Numbers.of(np.ones_like(mean)))
    deviation = np.sqrt(_variance(step.over, pieces, mean))
    flat = deviation <= 1e-7 * np.maximum(1e-30, np.abs(mean))  # what is constant but for rounding
    return Normalise(
        subtract=Numbers.of(mean), factor=Numbers.of(np.where(flat, 0.0, 1 / np.where(flat, 1, deviation)))
    )


def _rows(over: str, piece: Array) -> Array:
    """(values of one kind, kinds...): the first axis is what is averaged."""
    if over == "all":
        return piece.reshape(-1).astype(np.float64)
    if over == "channel":
        return piece.reshape(-1, piece.shape[-1]).astype(np.float64)
    return piece.astype(np.float64)


def _mean(over: str, pieces: Callable[[], Iterator[Array]]) -> Array:
    total: Any = 0.0
    count = 0
    for piece in pieces():
        rows = _rows(over, piece)
        total, count = total + rows.sum(0), count + len(rows)
    return np.asarray(total / count)


def _variance(over: str, pieces: Callable[[], Iterator[Array]], mean: Array) -> Array:
    total: Any = 0.0
    count = 0
    for piece in pieces():
        rows = _rows(over, piece)
        total, count = total + ((rows - mean) ** 2).sum(0), count + len(rows)
    return np.asarray(total / count)


def _range(over: str, pieces: Callable[[], Iterator[Array]]) -> tuple[Array, Array]:
    low: Any = np.inf
    high: Any = -np.inf
    for piece in pieces():
        rows = _rows(over, piece)
        low, high = np.minimum(low, rows.min(0)), np.maximum(high, rows.max(0))
    return np.asarray(low), np.asarray(high)


def _directions(step: Pca | Whiten, pieces: Callable[[], Iterator[Array]]) -> Project:
    """Eigenvectors of the covariance, those with the largest variance first; the largest part of each is positive."""
    mean = _mean("feature", lambda: (piece.reshape(len(piece), -1) for piece in pieces()))
    covariance = np.zeros((mean.size, mean.size))
    count = 0
    shape: tuple[int, ...] = ()
    for piece in pieces():
        rows = piece.reshape(len(piece), -1).astype(np.float64) - mean
        covariance += rows.T @ rows
        count, shape = count + len(rows), piece.shape[1:]
    variance, vectors = np.linalg.eigh(covariance / max(1, count - 1))
    order = np.argsort(variance)[::-1][: step.components or mean.size]
    variance, vectors = np.maximum(variance[order], 0), vectors[:, order]
    vectors *= np.where(vectors[np.abs(vectors).argmax(0), np.arange(len(order))] < 0, -1, 1)
    matrix = vectors
    made: tuple[int, ...] = (len(order),)
    if isinstance(step, Whiten):
        spread = np.sqrt(variance + step.epsilon)
        matrix = vectors * np.where(spread > 0, 1 / np.where(spread > 0, spread, 1), 0)
        if step.method == "zca":
            matrix, made = matrix @ vectors.T, shape
    return Project(mean=Numbers.of(mean), matrix=Numbers.of(matrix), shape=made)
