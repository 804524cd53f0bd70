"""Where entries register, and how they are found: by listing the folder ``layers`` and the user's own modules."""

import os
from collections.abc import Mapping, Sequence
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import Any

from visualnn_shared.catalogue import layers
from visualnn_shared.catalogue.entry import (
    Entry,
    Example,
    Expand,
    Layout,
    MacsRule,
    Param,
    Ports,
    ShapeRule,
    Weight,
    WeightsRule,
    no_macs,
    no_rules,
)
from visualnn_shared.catalogue.kinds import Bool
from visualnn_shared.errors import Invalid
from visualnn_shared.spec.problem import problem

_ENTRIES: dict[str, Entry] = {}
CATALOGUE: Mapping[str, Entry] = MappingProxyType(_ENTRIES)
"""Every layer type by name; complete once the package ``visualnn_shared.catalogue`` is imported."""

TRAINABLE = Param("trainable", Bool(), True, "Whether training changes the weights.")


def layer(
    type: str,
    *,
    doc: str,
    group: str,
    shape: ShapeRule,
    params: Sequence[Param] = (),
    ports: Ports = Ports(),  # noqa: B008 - frozen
    weights: Sequence[Weight] = (),
    weights_rule: WeightsRule | None = None,
    keras_class: str | None = None,
    expand: Expand | None = None,
    macs: MacsRule = no_macs,
    rules: Any = no_rules,
    layout: Layout = "any",
    palette: bool = True,
    example: Example = Example(),  # noqa: B008 - frozen
    maps: Mapping[str, Sequence[Any]] | None = None,
    unsaid: Mapping[str, str] | None = None,
) -> Entry:
    """Declare a layer type; with weights it also takes ``trainable``. Raises ``ValueError`` for a second one."""
    if type in _ENTRIES:
        raise ValueError(f"a layer type must be declared once; received {type!r} again")
    entry = Entry(
        type=type, doc=doc, group=group, shape=shape, ports=ports,
        params=(*params, *([TRAINABLE] if weights or weights_rule else [])), weights=tuple(weights),
        weights_rule=weights_rule, keras_class=keras_class, expand=expand, macs=macs, rules=rules, layout=layout,
        palette=palette, example=example, maps=maps or {}, unsaid=unsaid or {},
    )  # fmt: skip
    _ENTRIES[type] = entry
    return entry


def load() -> None:
    """Import every module of ``layers``, and those that ``VISUALNN_PLUGINS`` names; each declares its entries.

    Raises ``Invalid`` for a plugin that cannot be imported.
    """
    for module in sorted(iter_modules(layers.__path__), key=lambda m: m.name):
        import_module(f"{layers.__name__}.{module.name}")
    for name in os.environ.get("VISUALNN_PLUGINS", "").split(","):
        if name.strip():
            _plugin(name.strip())


def _plugin(name: str) -> None:
    try:
        import_module(name)
    except ImportError as error:
        rule, hint = "VISUALNN_PLUGINS must name modules that Python finds", f"{error}; put its folder on PYTHONPATH"
        raise Invalid("the environment", [problem(rule, name, field="VISUALNN_PLUGINS", hint=hint)]) from error
