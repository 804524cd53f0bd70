"""A job's params as JSON, field by field: what a form needs. Made from the models that check them."""

from collections.abc import Mapping, Set
from typing import Any

from pydantic import BaseModel

from visualnn_shared.catalogue.kinds import Kind, Optional
from visualnn_shared.training.loss_options import LOSS_OPTIONS
from visualnn_shared.training.optimizers import OPTIMIZERS
from visualnn_shared.training.recipe import SAME_FOR_ALL, EnsembleParams, TrainParams, TuneParams

_KINDS = {"integer": "int", "number": "float", "boolean": "bool", "string": "text", "array": "list"}
_CHOSEN = frozenset({
    "optimizer", "loss", "losses", "labels_of", "metrics", "output_metrics", "learning_rate", "keep", "stop_at",
})  # fmt: skip
"""What ``choose.plan`` and ``plan_dqn`` fill in."""
_LIMITS = {"minimum": "least", "exclusiveMinimum": "least", "maximum": "most", "exclusiveMaximum": "most"}


def describe(params: type[BaseModel] = TrainParams) -> list[dict[str, Any]]:
    """The fields of ``params`` in their order; ``searchable``: a search may have it as a dimension.

    ``kind`` is int, float, bool, text, choice (of ``choices``), list (of what ``of`` says), record (of ``fields``), map
    (names to what ``of`` says), or named: one of ``choices``, with the fields that ``options`` give for it.
    """
    schema = params.model_json_schema()
    return [
        one
        | {
            "chosen": one["name"] in _CHOSEN and not one["default"],
            "searchable": params is TrainParams and one["name"] not in SAME_FOR_ALL,
        }
        for one in _fields(schema, schema["$defs"])
    ]


def describe_tune() -> list[dict[str, Any]]:
    """The fields of ``TuneParams`` but ``space`` and ``recipe``, whose values are names and fields of ``describe``."""
    return _without(TuneParams, {"space", "recipe"})


def describe_ensemble() -> list[dict[str, Any]]:
    """The fields of ``EnsembleParams`` but ``recipe``, whose value is fields of ``describe``."""
    return _without(EnsembleParams, {"recipe"})


def _without(params: type[BaseModel], others: Set[str]) -> list[dict[str, Any]]:
    """The fields of ``params`` but ``others``."""
    schema = params.model_json_schema()
    own = {**schema, "properties": {k: v for k, v in schema["properties"].items() if k not in others}}
    return [one | {"chosen": one["name"] == "monitor"} for one in _fields(own, schema["$defs"])]


def _fields(schema: Mapping[str, Any], known: Mapping[str, Any]) -> list[dict[str, Any]]:
    required = schema.get("required", ())
    return [
        {
            "name": name,
            "required": name in required,
            "default": one.get("default"),
            "doc": _sentence(one.get("description")),
            **_kind(one, known),
        }
        for name, one in schema["properties"].items()
        if "const" not in one
    ]


def _kind(schema: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    branches = [_followed(one, known) for one in schema.get("anyOf", [schema])]
    nullable = any(one.get("type") == "null" for one in branches)
    return {"nullable": nullable} | _of([one for one in branches if one.get("type") != "null"], known)


def _of(branches: list[Mapping[str, Any]], known: Mapping[str, Any]) -> dict[str, Any]:
    """One branch, or a few that are told as one: a word or a list, a name or an object with it."""
    words = [word for one in branches for word in one.get("enum", [one["const"]] if "const" in one else [])]
    by_kind = {str(one.get("type", "oneOf")): one for one in branches}
    if "oneOf" in by_kind:
        options = {_name_of(one): one for one in (_followed(one, known) for one in by_kind["oneOf"]["oneOf"])}
        told = {name: _fields(one, known) for name, one in options.items()}
        return {"kind": "named", "choices": list(options), "options": told}
    if "array" in by_kind:
        items = _kind(by_kind["array"]["items"], known)
        return {**items, "kind": "list", "of": items["kind"], "choices": items.get("choices", []) + words or None}
    if "object" in by_kind and words:
        fields = _optimizer_fields if by_kind["object"]["title"] == "Optimizer" else _loss_fields
        return {"kind": "named", "choices": words, "options": {name: fields(name) for name in words}}
    if "additionalProperties" in by_kind.get("object", {}) and "properties" not in by_kind["object"]:
        values = _kind(by_kind["object"]["additionalProperties"], known)
        return {**values, "kind": "map", "of": values["kind"]}
    if "object" in by_kind:
        return {"kind": "record", "fields": _fields(by_kind["object"], known)}
    if words and by_kind.keys() & {"integer"}:  # a number, or a word in its place
        return {"kind": "int", "limits": _limits(by_kind["integer"]), "choices": words}
    if words:
        return {"kind": "choice", "choices": words}
    (only,) = branches
    return {"kind": _KINDS[only["type"]], "limits": _limits(only)}


def _followed(schema: Mapping[str, Any], known: Mapping[str, Any]) -> Mapping[str, Any]:
    return known[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def _name_of(schema: Mapping[str, Any]) -> str:
    return next(str(one["const"]) for one in schema["properties"].values() if "const" in one)


def _limits(schema: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {own: schema[theirs] for theirs, own in _LIMITS.items() if theirs in schema}
    return found | {
        own: True for theirs, own in (("exclusiveMinimum", "above"), ("exclusiveMaximum", "below")) if theirs in schema
    }


def _optimizer_fields(name: str) -> list[dict[str, Any]]:
    """Its own first, then what all have; the learning rate is the job's own field."""
    shared = set[str].intersection(*(set(entry.params) for entry in OPTIMIZERS.values() if entry.keras_class))
    params = OPTIMIZERS[name].params
    names = sorted(params.keys() - {"learning_rate"}, key=lambda one: (one in shared, list(params).index(one)))
    return [_param(name, *params[name]) for name in names]


def _loss_fields(name: str) -> list[dict[str, Any]]:
    return [_param(param, *one) for param, one in LOSS_OPTIONS.get(name, {}).items()]


def _param(name: str, kind: Kind, default: Any) -> dict[str, Any]:
    """A parameter of an optimizer or a loss."""
    form = kind.as_json()
    inner = form["of"] if form["kind"] == "optional" else form
    must_be = kind.of.must_be if isinstance(kind, Optional) else kind.must_be
    return {
        "name": name,
        "required": False,
        "default": default,
        "doc": f"Must be {must_be}.",
        "nullable": form["kind"] == "optional",
        "kind": inner["kind"],
        "limits": inner.get("limits"),
    }


def _sentence(text: str | None) -> str:
    return (text or "").replace("``", "").replace("\n", " ")
