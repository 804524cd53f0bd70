"""One family of errors. Each class has a code and a status, takes domain values, and composes its own text.

Boundaries (HTTP, command line, job rows) render them; nothing below a boundary catches them to reword them.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from visualnn_shared.spec.problem import Problem, problem


class VisualNNError(Exception):
    """Base of all errors that a user can cause or should read."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"

    def __init__(self, detail: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.problems = tuple(problems)

    def __str__(self) -> str:
        """The sentence, and a line for each problem that it does not tell already."""
        return "\n".join([self.detail, *(f"  - {p}" for p in self.problems if p.rule not in self.detail)])

    def as_problem_json(self) -> dict[str, Any]:
        """The body of an ``application/problem+json`` answer (RFC 9457)."""
        return {
            "type": f"urn:visualnn:error:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "problems": [p.model_dump(mode="json") for p in self.problems],
        }


class Invalid(VisualNNError):
    """Input that breaks rules; every broken rule is listed."""

    code = "invalid"
    status = 422
    title = "The input breaks rules"

    def __init__(self, what: str, problems: Sequence[Problem]) -> None:
        count = len(problems)
        super().__init__(f"{what} has {count} problem{'' if count == 1 else 's'}", problems)


class SpecInvalid(Invalid):
    code = "spec-invalid"
    title = "The model spec breaks rules"

    def __init__(self, problems: Sequence[Problem], name: str | None = None) -> None:
        super().__init__(f"model spec {name!r}" if name else "the model spec", problems)


class DatasetInvalid(Invalid):
    code = "dataset-invalid"
    title = "The data set breaks rules"

    def __init__(self, problems: Sequence[Problem], name: str | None = None) -> None:
        super().__init__(f"data set {name!r}" if name else "the data set", problems)


class ConversionImpossible(Invalid):
    code = "conversion-impossible"
    title = "The model cannot be converted"

    def __init__(self, problems: Sequence[Problem], source: str, target: str) -> None:
        super().__init__(f"the conversion from {source} to {target}", problems)


class NotCertified(Invalid):
    code = "not-certified"
    title = "The converted model does not answer as the source does"

    def __init__(self, problems: Sequence[Problem], between: str) -> None:
        super().__init__(f"the verification of {between}", problems)


class NotFound(VisualNNError):
    code = "not-found"
    status = 404
    title = "There is no such thing"

    def __init__(self, kind: str, key: object) -> None:
        super().__init__(f"{kind} must exist; received {str(key)[:200]!r}", [problem(f"{kind} must exist", str(key))])


class Conflict(VisualNNError):
    """The thing is not in a state that allows the request."""

    code = "conflict"
    status = 409
    title = "The present state does not allow it"

    def __init__(self, rule: str, received: object) -> None:
        super().__init__(f"{rule}; received {str(received)[:200]!r}", [problem(rule, str(received))])


class IdempotencyMismatch(VisualNNError):
    """The same Idempotency-Key came with another body."""

    code = "idempotency-mismatch"
    status = 422
    title = "The Idempotency-Key was used for another request"

    def __init__(self, key: str, job_id: str) -> None:
        rule, hint = "an Idempotency-Key must come with one body only", "use a new key for a new job"
        super().__init__(
            f"{rule}; received {key[:200]!r} with a body other than the one that made job {job_id}; {hint}",
            [problem(rule, key, field="Idempotency-Key", hint=hint)],
        )


class PreconditionFailed(VisualNNError):
    code = "precondition-failed"
    status = 412
    title = "Someone was faster"

    def __init__(self, current: str, received: str) -> None:
        rule, hint = f"If-Match must name the current version {current}", "read it again and redo the change"
        super().__init__(f"{rule}; received {received}; {hint}", [problem(rule, received, field="If-Match", hint=hint)])


class PreconditionRequired(VisualNNError):
    code = "precondition-required"
    status = 428
    title = "The request must say which version it changes"

    def __init__(self, current: str) -> None:
        rule, hint = "If-Match must be given", f"the current version is {current}"
        super().__init__(f"{rule}; received none; {hint}", [problem(rule, None, field="If-Match", hint=hint)])


class TooLarge(VisualNNError):
    code = "too-large"
    status = 413
    title = "The input is too large"

    def __init__(self, what: str, limit: int, received: int | str) -> None:
        rule = f"{what} must be at most {limit:,}"
        super().__init__(f"{rule}; received {received}", [problem(rule, received)])


class Forbidden(VisualNNError):
    """The request is understood and not allowed, whoever asks again."""

    code = "forbidden"
    status = 403
    title = "This is not allowed"

    def __init__(self, rule: str, received: object) -> None:
        super().__init__(f"{rule}; received {str(received)[:200]!r}", [problem(rule, str(received))])


class Overloaded(VisualNNError):
    """More is waiting than can be done in time; the same request may pass a moment later."""

    code = "overloaded"
    status = 429
    title = "Too much at once"

    def __init__(self, what: str, limit: int, retry_after_s: int = 1) -> None:
        super().__init__(f"{what} must be at most {limit:,}; it is reached; try again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


class QueueFull(VisualNNError):
    """So many of the owner's jobs wait already; the same request passes when some have begun."""

    code = "queue-full"
    status = 429
    title = "Too many jobs wait"

    def __init__(self, limit: int, count: int) -> None:
        rule = f"at most {limit:,} jobs of an owner may wait in the queue"
        hint = "wait for some to begin, cancel some, or raise VISUALNN_MAX_QUEUED_JOBS"
        super().__init__(f"{rule}; received one more than {count:,}; {hint}", [problem(rule, count, hint=hint)])
        self.retry_after_s = 5


class StorageFull(VisualNNError):
    """The results of the owner's jobs take all the room that they may."""

    code = "storage-full"
    status = 409
    title = "The results of jobs take all their room"

    def __init__(self, limit: int, stored: int) -> None:
        rule = f"the results of an owner's jobs must be less than {limit:,} bytes"
        hint = "delete jobs that are no longer needed (DELETE /jobs/{id}), or raise VISUALNN_JOB_QUOTA_BYTES"
        super().__init__(f"{rule}; received {stored:,}; {hint}", [problem(rule, stored, hint=hint)])


class Unavailable(VisualNNError):
    """A part that the request needs does not answer now; trying again is right."""

    code = "unavailable"
    status = 503
    title = "A part of the platform does not answer"

    def __init__(self, part: str, reason: str) -> None:
        super().__init__(f"{part} must answer; received {reason}; try again")
        self.part = part
