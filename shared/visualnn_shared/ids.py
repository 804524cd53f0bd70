"""Identifiers: a word for the kind and a time-ordered random part, so that an index grows at its end."""

import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u

ID = r"^[0-9a-z-]{1,64}$"
"""What may be an identifier, ours or not."""
NAME = r"^[a-z0-9][a-z0-9_-]{0,62}$"
"""Names of operators and aliases: they are parts of URLs."""
KEY = r"^[\x21-\x7e]{1,255}$"
"""Keys that clients make up, as values of a header."""


def new_id(kind: str) -> str:
    """``job-01jd2k...``: 48 bits of milliseconds and 80 random bits, as in the ULID specification."""
    value = (int(time.time() * 1000) << 80) | secrets.randbits(80)
    digits = [_ALPHABET[(value >> shift) & 31] for shift in range(125, -1, -5)]
    return f"{kind}-{''.join(digits)}"
