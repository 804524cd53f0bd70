"""What goes where: results to stdout, everything else to stderr. With ``--json`` stdout holds one JSON document."""

import json
import sys
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from rich.console import Console


@lru_cache(maxsize=1)
def console() -> "Console":
    """For people: progress, notes, errors (stderr)."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def print_json(value: Any) -> None:
    """One document, readable by people too; NaN, which JSON lacks, becomes null."""
    sys.stdout.write(json.dumps(_finite(value), indent=2, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """To stdout. Columns whose name starts with ``>`` are aligned to the right, those with ``=`` are kept on one line.

    Columns without names have no head.
    """
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=title or None, title_justify="left", show_header=any(columns))
    for name in columns:
        justify: Literal["left", "right"] = "right" if name.startswith(">") else "left"
        table.add_column(name.lstrip(">="), justify=justify, overflow="fold", no_wrap=name.startswith("="))
    for row in rows:
        table.add_row(*("" if cell is None else escape(str(cell)) for cell in row))
    Console(highlight=False).print(table)


def say(text: str) -> None:
    """A line of text as it is, to stdout."""
    sys.stdout.write(text + "\n")


def note(text: str) -> None:
    """A line for the person who waits, to stderr."""
    console().print(text, markup=False, soft_wrap=True)


def number(value: Any) -> str:
    """Short: 0.9831, 1.2e-05, 592,554."""
    if value is None:
        return "?"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.4g}" if abs(value) < 1e5 else f"{value:.3e}"


def shape(value: Any) -> str:
    """(28, 28, None) as ``28 x 28 x ?``; a scalar as ``scalar``."""
    return " x ".join("?" if size is None else str(size) for size in value) or "scalar"


def size(count: int | None) -> str:
    """Bytes in the unit that fits: ``2.3 MiB``; ``?`` where it depends on a free axis."""
    if count is None:
        return "?"
    amount = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    if isinstance(value, dict):
        return {str(key): _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return value
