"""Errors that only an HTTP edge can have."""

from collections.abc import Sequence

from visualnn_shared.errors import Invalid, VisualNNError
from visualnn_shared.spec.problem import Problem, problem


class Malformed(Invalid):
    """The bytes cannot be read at all."""

    code = "malformed"
    status = 400
    title = "The request cannot be read"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("the request", problems)


class UnsupportedMedia(VisualNNError):  # noqa: N818 - named as its family
    """The body is of another kind than the route reads."""

    code = "unsupported-media-type"
    status = 415
    title = "The body is of the wrong kind"

    def __init__(self, wanted: str, received: str) -> None:
        rule = f"Content-Type must be {wanted}"
        found = problem(rule, received or None, field="Content-Type")
        super().__init__(f"{rule}; received {received[:200] or 'none'}", [found])


class RangeNotSatisfiable(VisualNNError):  # noqa: N818 - named as its family
    """No byte of the asked range exists."""

    code = "range-not-satisfiable"
    status = 416
    title = "The file has no such bytes"

    def __init__(self, received: str, size: int) -> None:
        rule = f"Range must start inside the {size:,} bytes of the file"
        super().__init__(f"{rule}; received {received[:200]}", [problem(rule, received, field="Range")])
        self.size = size
