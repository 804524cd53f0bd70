"""Is a spec a net? Every problem at once."""

from collections.abc import Mapping
from typing import Any

from visualnn_shared.analysis.walk import Resolved, resolve
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
    return checked_net(data, catalogue)[0]


def checked_net(
    data: bytes | str | Mapping[str, Any], catalogue: Mapping[str, Entry] = CATALOGUE
) -> tuple[Spec, Resolved]:
    """The same, with what the check found out about the layers."""
    parsed = parse(data)
    if parsed.spec is None:
        raise SpecInvalid(parsed.problems)
    resolved = resolve(parsed.spec, catalogue)
    if parsed.problems or resolved.problems:
        raise SpecInvalid([*parsed.problems, *resolved.problems], parsed.spec.name)
    return parsed.spec, resolved
