"""ETags and the headers that name them (RFC 9110, section 13)."""

import re

from visualnn_shared.spec.problem import problem

from visualnn_api.errors import Malformed

_ETAG = re.compile(r'\s*(W/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*(?:,|$)')

_BARE = re.compile(r"[0-9a-f]{64}")
"""A sha256, which our ETags are."""


def quoted(etag: str) -> str:
    """A strong ETag as a header value."""
    return f'"{etag}"'


def if_match(header: str | None) -> frozenset[str] | None:
    """The strong ETags of If-Match (weak ones never match), or ``{"*"}``; None without the header.

    A single ETag of ours is known without its quotes too. Raises Malformed for what is no list of ETags.
    """
    if header is None:
        return None
    if header.strip() == "*":
        return frozenset({"*"})
    if _BARE.fullmatch(header.strip()):
        return frozenset({header.strip()})
    found = _ETAG.findall(header)
    if not found:
        hint = "send the answer's ETag header as it came"
        raise Malformed([problem("If-Match must be *, or ETags in double quotes", header, field="If-Match", hint=hint)])
    return frozenset(tag for weak, tag in found if not weak)


def none_match(header: str | None, etag: str) -> bool:
    """True where If-None-Match names ``etag`` (weak comparison): the client has the bytes already."""
    if header is None:
        return False
    return header.strip() == "*" or any(tag == etag for _, tag in _ETAG.findall(header))
