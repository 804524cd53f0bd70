"""A dimension that is not known until the net runs, and shapes that may hold one."""

from __future__ import annotations

from typing import Final


class Free:
    """Arithmetic with ``FREE`` gives ``FREE``, and no comparison with it holds: it may be equal, and may differ.

    Shape rules need no guard for unknown dimensions: ``(n + 2 - k) // s + 1`` and ``prod(shape)`` are ``FREE`` where a
    part is, and ``a != b``, ``n < 1`` and the truth of ``channels % groups`` are false, so that no rule is broken by
    what is not known.
    """

    __slots__ = ()

    def _free(self, _other: object = None) -> Free:
        return self

    def _false(self, _other: object) -> bool:
        return False

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _free
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = _free
    __lt__ = __le__ = __gt__ = __ge__ = _false
    __ne__ = _false

    def __neg__(self) -> Free:
        return self

    def __eq__(self, other: object) -> bool:
        return other is self

    def __hash__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "?"

    def __reduce__(self) -> str:
        return "FREE"  # copies and pickles stay the one object


FREE: Final = Free()
Dim = int | Free
Shape = tuple[Dim, ...]
"""A shape without its batch axis."""


def known(dim: Dim | None) -> int | None:
    """The dimension as JSON has it: None where it is free."""
    return dim if isinstance(dim, int) else None


def from_json(shape: tuple[int | None, ...]) -> Shape:
    """``(None, 3)`` -> ``(FREE, 3)``."""
    return tuple(FREE if dim is None else dim for dim in shape)


def to_json(shape: Shape) -> list[int | None]:
    """``(FREE, 3)`` -> ``[None, 3]``."""
    return [known(dim) for dim in shape]
