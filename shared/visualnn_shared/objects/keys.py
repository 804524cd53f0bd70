"""Which keys are keys. The same rules for every store, so that a key that works on one works on all."""

import re
from typing import ClassVar

from visualnn_shared.errors import Invalid
from visualnn_shared.spec.problem import problem

MAX_KEY = 512
"""Characters. S3 allows 1,024 bytes; a store's own prefix takes some."""
_RULE = (
    f"an object key must be 1 to {MAX_KEY} characters of names joined by '/', each name 1 to 200 letters, digits or "
    "any of . _ - = + @, not starting with a dot"
)
_NAME = r"[A-Za-z0-9_=+@-][A-Za-z0-9._=+@-]{0,199}"
_KEY = re.compile(rf"{_NAME}(?:/{_NAME})*")
_PREFIX = re.compile(rf"(?:{_NAME}/)*(?:{_NAME})?")


class KeyInvalid(Invalid):
    """A key or prefix breaks the rules; nothing was touched."""

    code: ClassVar[str] = "object-key-invalid"
    title: ClassVar[str] = "The object key breaks rules"

    def __init__(self, what: str, received: str) -> None:
        super().__init__(f"the object {what}", [problem(_RULE, received[:MAX_KEY], field=what)])


def check_key(key: str) -> str:
    """``key`` itself. Raises ``KeyInvalid``."""
    if len(key) > MAX_KEY or not _KEY.fullmatch(key):
        raise KeyInvalid("key", key)
    return key


def check_prefix(prefix: str) -> str:
    """``prefix`` itself: empty, or the beginning of a key. Raises ``KeyInvalid``."""
    if len(prefix) > MAX_KEY or not _PREFIX.fullmatch(prefix):
        raise KeyInvalid("prefix", prefix)
    return prefix


def check_range(start: int, length: int | None) -> None:
    """Raises ``ValueError``: a range comes from code of ours, which has checked what a user sent."""
    if start < 0 or (length is not None and length < 0):
        raise ValueError(f"start and length must not be negative; received start={start}, length={length}")
