"""A received value as a problem may show it: JSON-safe and short, whatever it was."""

import math
from collections.abc import Mapping
from itertools import islice
from typing import Any

LONGEST = 200
"""Characters of a text that are shown."""
MOST = 20
"""Items of a list or object that are shown."""
DEEPEST = 4
LARGEST_EXACT = 2**53
"""Beyond it, JSON readers that use doubles change an integer."""


def shown(value: Any, depth: int = 0) -> Any:
    """The value itself where it is plain and small; what is long is cut, NaN and infinities become words."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value) if abs(value) <= LARGEST_EXACT else _large(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))
    if isinstance(value, str):
        return _text(value)
    if depth < DEEPEST:
        if isinstance(value, Mapping):
            return _mapping(value, depth)
        if isinstance(value, list | tuple | set | frozenset):
            items = [shown(item, depth + 1) for item in islice(value, MOST)]
            return [*items, f"... {len(value) - MOST} more"] if len(value) > MOST else items
    return "..." if isinstance(value, Mapping | list | tuple) else _text(_repr(value))


def _mapping(value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
    items = {_text(str(key)): shown(item, depth + 1) for key, item in islice(value.items(), MOST)}
    return {**items, "...": f"{len(value) - MOST} more"} if len(value) > MOST else items


def _large(value: int) -> str:
    # Python refuses to print more than 4300 digits.
    return f"{value}" if value.bit_length() < 512 else f"an integer of {value.bit_length()} bits"


def _text(value: str) -> str:
    clean = value.encode("utf-8", "replace").decode("utf-8")  # lone surrogates cannot be sent
    return clean if len(clean) <= LONGEST else clean[:LONGEST] + "..."


def _repr(value: Any) -> str:
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - a foreign object's repr may do anything
        return f"a {type(value).__name__}"
