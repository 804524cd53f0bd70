"""Python text that no name of a layer can break: identifiers, literals, and words for comments."""

import keyword
import re
from collections.abc import Iterable
from typing import Any

_MODULE = (
    "T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda double dump_patches "
    "eval extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half ipu load_state_dict "
    "modules mtia named_buffers named_children named_modules named_parameters parameters register_backward_hook "
    "register_buffer register_forward_hook register_forward_pre_hook register_full_backward_hook "
    "register_full_backward_pre_hook register_load_state_dict_post_hook register_load_state_dict_pre_hook "
    "register_module register_parameter register_state_dict_post_hook register_state_dict_pre_hook requires_grad_ "
    "set_extra_state set_submodule share_memory state_dict to to_empty train training type xpu zero_grad mro"
)
_USED = (
    "self x torch nn F math super len zip max min int float tuple list range reversed isinstance load load_file Path "
    "print bool str object dict enumerate type True False None"
)
RESERVED = frozenset([*_MODULE.split(), *_USED.split(), *keyword.kwlist, *keyword.softkwlist])
"""Names that mean something else in the text, or in ``nn.Module``."""
LONGEST = 80


def identifier(name: str) -> str:
    """A readable Python identifier of ASCII letters; not yet one that nothing else has."""
    plain = re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_")[:LONGEST].rstrip("_")
    if not plain or plain[0].isdigit():
        plain = f"layer_{plain}".rstrip("_")
    return f"{plain}_" if plain in RESERVED else plain


def class_name(name: str) -> str:
    """``my-net_1`` -> ``MyNet1``."""
    words = re.findall(r"[A-Za-z0-9]+", name)
    plain = "".join(word[0].upper() + word[1:] for word in words)[:LONGEST]
    if not plain or not plain[0].isalpha() or plain in RESERVED:
        return f"Net{plain}"
    return plain


class Identifiers:
    """Identifiers that are all different."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = {name.casefold() for name in taken}

    def fresh(self, name: str) -> str:
        """The identifier of a name, with a number where it is taken."""
        plain, number = identifier(name), 1
        found = plain
        while found.casefold() in self._taken:
            found, number = f"{plain.rstrip('_')}_{number}", number + 1
        self._taken.add(found.casefold())
        return found


_HARMLESS = str.maketrans({'"': "'", "`": "'", "\\": "/"})
"""What could end a docstring or escape in it, as what cannot."""


def words(text: str) -> str:
    """Text for a comment or a docstring: one line, nothing that ends or escapes it, nothing that is not printed."""
    kept = "".join(c if c.isprintable() else "?" for c in text.translate(_HARMLESS))
    return kept[:LONGEST]


def literal(value: Any) -> str:
    """A value as Python text. Strings that begin with ``=`` are Python text already (of the writer's own)."""
    if isinstance(value, str):
        return value[1:] if value.startswith("=") else repr(value)
    if isinstance(value, bool) or value is None:
        return repr(value)
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, list | tuple):
        inside = ", ".join(literal(item) for item in value)
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    raise TypeError(type(value).__name__)


def _number(value: int | float) -> str:
    text = repr(value)
    return text if text.lstrip("-")[0].isdigit() else f'float("{text}")'


def call(function: str, *arguments: str) -> str:
    """A call with these arguments."""
    return f"{function}({', '.join(argument for argument in arguments if argument)})"


_PLACED = (
    "in_channels", "out_channels", "in_features", "out_features", "num_features", "num_embeddings", "embedding_dim",
    "input_size", "hidden_size", "normalized_shape", "num_groups", "num_channels", "p",
)  # fmt: skip
"""Arguments that are written by their place: they come first, in this order, in every signature that has them."""


def keywords(arguments: dict[str, Any]) -> list[str]:
    """Arguments as text: by place where that is usual, else by name."""
    placed = [literal(arguments[key]) for key in _PLACED if key in arguments]
    return placed + [f"{key}={literal(value)}" for key, value in arguments.items() if key not in _PLACED]
