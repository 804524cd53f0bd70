"""The bytes of a GraphDef, binary or text, as a message; nothing is believed of it yet."""

import re
from typing import Any

from google.protobuf import text_format  # type: ignore[import-untyped, unused-ignore]
from google.protobuf.message import DecodeError  # type: ignore[import-untyped, unused-ignore]
from visualnn_shared.catalogue.maps import Unmappable
from visualnn_shared.errors import TooLarge

from visualnn_converter.formats.tensorflow.schema import graph_def

LARGEST_TEXT = 32 * 2**20
"""Bytes of a graph as text; it takes about ten times as long to read as the other form."""
_TEXT = re.compile(rb"\A(?:\xef\xbb\xbf)?(?:\s|#[^\n]*\n)*(?:node|versions|library|version)\s*:?\s*[{\d<]")
_NODE = re.compile(rb"\bnode\s*:?\s*[{<]")
_OP = re.compile(rb"\bop\s*:\s*['\"]")
_PLACE = re.compile(r"\A(\d+):(\d+) : (.*)\Z", re.DOTALL)


def is_text(data: bytes) -> bool:
    """Whether the bytes begin as a graph in protobuf's text format."""
    return _TEXT.match(data[:20_000]) is not None and b"\x00" not in data[:2000]


def looks_like_text(data: bytes) -> bool:
    """Whether a file is such a text: nodes with operators are near its beginning."""
    head = data[:20_000]
    return is_text(data) and _NODE.search(head) is not None and _OP.search(head) is not None


def looks_like_binary(data: bytes) -> bool:
    """Whether a file begins with a NodeDef that has a name and an operator, as every binary GraphDef does."""
    if data[:1] != b"\x0a":
        return False
    try:
        size, place = _number(data, 1)
        if not 4 <= size <= len(data) - place or data[place : place + 1] != b"\x0a":
            return False
        length, place = _number(data, place + 1)
        place += length
        if data[place : place + 1] != b"\x12":
            return False
        length, place = _number(data, place + 1)
    except IndexError:
        return False
    op = data[place : place + length]
    return 0 < length < 200 and len(op) == length and re.fullmatch(rb"[A-Za-z_>][\w>./]*", op) is not None


def _number(data: bytes, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 35, 7):
        byte = data[place]
        value, place = value | (byte & 0x7F) << shift, place + 1
        if byte < 0x80:
            return value, place
    raise IndexError


def message(data: bytes) -> Any:
    """The GraphDef. Raises ``Unmappable`` with line and column where it is none, ``TooLarge``."""
    return _from_text(data) if is_text(data) else _from_bytes(data)


def _from_bytes(data: bytes) -> Any:
    try:
        found = graph_def().FromString(data)
    except (DecodeError, ValueError, RecursionError):
        raise _damaged(data) from None
    if not found.node:
        what = f"{len(data):,} bytes without one" if data else "an empty file"
        raise Unmappable("the file must hold a TensorFlow graph with nodes", what)
    return found


def _damaged(data: bytes) -> Unmappable:
    """Where the file ends before its nodes do, or that it is something else."""
    rule, place, count = "the file must be a whole TensorFlow graph (a protobuf GraphDef)", 0, 0
    try:
        while place < len(data) and data[place] == 0x0A:
            size, begin = _number(data, place + 1)
            if begin + size > len(data):
                break
            place, count = begin + size, count + 1
    except IndexError:
        pass
    if data[:1] != b"\x0a":
        return Unmappable(rule, f"{len(data):,} bytes of something else")
    told = f"{len(data):,} bytes: {count:,} whole nodes, then the file is cut off or damaged at byte {place:,}"
    return Unmappable(rule, told, hint="fetch or save the file again")


def _from_text(data: bytes) -> Any:
    if len(data) > LARGEST_TEXT:
        raise TooLarge("the graph as text (bytes)", LARGEST_TEXT, len(data))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unmappable("the text must be UTF-8", data[error.start : error.start + 4].hex(), line=line) from None
    try:
        return text_format.Parse(text, graph_def()(), allow_unknown_field=True)
    except text_format.ParseError as error:
        place = _PLACE.match(str(error))
        if place is None:
            raise Unmappable("the text must be a GraphDef", str(error)[:200]) from None
        rule = f"the text must be a GraphDef (column {place[2]})"
        raise Unmappable(rule, place[3][:200], line=int(place[1])) from None
    except RecursionError:
        raise Unmappable("messages must not be nested so deep", "more levels than a graph can have") from None
    except (ValueError, TypeError, OverflowError) as error:  # what protobuf's parser lets through
        raise Unmappable("the text must be a GraphDef", str(error)[:200]) from None
