"""ETags and the headers that name them (RFC 9110, section 13)."""

import re

_ETAG = re.compile(r'\s*(W/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*(?:,|$)')


def quoted(etag: str) -> str:
    """A strong ETag as a header value."""
    return f'"{etag}"'


def if_match(header: str | None) -> frozenset[str] | None:
    """The strong ETags of If-Match (weak ones never match), or ``{"*"}``; None without the header."""
    if header is None:
        return None
    if header.strip() == "*":
        return frozenset({"*"})
    return frozenset(tag for weak, tag in _ETAG.findall(header) if not weak)


def none_match(header: str | None, etag: str) -> bool:
    """True where If-None-Match names ``etag`` (weak comparison): the client has the bytes already."""
    if header is None:
        return False
    return header.strip() == "*" or any(tag == etag for _, tag in _ETAG.findall(header))
