"""Changes that a fuzzer makes to a file: of bytes, of words, and of whole bracketed parts."""

import random
import re
from collections.abc import Callable, Sequence

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[A-Za-z_][\w.]*|[-+]?[\d.][\w.+-]*|[{}\[\]:,<>]')
_WORDS = (
    b"{", b"}", b"[", b"]", b":", b",", b'"', b"-1", b"0", b"1", b"2147483648", b"99999999999999999999", b"1e999",
    b"nan", b"-0.0", b"null", b"true", b"\xff", b"\x00", b"\n", b"#", b"\\", b'""', b'"x"', b"[]", b"{}", b'"a/b"',
    b"layer", b"layers", b"type", b"MAX", b"1.5", b"[1, 2]", b"input_dim: 3", b"NaN", b"Infinity", b'"\\ud800"',
)  # fmt: skip
_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**64 - 1)


def change(rng: random.Random, seeds: Sequence[bytes], *, text: bool) -> bytes:
    """One of the files with one to six changes. A text gets those of words and parts, a binary file those of bytes."""
    data = rng.choice(seeds)
    changes = _OF_TEXT if text else _OF_BYTES
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        pick: _Change = rng.choice(changes)
        data = pick(rng, data, seeds)
        if not data:
            break
    return data


def _flip(rng: random.Random, data: bytes, _seeds: Sequence[bytes]) -> bytes:
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 4))):
        found[rng.randrange(len(found))] = rng.randrange(256)
    return bytes(found)


def _number(rng: random.Random, data: bytes, _seeds: Sequence[bytes]) -> bytes:
    size = rng.choice((1, 2, 4, 8))
    mask: int = 256**size - 1
    value = (rng.choice(_NUMBERS) & mask).to_bytes(size, "little" if rng.random() < 0.5 else "big")
    at = rng.randrange(len(data))
    return data[:at] + value + data[at + size :]


def _cut(rng: random.Random, data: bytes, _seeds: Sequence[bytes]) -> bytes:
    start = rng.randrange(len(data))
    return data[:start] if rng.random() < 0.3 else data[:start] + data[start + rng.choice((1, 4, 30, 300)) :]


def _double(rng: random.Random, data: bytes, _seeds: Sequence[bytes]) -> bytes:
    start = rng.randrange(len(data))
    return data[:start] + data[start : start + rng.choice((1, 8, 100, 1000))] * rng.choice((2, 2, 3, 50)) + data[start:]


def _splice(rng: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    other = rng.choice(seeds)
    return data[: rng.randrange(len(data))] + other[rng.randrange(len(other)) :]


def _insert(rng: random.Random, data: bytes, _seeds: Sequence[bytes]) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + rng.choice(_WORDS) + data[at:]


def _kind(token: bytes) -> int:
    return 0 if token[:1] == b'"' else 1 if token[:1].isalpha() else 2 if token[0] in b"+-.0123456789" else 3


def _word(rng: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    """A word for another of its kind, or for any."""
    tokens = list(_TOKEN.finditer(data))
    if not tokens:
        return data
    old = rng.choice(tokens)
    if rng.random() < 0.3:
        new = rng.choice(_WORDS)
    else:
        source = tokens if rng.random() < 0.7 else list(_TOKEN.finditer(rng.choice(seeds))) or tokens
        alike = [one for one in source if _kind(one[0]) == _kind(old[0])] or source
        new = rng.choice(alike)[0]
    whole: bytes = data[: old.start()] + new + data[old.end() :]
    return whole


def _spans(data: bytes) -> list[tuple[int, int]]:
    """Bracketed parts with the key before them on the same line."""
    stack, found = list[int](), list[tuple[int, int]]()
    for token in _TOKEN.finditer(data):
        if token[0] in (b"{", b"[", b"<"):
            stack.append(token.start())
        elif token[0] in (b"}", b"]", b">") and stack:
            found.append((stack.pop(), token.end()))
    return found


def _part(rng: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    """A part taken out, doubled, moved, or put in place of another."""
    spans = _spans(data)
    if not spans:
        return data
    start, end = rng.choice(spans)
    if rng.random() < 0.5:  # with its key
        start = max(data.rfind(mark, 0, start) for mark in (b"\n", b",", b"{", b" ")) + 1
    kind = rng.randrange(4)
    if kind == 0:
        return data[:start] + data[end:]
    if kind == 1:
        return data[:end] + rng.choice((b"", b", ", b"\n")) + data[start:end] + data[end:]
    other = data if kind == 2 else rng.choice(seeds)
    spans = _spans(other)
    if not spans:
        return data
    begin, stop = rng.choice(spans)
    return data[:start] + other[begin:stop] + data[end:]


_Change = Callable[[random.Random, bytes, Sequence[bytes]], bytes]
_OF_BYTES: tuple[_Change, ...] = (_flip, _flip, _number, _number, _cut, _double, _splice)
_OF_TEXT: tuple[_Change, ...] = (*[_word] * 4, *[_part] * 3, _insert, _cut, _double, _splice, _flip)
