"""Maps to Keras: nearly every parameter keeps its own name, so one lens covers a whole layer."""
# ruff: noqa: ARG001, ARG002  (a lens takes what every lens takes)

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from visualnn_shared.catalogue.kinds import Axis, Kind, Optional
from visualnn_shared.catalogue.lenses import At, Fn, Harmless, Only
from visualnn_shared.catalogue.maps import Bag, Context, Lens, Map, Unmappable, plain
from visualnn_shared.catalogue.named import (
    ACTIVATION,
    ACTIVITY_REGULARIZER,
    CONSTRAINT,
    INITIALIZER,
    REGULARIZER,
    Named,
)

_MODULES = {
    id(INITIALIZER): "keras.initializers",
    id(REGULARIZER.of): "keras.regularizers",
    id(ACTIVITY_REGULARIZER.of): "keras.regularizers",
    id(CONSTRAINT.of): "keras.constraints",
}


@dataclass(frozen=True, slots=True)
class OwnNames(Lens):
    """Every parameter under its own name, but for those that other lenses of the map own (``others``).

    ``old`` maps names of earlier Keras versions to ours; they are read, never written.
    """

    others: tuple[str, ...] = ()
    old: Mapping[str, str] = field(default_factory=dict)

    def covers(self, name: str) -> bool:
        return True

    def read(self, bag: Bag, p: dict[str, Any], ctx: Context) -> None:
        for key in list(bag):
            name = self.old.get(key, key)
            if name in ctx.kinds and name not in self.others:
                p[name] = canonical(ctx.kinds[name], bag.one(key))

    def write(self, p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
        for name, value in p.items():
            if name not in self.others:
                bag.put(name, config(ctx.kinds[name], value))


_CHANNELS_LAST = Harmless("data_format", ("channels_last", None))
_QUANTIZED = Harmless("quantization_config", (None,))


def keras(type: str, *lenses: Lens, old: Mapping[str, str] | None = None, reads: bool = True) -> Map:
    """A map to the Keras class of this name: own names, except for what ``lenses`` say."""
    others = tuple(name for lens in lenses for name in lens.owns())
    return Map(type, (*lenses, _CHANNELS_LAST, _QUANTIZED, OwnNames(others, old or {})), reads=reads)


def config(kind: Kind | None, value: Any) -> Any:
    """A clean value as a Keras 3 config holds it."""
    named = kind.of if isinstance(kind, Optional) else kind
    if value is None or not isinstance(named, Named):
        return plain(value)
    if named is ACTIVATION:
        return value
    variant, params = named.complete(value)
    return {
        "module": _MODULES[id(named)],
        "class_name": variant.keras_class,
        "config": {name: plain(item) for name, item in params.items()},
        "registered_name": None,
    }


_SCALINGS = {
    ("fan_avg", "uniform", 1.0): "glorot_uniform",
    ("fan_avg", "truncated_normal", 1.0): "glorot_normal",
    ("fan_in", "uniform", 1.0): "lecun_uniform",
    ("fan_in", "truncated_normal", 1.0): "lecun_normal",
    ("fan_in", "uniform", 2.0): "he_uniform",
    ("fan_in", "truncated_normal", 2.0): "he_normal",
}


def canonical(kind: Kind, value: Any) -> Any:
    """A value of a Keras file by its shorter name: Keras 2 writes Glorot's initialisers as ``VarianceScaling``.

    Keras 3 writes one axis of LayerNormalization as a list.
    """
    axis = kind.of if isinstance(kind, Optional) else kind
    if isinstance(axis, Axis) and isinstance(value, list) and len(value) == 1:
        return value[0]
    if kind is not INITIALIZER or not isinstance(value, Mapping) or value.get("class_name") != "VarianceScaling":
        return value
    given = value.get("config")
    if not isinstance(given, Mapping):
        return value
    distribution = "truncated_normal" if given.get("distribution") == "normal" else given.get("distribution")
    key = (given.get("mode"), distribution, given.get("scale"))
    name = _SCALINGS.get(key) if all(isinstance(part, str | int | float) for part in key) else None  # type: ignore[arg-type]
    if name is None:
        return value
    seed = given.get("seed")
    return name if seed is None else {"name": name, "seed": seed}


class KerasPadding:
    """``valid``, ``same`` or ``causal``; explicit cells have no word in Keras."""

    def read(self, value: Any) -> Any:
        """The kind checks it."""
        return value

    def write(self, value: Any) -> str:
        """Refuses explicit cells."""
        if isinstance(value, str):
            return value
        raise ValueError("padding must be 'valid' or 'same' in this format")


def _leave(bag: Bag, p: dict[str, Any], ctx: Context) -> None:
    """Keras has no such key."""


def _count(p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
    """Padding that counts as zeros in the mean has no word in Keras."""
    if p["count_include_pad"] and p["padding"] != "valid":
        raise Unmappable("count_include_pad must be false in this format", True, "count_include_pad")


KERAS_PADDING = At("padding", "padding", codec=KerasPadding())
KERAS_FLOOR = Only("ceil_mode", (False,), "pad the input so that the windows fit, or use padding 'same'")
KERAS_COUNT = Fn(("count_include_pad",), _leave, _count)
