"""How Keras writes a layer within a layer: as an object with its class and its config."""
# ruff: noqa: ARG002  (a lens takes what every lens takes)

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from visualnn_shared.catalogue.inner import applied
from visualnn_shared.catalogue.mapping import Read, Written, index, read_node, without_defaults, write_node
from visualnn_shared.catalogue.maps import Bag, Context, Lens, Unmappable
from visualnn_shared.spec.problem import Problem

_FRAME = ("name", "dtype", "build_config", "batch_input_shape")
"""Keys of a config that every layer has."""


@dataclass(frozen=True, slots=True)
class KerasInner(Lens):
    """The layer that a wrapper holds under ``param``; Keras names it so too, and so are its variables' paths.

    ``forced`` are keys of the layer's config that the wrapper sets, whatever they hold.
    """

    param: str = "layer"
    forced: tuple[str, ...] = ()

    def owns(self) -> tuple[str, ...]:
        return (self.param,)

    def read(self, bag: Bag, p: dict[str, Any], ctx: Context) -> None:
        if self.param in bag and bag.peek(self.param) is not None:
            p[self.param] = read_inner(bag, self.param, self.forced)
        else:
            bag.one(self.param)

    def write(self, p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
        value = p[self.param]
        bag.put(self.param, None if value is None else self._object(value))

    def _object(self, value: Mapping[str, Any]) -> dict[str, Any]:
        found = applied(value, ())
        written = write_node("keras", found.entry, found.params, Context(), None)
        if not isinstance(written, Written):
            raise _unmappable(self.param, written[0])
        return {
            "module": "keras.layers",
            "class_name": written.op,
            "config": {"name": self.param, **written.attributes},
            "registered_name": None,
        }


def read_inner(bag: Bag, key: str, forced: tuple[str, ...] = ()) -> dict[str, Any]:
    """The layer that the bag holds under ``key``, in its normal form; what of it is not understood stays in the bag.

    Raises ``Unmappable``.
    """
    value = bag.one(key)
    config = value.get("config") if isinstance(value, Mapping) else None
    if not isinstance(config, Mapping) or not isinstance(value.get("class_name"), str):
        raise Unmappable(f"{key} must be an object with class_name and config", value, key)
    inner = Bag({name: item for name, item in config.items() if name not in (*_FRAME, *forced)})
    found = read_node(index("keras"), value["class_name"], inner, Context(), key)
    if not isinstance(found, Read):
        raise _unmappable(key, found[0])
    if found.problems:
        raise _unmappable(key, found.problems[0])
    for name, _line in inner.left():
        if name != "trainable" or found.entry.has_weights:
            bag.put(f"{key}.{name}", inner.peek(name))
    return {"type": found.entry.type, "params": without_defaults(found.entry, found.params)}


def _unmappable(param: str, found: Problem) -> Unmappable:
    path = f"{param}.params.{found.where.param}" if found.where.param else param
    return Unmappable(found.rule, found.received, path, hint=found.hint)
