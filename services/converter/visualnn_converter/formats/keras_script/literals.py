"""Python source of values and names: whatever a spec holds, a literal stays a literal and a name a name."""

import builtins
import keyword
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

RESERVED = frozenset({
    "argparse", "build_model", "constraints", "initializers", "input", "keras", "layers", "load_data", "main", "model",
    "np", "parse_arguments", "print", "range", "regularizers",
})  # fmt: skip
"""Names that the script uses itself."""
_LONGEST = 40
WIDTH = 100
"""Characters of a line, where it can be broken."""


def literal(value: Any) -> str:
    """The source of a plain value. Raises ``TypeError`` for anything else."""
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, bool | int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return _sequence(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{literal(str(key))}: {literal(item)}" for key, item in value.items()) + "}"
    raise TypeError(f"no literal for {type(value).__name__}")


def _text(value: str) -> str:
    """In double quotes where nothing in it needs care; what cannot be seen is escaped."""
    source = repr(value) if value.isprintable() else ascii(value)
    return source if set('"\\') & set(source) else f'"{source[1:-1]}"' if source[0] == "'" else source


def _sequence(value: Iterable[Any]) -> str:
    items = list(value)
    inner = ", ".join(literal(item) for item in items)
    if items and all(isinstance(item, int) and not isinstance(item, bool) for item in items):
        return f"({inner},)" if len(items) == 1 else f"({inner})"
    return f"[{inner}]"


class Variables:
    """Identifiers for layers: their names as far as Python allows, each once."""

    def __init__(self) -> None:
        self._taken = set(RESERVED)

    def fresh(self, name: str) -> str:
        """A new identifier that reads like ``name``."""
        wanted = _identifier(name)
        found, number = wanted, 1
        while found in self._taken:
            number += 1
            found = f"{wanted}_{number}"
        self._taken.add(found)
        return found


def _identifier(name: str) -> str:
    """ASCII letters, digits and underscores; neither a keyword nor a number."""
    folded = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = re.sub(r"[^0-9A-Za-z]+", "_", folded).strip("_").lower()[:_LONGEST].strip("_")
    if not words or words[0].isdigit():
        words = f"layer_{words}".rstrip("_")
    taken = keyword.iskeyword(words) or keyword.issoftkeyword(words) or hasattr(builtins, words)
    return f"{words}_" if taken else words


def call(function: str, arguments: Iterable[str], indent: int = 0, used: int = 0) -> str:
    """``function(a, b=c)``, with an argument a line where one line would be too long."""
    items = list(arguments)
    short = f"{function}({', '.join(items)})"
    if indent + used + len(short) <= WIDTH or not items:
        return short
    lines = "".join(f"{' ' * (indent + 4)}{item},\n" for item in items)
    return f"{function}(\n{lines}{' ' * indent})"
