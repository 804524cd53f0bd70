"""pydantic's findings as our problems: rule, received value, where."""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from visualnn_shared.errors import Invalid
from visualnn_shared.ids import ID, KEY, NAME
from visualnn_shared.spec.model import ONE_LINE
from visualnn_shared.spec.problem import Problem, problem
from visualnn_shared.spec.received import shown

M = TypeVar("M", bound=BaseModel)
_PLAIN = {
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"), "an integer"),
    **dict.fromkeys(("float_type", "float_parsing"), "a number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "true or false"),
    **dict.fromkeys(("dict_type", "mapping_type", "model_type", "model_attributes_type"), "an object"),
    **dict.fromkeys(("list_type", "tuple_type"), "a list"),
    "string_type": "a text",
    "finite_number": "a finite number",
}
"""Kinds of pydantic's findings whose own texts speak of Python -> what must be given instead."""
_FORMS = {
    ONE_LINE: "one line without control characters",
    ID: "an id: small letters, digits and -",
    NAME: "a name of at most 63 small letters, digits, - and _, the first a letter or digit",
    KEY: "1 to 255 characters of ASCII without spaces",
}
"""Patterns in words."""
_NO_TAG = "union_tag_not_found"
_TAGS = (_NO_TAG, "union_tag_invalid")
"""Kinds of findings about the key that tells forms apart, such as a step's ``step``."""
_COUNTS = {"too_short": "min", "too_long": "max"}
_QUOTED = re.compile(r"'([^']*)'")
_NOT_A_KEY = re.compile(r"[^\w\-.:/ ]")


def checked(model: type[M], data: Any, what: str, prefix: str = "") -> M:
    """``data`` as ``model``; raises ``Invalid`` about ``what`` with every problem, fields written ``prefix.field``."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise Invalid(what, problems_of(error.errors(include_url=False), data, prefix)) from None


def problems_of(errors: Iterable[Mapping[str, Any]], data: Any = None, prefix: str = "") -> list[Problem]:
    """One problem per place. ``data`` is what was checked: it tells real keys from the names of a union's branches."""
    found: dict[str, Problem] = {}
    plain: set[str] = set()
    for error in errors:
        kind, keys = error.get("type"), _keys(error, data)
        if kind in _TAGS:
            keys = [*keys, _tag(error)]
        path = ".".join([*([prefix] if prefix else []), *map(str, keys)])
        received = None if kind in ("missing", _NO_TAG) else shown(_given(error))
        if kind in _PLAIN:
            plain.add(path)
        one = problem(_rule(error, path), received, field=path or None, hint=_hint(error))
        known = found.get(path)
        if known is None:
            found[path] = one
        elif one.rule != known.rule:  # a union: every branch says why it did not fit
            other = one.rule.removeprefix(f"{path} must be ")
            found[path] = known.model_copy(update={"rule": f"{known.rule}, or {other}", "hint": known.hint or one.hint})
    # of a union, the branch that fits best goes deepest; another's "must be an object" would only mislead
    return [one for path, one in found.items() if path not in plain or not any(p.startswith(f"{path}.") for p in found)]


def _tag(error: Mapping[str, Any]) -> str:
    """The key that says which form of several an object has."""
    return str((error.get("ctx") or {}).get("discriminator", "")).strip("'")


def _given(error: Mapping[str, Any]) -> Any:
    return (error.get("ctx") or {}).get("tag") if error.get("type") in _TAGS else error.get("input")


def _keys(error: Mapping[str, Any], data: Any) -> list[str | int]:
    """The place as keys of the checked document, without the names pydantic gives to the branches of a union."""
    place, kept = list(error.get("loc", ())), []
    for index, key in enumerate(place):
        in_mapping = isinstance(data, Mapping) and key in data
        in_list = isinstance(data, list | tuple) and isinstance(key, int) and key < len(data)
        absent = index == len(place) - 1 and error.get("type") == "missing"
        guessed = data is None and not _NOT_A_KEY.search(str(key))
        if not (in_mapping or in_list or absent or guessed):
            continue
        if in_mapping or in_list:
            data = data[key]
        kept.append(key)
    return kept


def _rule(error: Mapping[str, Any], path: str) -> str:
    name, kind, text = path or "the body", error.get("type"), str(error.get("msg", "must be valid"))
    if kind in ("missing", _NO_TAG):
        return f"{name} must be given"
    if kind in _TAGS:
        return f"{name} must be one of {(error.get('ctx') or {}).get('expected_tags')}"
    if kind in _COUNTS and (count := (error.get("ctx") or {}).get(f"{_COUNTS[kind]}_length")) is not None:
        least = "least" if kind == "too_short" else "most"
        return f"{name} must have at {least} {count} {'item' if count == 1 else 'items'}"
    if kind == "extra_forbidden":
        return f"{name} must be a known key"
    if kind in _PLAIN:
        return f"{name} must be {_PLAIN[kind]}"
    if kind == "json_invalid":
        return f"the body must be JSON ({(error.get('ctx') or {}).get('error', text)})"
    if kind == "string_pattern_mismatch" and (form := _FORMS.get((error.get("ctx") or {}).get("pattern", ""))):
        return f"{name} must be {form}"
    if text.startswith("Value error, "):
        return text.removeprefix("Value error, ")
    for subject in ("Input", "Value", "String", "List", "Tuple", "Data"):
        if text.startswith(f"{subject} should "):
            return f"{name} must {text.removeprefix(f'{subject} should ')}"
    return f"{name}: {text[:1].lower()}{text[1:]}"


def _hint(error: Mapping[str, Any]) -> str | None:
    kind, given = error.get("type"), error.get("input")
    if kind == "extra_forbidden":
        return "remove it, or look for a misspelling"
    if kind == "union_tag_invalid" or (kind in ("literal_error", "enum") and isinstance(given, str)):
        context = error.get("ctx") or {}
        given = str(_given(error))
        names = _QUOTED.findall(str(context.get("expected", context.get("expected_tags", ""))))
        near = get_close_matches(given.lower(), names, n=1)
        return f"did you mean {near[0]!r}?" if near else None
    return None
