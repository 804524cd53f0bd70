"""Texts to word numbers."""

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visualnn_shared.training.serving import Tokens
from visualnn_shared.training.steps import Tokenise

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
FILLER, UNKNOWN, FIRST = 0, 1, 2
"""Numbers that are no words, and that of the most frequent word."""


def split(text: str, lower: bool) -> list[str]:
    """The words of a text: letters and digits, with apostrophes inside."""
    return _WORD.findall(text.lower() if lower else text)


def vocabulary(texts: Iterable[str], step: Tokenise) -> tuple[str, ...]:
    """The most frequent words, those that are equally frequent in the order of the alphabet."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(split(text, step.lower))
    ordered = sorted(counts, key=lambda word: (-counts[word], word))
    return tuple(ordered[: (step.words or len(ordered) + FIRST) - FIRST])


def tokens(step: Tokens, texts: NDArray[Any]) -> NDArray[np.int32]:
    """(n, length) for n texts. Raises ValueError where something else than a text comes."""
    numbers = _numbers(step.vocabulary)
    found = np.full((len(texts), step.length), FILLER, np.int32)
    for row, text in zip(found, texts.reshape(-1).tolist(), strict=True):
        if not isinstance(text, str):
            raise ValueError("a text must be given")
        words = split(text, step.lower)
        kept = words[-step.length :] if step.truncating == "pre" else words[: step.length]
        if kept:
            place = slice(step.length - len(kept), None) if step.padding == "pre" else slice(0, len(kept))
            row[place] = [numbers.get(word, UNKNOWN) for word in kept]
    return found


@lru_cache(maxsize=16)
def _numbers(known: tuple[str, ...]) -> dict[str, int]:
    return {word: number for number, word in enumerate(known, FIRST)}
