"""Failures of our own while a file is read: the user gets an obstacle, and tests find them here.

What a file breaks is checked and raised as ``Unmappable``. Any other exception is a check that is missing. The reader
answers it with an obstacle too, because a user's file must never end in a crash; it is logged, and kept in ``seen``,
which the tests hold empty.
"""

import logging
from collections import deque

from visualnn_shared.catalogue.maps import Unmappable

log = logging.getLogger(__name__)
seen: deque[str] = deque(maxlen=100)
"""What failed, the newest last: operator or place, and the exception."""


def answer(where: str, error: Exception) -> Unmappable:
    """The obstacle for a failure that no check foresaw."""
    log.exception("reading ONNX failed at %s", where, exc_info=error)
    seen.append(f"{where}: {type(error).__name__}: {error}"[:300])
    return Unmappable(
        f"the sizes and attributes of {where} must fit together", f"{type(error).__name__}: {error}"[:200]
    )
