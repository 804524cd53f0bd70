"""A layer as the Keras call that makes it: its class, and the arguments that differ from their defaults."""

from collections.abc import Iterator, Mapping
from typing import Any

from visualnn_shared.catalogue.entry import Entry
from visualnn_shared.catalogue.inner import applied
from visualnn_shared.catalogue.mapping import Written, without_defaults, write_node
from visualnn_shared.catalogue.maps import Context, Unmappable

from visualnn_converter.formats.keras_script.literals import call, literal

_FIRST = ("units", "filters", "kernel_size", "pool_size", "rate", "activation", "input_dim", "output_dim")
"""Arguments that people look for first; the others follow in the catalogue's order."""
_ALWAYS = {"GRU": ("reset_after",)}


def construct(entry: Entry, params: Mapping[str, Any], ctx: Context, name: str | None, indent: int, used: int) -> str:
    """``layers.Dense(units=10, name="out")``."""
    written = write_node("keras", entry, params, ctx, name)
    if not isinstance(written, Written):
        raise Unmappable(written[0].rule, written[0].received)
    arguments = list(_arguments(entry, params, written))
    if name is not None:
        arguments.append(f"name={literal(name)}")
    return call(f"layers.{written.op}", arguments, indent, used)


def _arguments(entry: Entry, params: Mapping[str, Any], written: Written) -> Iterator[str]:
    said = without_defaults(entry, params)
    keys = [key for key in _FIRST if key in written.attributes]
    for key in dict.fromkeys([*keys, *written.attributes]):
        if key in entry.kinds and key not in said and key not in _ALWAYS.get(entry.type, ()):
            continue
        yield f"{key}={_value(written.attributes[key], params.get(key))}"


def _value(attribute: Any, param: Any) -> str:
    """The source of an argument: a layer, an initializer and the like by its constructor, or a plain value."""
    if not isinstance(attribute, Mapping) or "class_name" not in attribute:
        return literal(attribute)
    if attribute["module"] == "keras.layers":
        inner = applied(param, ())
        return construct(inner.entry, inner.params, Context(), None, 0, -(10**6))  # on one line, in its place
    if isinstance(param, str):
        return literal(param)
    given = {key: value for key, value in attribute["config"].items() if value is not None}
    module = attribute["module"].rpartition(".")[2]
    return f"{module}.{attribute['class_name']}({', '.join(f'{key}={literal(one)}' for key, one in given.items())})"
