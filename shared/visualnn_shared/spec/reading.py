"""From JSON to a spec, and back to one canonical form. Every problem is reported at once, and nothing is dropped.

What is checked here is the form of the document; whether the layers make a net is ``analysis.check``.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from visualnn_shared.errors import SpecInvalid
from visualnn_shared.spec.model import ONE_LINE, VERSION, Group, Layer, Spec
from visualnn_shared.spec.problem import Problem, problem

MAX_BYTES = 16 * 2**20
"""Ten thousand layers take about 2 MiB."""
MAX_DEPTH = 24
"""Levels of lists and objects inside a layer's parameters."""
MOST_PROBLEMS = 500

_TYPES = {
    "string_type": "a text", "dict_type": "an object", "tuple_type": "a list", "model_type": "an object",
    "model_attributes_type": "an object", "list_type": "a list", "string_unicode": "a text of Unicode characters",
}  # fmt: skip
_HINTS = {
    "config": "parameters stand in params",
    "class_name": "the layer's type stands in type",
    "inbound_nodes": "the layers that feed this one stand in inputs",
    "version": "the document's version stands in visualnn",
}


@dataclass(slots=True)
class Parsed:
    """What could be read: ``spec`` is None where the document does not have the form of one.

    Unknown keys are problems, but the rest is read, so that a caller can check it and report all at once.
    """

    spec: Spec | None = None
    problems: list[Problem] = field(default_factory=list)


def read_spec(data: object) -> Spec:
    """The spec in a JSON text, or in a decoded document. Raises ``SpecInvalid`` with every problem of its form."""
    parsed = parse(data)
    if parsed.spec is None or parsed.problems:
        raise SpecInvalid(parsed.problems)
    return parsed.spec


def parse(data: object) -> Parsed:
    """The same, with the problems returned. Never raises; a decoded document that is no object is a problem too."""
    if isinstance(data, Mapping):
        return _from_object(dict(data), [])
    if not isinstance(data, bytes | str):
        return _from_object(data, [])
    if len(data) > MAX_BYTES:
        return Parsed(None, [problem(f"a spec must be at most {MAX_BYTES:,} bytes", f"{len(data):,} bytes")])
    problems: list[Problem] = []
    constants = _Constant(problems)
    try:
        found = json.loads(data, object_pairs_hook=_Pairs(problems), parse_constant=constants)
    except json.JSONDecodeError as error:
        text = error.doc.splitlines()
        received = text[error.lineno - 1].strip() if error.lineno <= len(text) else "the end of the text"
        hint = f"{error.msg}, at column {error.colno}"
        return Parsed(None, [problem("a spec must be JSON", received, line=error.lineno, hint=hint)])
    except RecursionError:
        return Parsed(None, [problem(f"a spec must be nested at most {MAX_DEPTH} levels deep", "more levels")])
    except ValueError as error:  # bytes that are no UTF-8, a number of thousands of digits
        return Parsed(None, [problem("a spec must be JSON in UTF-8", str(error))])
    constants.name_fields(found)
    return _from_object(found, problems)


class _Pairs:
    """Makes objects of their pairs; a key that occurs twice would silently lose a value."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems

    def __call__(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs) and len(self.problems) < MOST_PROBLEMS:
            keys = [key for key, _ in pairs]
            twice = sorted(key for key in found if keys.count(key) > 1) if len(keys) < 1000 else ["one of many"]
            self.problems += [problem("a key must occur once in an object", key, field=key[:200]) for key in twice]
        return found


class _Constant:
    """NaN and infinities, which Python's reader takes though JSON has none."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        self._stand_ins: list[tuple[float, int]] = []

    def __call__(self, word: str) -> float:
        """A number of its own in its place, by which ``name_fields`` finds it."""
        stand_in = float("0.0")
        if len(self.problems) < MOST_PROBLEMS:
            self._stand_ins.append((stand_in, len(self.problems)))
            self.problems.append(problem("a number must be finite", word))
        return stand_in

    def name_fields(self, found: Any) -> None:
        """Each problem with the field that it is of, and the layer's name."""
        wanted = {id(stand_in): index for stand_in, index in self._stand_ins}
        waiting: list[tuple[Any, str, str | None]] = [(found, "", None)] if wanted else []
        while waiting and wanted:
            value, path, layer = waiting.pop()
            if isinstance(value, dict):
                layer = _name(value) if re.fullmatch(r"layers\[\d+\]", path) else layer
                waiting += [(inner, f"{path}.{key}".lstrip(".")[:200], layer) for key, inner in value.items()]
            elif isinstance(value, list):
                waiting += [(inner, f"{path}[{place}]"[:200], layer) for place, inner in enumerate(value)]
            elif id(value) in wanted:
                index = wanted.pop(id(value))
                one = self.problems[index]
                self.problems[index] = problem(one.rule, one.received, layer=layer, field=path)


