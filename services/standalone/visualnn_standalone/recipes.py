"""Recipes of training between Caffe's solver and ours, in this process."""

import json
from typing import Any

from visualnn_converter.solver import looks_like_solver, read_solver
from visualnn_converter.solver_writing import write_solver
from visualnn_shared.errors import Invalid, TooLarge
from visualnn_shared.spec.problem import problem

LARGEST = 2**20
"""Bytes of a recipe or a solver; they have some twenty lines."""


def is_solver(data: bytes) -> bool:
    """Whether the file is a solver of Caffe rather than JSON. Raises ``TooLarge``."""
    if len(data) > LARGEST:
        raise TooLarge("the recipe (bytes)", LARGEST, len(data))
    return data.lstrip()[:1] != b"{" or looks_like_solver(data)


def from_solver(data: bytes, *, samples: int | None, batch_size: int | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parameters of a train job, and the report. Raises ``ConversionImpossible``."""
    params, report = read_solver(data, samples=samples, batch_size=batch_size)
    return params, report.as_json()


def to_solver(data: bytes, *, samples: int | None, net: str) -> tuple[bytes, dict[str, Any]]:
    """The solver's text, and the report. Raises ``Invalid``, ``ConversionImpossible``."""
    try:
        params = json.loads(data)
    except (ValueError, RecursionError) as error:
        rule = "the recipe must be JSON: the parameters of a train job"
        raise Invalid("the recipe", [problem(rule, str(error)[:200], field="SRC")]) from None
    if not isinstance(params, dict):
        raise Invalid("the recipe", [problem("the recipe must be an object", params, field="SRC")])
    written, report = write_solver(params, samples=samples, net=net)
    return written, report.as_json()
