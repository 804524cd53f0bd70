"""Is a spec a net? Every problem at once."""

from collections.abc import Mapping
from typing import Any

from visualnn_shared.analysis.walk import resolve
from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.catalogue.entry import Entry
from visualnn_shared.errors import SpecInvalid
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.problem import Problem
from visualnn_shared.spec.reading import parse


def check(spec: Spec, catalogue: Mapping[str, Entry] = CATALOGUE) -> list[Problem]:
    """Every rule that the spec breaks; an empty list says that it is a net. Never raises."""
    return resolve(spec, catalogue).problems


def checked(data: bytes | str | Mapping[str, Any], catalogue: Mapping[str, Entry] = CATALOGUE) -> Spec:
    """Read a spec and check it. Raises ``SpecInvalid`` with the problems of its form and of its layers together."""
    parsed = parse(data)
    problems = parsed.problems if parsed.spec is None else [*parsed.problems, *check(parsed.spec, catalogue)]
    if parsed.spec is None or problems:
        raise SpecInvalid(problems, parsed.spec.name if parsed.spec else None)
    return parsed.spec