def _from_object(data: Any, problems: list[Problem]) -> Parsed:
    if not isinstance(data, dict):
        return Parsed(None, [*problems, problem("a spec must be a JSON object", data, hint='{"visualnn": 1, ...}')])
    deep = _too_deep(data)
    if deep:
        return Parsed(None, [*problems, *deep])
    name = data.get("name")
    if isinstance(name, str) and not re.fullmatch(ONE_LINE, name):
        problems.append(problem("name must be one line without control characters", name, field="name"))
    try:
        return Parsed(Spec.model_validate(data), problems)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=True)
    problems += [_translated(detail, data) for detail in details[:MOST_PROBLEMS]]
    if all(detail["type"] == "extra_forbidden" and detail["loc"][0] != "groups" for detail in details):
        return Parsed(Spec.model_validate(_without(data, [detail["loc"] for detail in details])), problems)
    return Parsed(None, problems)


def _without(data: dict[str, Any], places: Sequence[tuple[int | str, ...]]) -> dict[str, Any]:
    """A copy without the unknown keys, which stand in the document itself or in one of its layers."""
    known = {key: value for key, value in data.items() if key in Spec.model_fields}
    if any(len(place) > 1 for place in places):
        known["layers"] = [{k: v for k, v in layer.items() if k in Layer.model_fields} for layer in known["layers"]]
    return known


def _too_deep(data: dict[str, Any]) -> list[Problem]:
    """Layers whose parameters are nested deeper than any meaning; found without recursion."""
    layers = data.get("layers")
    found: list[Problem] = []
    for layer in layers if isinstance(layers, list | tuple) else ():
        params = layer.get("params") if isinstance(layer, Mapping) else None
        level = [v for v in params.values() if isinstance(v, dict | list | tuple)] if isinstance(params, dict) else []
        depth = 1
        while level and depth <= MAX_DEPTH:
            inner = [item for outer in level for item in (outer.values() if isinstance(outer, dict) else outer)]
            level = [item for item in inner if isinstance(item, dict | list | tuple)]
            depth += 1
        if level:
            rule = f"parameters must be nested at most {MAX_DEPTH} levels deep"
            found.append(problem(rule, "more levels", layer=_name(layer)))
    return found


def _name(layer: Any) -> str | None:
    name = layer.get("name") if isinstance(layer, Mapping) else None
    return name[:200] if isinstance(name, str) else None


def _translated(detail: ErrorDetails, data: dict[str, Any]) -> Problem:
    """One of pydantic's errors in our words: rule, received, layer, path, hint."""
    loc, kind = detail["loc"], detail["type"]
    layers = data.get("layers")
    layer = None
    if len(loc) > 1 and loc[0] == "layers" and isinstance(loc[1], int) and isinstance(layers, list | tuple):
        layer = _name(layers[loc[1]])
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).lstrip(".")[:200]
    what = path if loc and isinstance(loc[-1], int) else str(loc[-1]) if loc else "the spec"
    if kind == "extra_forbidden":
        model = Spec if len(loc) == 1 else Group if loc[0] == "groups" else Layer
        fields = list(model.model_fields)
        near = get_close_matches(what, fields, n=1)
        hint = f"did you mean {near[0]!r}?" if near else _HINTS.get(what, f"known are {', '.join(fields)}")
        owner = f"a {model.__name__.lower()}"
        return problem(f"a key must be one that {owner} has", what, layer=layer, field=path, hint=hint)
    received = _received(kind, detail)
    later = path == "visualnn" and isinstance(received, int) and received > VERSION
    update = "a newer VisualNN made this: update this one to open it" if later else None
    return problem(_rule(what, kind, detail), received, layer=layer, field=path, hint=update)


def _rule(what: str, kind: str, detail: ErrorDetails) -> str:
    context = detail.get("ctx", {})
    if kind == "missing":
        return f"{what} must be given"
    if kind in _TYPES:
        return f"{what} must be {_TYPES[kind]}"
    if kind == "literal_error":
        return f"{what} must be {context.get('expected')}"
    if kind == "string_too_short":
        return f"{what} must not be empty"
    if kind == "string_too_long":
        return f"{what} must have at most {context.get('max_length')} characters"
    if kind == "too_long":
        return f"{what} must hold at most {context.get('max_length')} items"
    return f"{what}: {detail['msg'][:1].lower()}{detail['msg'][1:]}"


def _received(kind: str, detail: ErrorDetails) -> Any:
    if kind == "missing":
        return None
    return f"{detail.get('ctx', {}).get('actual_length')} items" if kind == "too_long" else detail["input"]


def canonical_json(spec: Spec) -> bytes:
    """The spec as UTF-8 JSON with sorted keys and no spaces; parameters as they were posted, absent keys filled in.

    Empty notes and groups are left out.

    Two specs have the same canonical form just if they are equal. Raises ``ValueError`` for NaN or infinite parameters.
    """
    return json.dumps(
        spec.model_dump(mode="python"), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode("utf-8", "surrogatepass")


def etag(spec: Spec) -> str:
    """The sha256 of the canonical form, in hexadecimal digits."""
    return hashlib.sha256(canonical_json(spec)).hexdigest()


def spec_schema() -> dict[str, Any]:
    """The JSON Schema of a spec."""
    return Spec.model_json_schema()
