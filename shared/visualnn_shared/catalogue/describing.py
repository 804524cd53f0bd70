"""Entries as JSON: what a palette, a parameter panel and a reader of the documentation need."""

from collections.abc import Mapping, Sequence
from typing import Any

from visualnn_shared.catalogue.entry import REQUIRED, Entry, Param, Same, Weight
from visualnn_shared.catalogue.free import from_json


def as_json(entry: Entry) -> dict[str, Any]:
    """The entry as ``GET /layers`` shows it; tuples are lists, and ``formats`` are those that have a map."""
    return {
        "type": entry.type,
        "group": entry.group,
        "doc": entry.doc,
        "palette": entry.palette,
        "block": entry.expand is not None,
        "params": [_param(entry, param) for param in entry.params],
        "ports": {"least": entry.ports.least, "most": entry.ports.most, "names": list(entry.ports.names)},
        "weights": [{"name": w.name, "when": w.when, "trainable": w.trainable} for w in _weights(entry)],
        "example": {"inputs": _plain(entry.example.inputs), "params": _plain(entry.example.params)},
        "formats": sorted(format for format, maps in entry.maps.items() if maps),
    }


def _weights(entry: Entry) -> Sequence[Weight]:
    """All its variables; those of the example where they depend on the parameters."""
    if entry.weights_rule is None:
        return entry.weights
    params = {**entry.defaults, **{name: entry.kinds[name].clean(one) for name, one in entry.example.params.items()}}
    for name, other in entry.derived:
        params.setdefault(name, params[other])
    return entry.weights_rule(params, [from_json(shape) for shape in entry.example.inputs])


def _param(entry: Entry, param: Param) -> dict[str, Any]:
    kind = param.kind.as_json()
    inner = kind.get("of", {}) if kind["kind"] == "optional" else kind
    derived = param.default.param if isinstance(param.default, Same) else None
    return {
        "name": param.name,
        "kind": kind["kind"],
        "type": param.kind.must_be,
        "required": param.default is REQUIRED,
        "default": _plain(entry.defaults.get(param.name)),
        "default_from": derived,
        "limits": inner.get("limits"),
        "choices": inner.get("choices"),
        "of": _plain(kind.get("of")),
        "params": _plain(inner.get("params")),
        "doc": param.doc,
    }


def _plain(value: Any) -> Any:
    """Tuples as lists, all the way down."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
