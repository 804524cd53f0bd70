"""What a conversion cannot do without and may be given: problems with codes, which programs act upon."""

from collections.abc import Sequence
from typing import Any

from visualnn_shared.catalogue.maps import Unmappable
from visualnn_shared.spec.problem import Problem, problem

SHAPE = "input-shape-missing"
WEIGHTS = "weights-missing"
SHAPE_HINT = "give input_shape, such as [28, 28, 1]: height, width, channels"
_SHAPE_RULE = "the input's shape must be known"


def lacks_shape(received: Any, layer: str, line: int | None = None, hint: str = SHAPE_HINT) -> Problem:
    """The file does not say the shape of an input."""
    return problem(_SHAPE_RULE, received, layer=layer, line=line, hint=hint, code=SHAPE)


def shape_unknown(received: Any = None, param: str | None = None, hint: str = SHAPE_HINT) -> Unmappable:
    """The same, to be raised inside the mapping of a node."""
    return Unmappable(_SHAPE_RULE, received, param, hint=hint, code=SHAPE)


def lacks_weights(missing: Sequence[str], layer: str, hint: str) -> Problem:
    """A format that carries weights got none for these variables of a layer."""
    rule = "weights must be given for every variable"
    return problem(rule, f"none for {', '.join(missing)}", layer=layer, hint=hint, code=WEIGHTS)
