"""Protobuf's text format as Caffe files use it, with line and column of every field; and back to text.

Own parser, because problems must name places, which protobuf's parser forgets. A message becomes a ``Bag`` whose values
are ``Repeated`` lists of numbers, booleans, strings (quoted), ``Word`` (bare: enum values) and nested bags.
Grammar: https://protobuf.dev/reference/protobuf/textformat-spec/
"""

import math
import re
from bisect import bisect_right
from collections.abc import Mapping
from typing import Any

from visualnn_shared.catalogue.maps import Bag, Repeated, Unmappable, Word
from visualnn_shared.spec.problem import Line

MAX_DEPTH = 32
"""Nesting of messages; Caffe's schema needs 5."""

# Possessive (``*+``): what has been read is never given back, so that a broken text fails in linear time.
_GAP = r"(?:\s|\#[^\n]*+(?:\n|\Z))*+"
_STRING = r'"(?:[^"\\\n]|\\[^\n])*+"|' r"'(?:[^'\\\n]|\\[^\n])*+'"
_SCALAR = r"[^\s{}<>;,#\"'\[\]:]+"
_FIELD = re.compile(
    rf"""{_GAP}(?:
        (?P<close>[}}>])
      | (?P<key>[A-Za-z_][\w.]*){_GAP}(?:
            (?P<open>:?{_GAP}[{{<])
          | :{_GAP}(?:(?P<text>(?:{_STRING})(?:{_GAP}(?:{_STRING}))*) | (?P<bare>{_SCALAR}) | (?P<list>\[)))
      | (?P<end>\Z)
    )(?:[ \t]*[,;])?""",
    re.VERBOSE,
)
# How nearly every field is written, one on a line: `key: 3`, `key: "text"`, `key {` and `}`. The rest is for _FIELD.
_COMMON = re.compile(
    r"""\s*+(?:(?P<key>[A-Za-z_][\w.]*+)(?::\s?(?:(?P<bare>[^\s{}<>;,#"'\[\]:]++)(?=\s)
      | "(?P<text>[^"\\\n]*+)"(?=\s++[A-Za-z_}]))|\ ?(?P<open>{))|(?P<close>}))(?![ \t]*+[,;])""",
    re.VERBOSE,
)
_ITEM = re.compile(rf"{_GAP}(?:(?P<text>{_STRING})|(?P<bare>{_SCALAR})|(?P<close>\])){_GAP},?", re.VERBOSE)
_PIECE = re.compile(_STRING)
_ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|(.))", re.DOTALL)
_ESCAPES = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?[fF]?\Z")
_INTEGER = re.compile(r"[-+]?\d{1,20}\Z")
_DIGITS = 20
_WORD = re.compile(r"[A-Za-z_][\w.]*\Z")
START = ""
"""``bag.line(START)`` is the line a message begins on."""


class _Places(dict[str, int]):
    """Offset of each field of a message; asked for, it answers with line and column."""

    __slots__ = ("_breaks",)

    def __init__(self, start: int, breaks: list[int]) -> None:
        super().__init__()
        self[START] = start
        self._breaks = breaks

    def get(self, key: str, default: Any = None) -> Any:
        """The place, or the default for a field that is not there."""
        offset = super().get(key)
        return default if offset is None else _place(self._breaks, offset)


def _place(breaks: list[int], offset: int) -> Line:
    """Line and column of an offset; ``breaks`` are the offsets of the line feeds."""
    before = bisect_right(breaks, offset - 1)
    return Line.at(before + 1, offset - (breaks[before - 1] if before else -1))


