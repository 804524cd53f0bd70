"""Errors of serving, beside those that all services share."""

from visualnn_shared.errors import Invalid, VisualNNError
from visualnn_shared.spec.problem import Problem


class RequestInvalid(Invalid):
    """The body breaks rules; every broken rule that can be seen at once is listed."""

    code = "request-invalid"
    title = "The request breaks rules"

    def __init__(self, *problems: Problem) -> None:
        super().__init__("the request", problems)


class OperatorBroken(VisualNNError):  # noqa: N818 - as all errors of this family
    """An operator version that is registered but cannot be served; not the caller's mistake."""

    code = "operator-broken"
    status = 503
    title = "The operator cannot be served"

    def __init__(self, name: str, number: int, reason: str) -> None:
        super().__init__(f"operator {name} version {number} must load and answer; {reason}; register it again")


class TooLate(VisualNNError):  # noqa: N818
    """The request waited longer than it may."""

    code = "too-late"
    status = 503
    title = "The answer would come too late"

    def __init__(self, deadline_s: float) -> None:
        super().__init__(f"a request must reach its model within {deadline_s:g} s; it waited longer; try again")
        self.retry_after_s = 1


class MethodNotAllowed(VisualNNError):  # noqa: N818
    code = "method-not-allowed"
    status = 405
    title = "Method Not Allowed"

    def __init__(self, allowed: str, received: str) -> None:
        super().__init__(f"the method must be {allowed}; received {received[:20]!r}")
        self.allowed = allowed