def parse(text: str) -> Bag:
    """The message that a text describes. Raises ``Unmappable`` with line and column at the first syntax error."""
    return _Parser(text).run()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._breaks = [match.start() for match in re.finditer("\n", text)]

    def _fail(self, rule: str, position: int) -> Unmappable:
        received = self._text[position : position + 30].split("\n")[0] or "the end of the text"
        return Unmappable(rule, received, line=_place(self._breaks, position))

    def run(self) -> Bag:
        """Walk the fields with a stack of open messages: depth costs no recursion."""
        values: dict[str, Any] = {}
        text, breaks, common, field = self._text, self._breaks, _COMMON.match, _FIELD.match
        places = _Places(0, breaks)
        stack: list[tuple[dict[str, Any], _Places, str, str, int]] = []
        position = 0
        while True:
            match = common(text, position) or field(text, position)
            if match is None:
                start = re.compile(_GAP).match(text, position)
                raise self._fail("a field must be `name: value` or `name { ... }`", start.end() if start else position)
            kind, position = match.lastgroup, match.end()
            if kind == "end":
                if stack:
                    raise self._fail("every { must be closed by a }", stack[-1][4])
                return Bag(values, places)
            if kind == "close":
                values, places = self._close(match, values, places, stack)
                continue
            key, begin = match["key"], match.start("key")
            if key not in places:
                places[key] = begin
            if kind == "open":
                if len(stack) >= MAX_DEPTH:
                    raise self._fail(f"messages must be nested at most {MAX_DEPTH} deep", begin)
                stack.append((values, places, key, match["open"][-1], begin))
                values, places = {}, _Places(begin, breaks)
            elif kind == "list":
                found, position = self._list(position)
                if found:  # `key: []` is the same as nothing
                    values.setdefault(key, Repeated()).extend(found)
            else:
                value = self._value(match, kind)
                if key in values:
                    values[key].append(value)
                else:
                    values[key] = Repeated((value,))

    def _value(self, match: re.Match[str], kind: str | None) -> Any:
        token = match[kind or 0]
        if kind == "bare":
            return self._scalar(token, match.start("bare"))
        return token if match.re is _COMMON else _unquote(token)

    def _close(self, match: re.Match[str], values: dict[str, Any], places: _Places, stack: list[Any]) -> Any:
        if not stack:
            raise self._fail("a closing brace must close a message", match.start("close"))
        outer, outer_places, key, opened, begin = stack.pop()
        if (opened, match["close"]) not in (("{", "}"), ("<", ">")):
            line = _place(self._breaks, begin)
            raise self._fail(f"the message opened by {opened} in line {line} must be closed", match.start("close"))
        outer.setdefault(key, Repeated()).append(Bag(values, places))
        return outer, outer_places

    def _list(self, position: int) -> tuple[list[Any], int]:
        """The values of ``[a, b]``; ``position`` is behind the bracket."""
        found: list[Any] = []
        while True:
            match = _ITEM.match(self._text, position)
            if match is None:
                raise self._fail("a list must be `[value, value]`", position)
            position = match.end()
            if match["close"]:
                return found, position
            found.append(_unquote(match["text"]) if match["text"] else self._scalar(match["bare"], match.start("bare")))

    def _scalar(self, token: str, position: int) -> Any:
        """A bare token: number, boolean or enum word."""
        if token.isdecimal() and token.isascii() and len(token) <= _DIGITS:  # nearly all
            return int(token)
        if _INTEGER.match(token):
            return int(token)
        if _NUMBER.match(token):
            return float(token.rstrip("fF"))
        if token in ("true", "True"):
            return True
        if token in ("false", "False"):
            return False
        if token.lstrip("+-").lower() in ("inf", "infinity", "nan"):
            return float(token)
        if _WORD.match(token):
            return Word(token)
        raise self._fail("a value must be a number, a word, or a quoted string", position)


def _unquote(token: str) -> str:
    """The text of one or more adjacent quoted strings; escapes are bytes of UTF-8."""
    if token.find(token[0], 1) == len(token) - 1 and "\\" not in token:  # nearly all: one string without escapes
        return token[1:-1]
    inner = "".join(piece[0][1:-1] for piece in _PIECE.finditer(token))
    if "\\" not in inner:
        return inner
    return _ESCAPE.sub(_unescape, inner.encode("utf-8", "surrogatepass")).decode("utf-8", "replace")


def _unescape(match: re.Match[bytes]) -> bytes:
    if match[1]:
        return bytes([int(match[1], 8) & 0xFF])
    if match[2]:
        return bytes([int(match[2], 16)])
    return _ESCAPES.get(match[3], match[3])


def render(message: Mapping[str, Any], indent: str = "") -> str:
    """A message as text: lists are repeated fields, mappings nested messages, ``Word`` bare, other strings quoted."""
    lines: list[str] = []
    for key, value in message.items():
        for item in value if isinstance(value, list | tuple) else [value]:
            if isinstance(item, Mapping):
                lines += [f"{indent}{key} {{\n", render(item, indent + "  "), f"{indent}}}\n"]
            else:
                lines.append(f"{indent}{key}: {_say(item)}\n")
    return "".join(lines)


def _say(value: Any) -> str:
    if isinstance(value, Word):
        return str(value)
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return '"' + "".join(c if c.isprintable() else _octal(c) for c in escaped) + '"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    return repr(value)


def _octal(character: str) -> str:
    """Bytes of a character as protobuf's octal escapes."""
    return "".join(f"\\{byte:03o}" for byte in character.encode("utf-8", "surrogatepass"))
