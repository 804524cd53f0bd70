"""What a call may raise. All are ``VisualNNError``: they print their problems, one a line."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from visualnn_shared.errors import VisualNNError
from visualnn_shared.spec.problem import Problem

_GENERIC = "urn:visualnn:error:"


class ApiError(VisualNNError):
    """The server's answer was an error; ``status``, ``code``, ``title``, ``detail`` and ``problems`` are its own."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        super().__init__(str(body.get("detail") or body.get("title") or f"status {status}"), _problems(body))
        self.status = status  # type: ignore[misc]
        self.code = str(body.get("type", "")).removeprefix(_GENERIC) or "error"  # type: ignore[misc]
        self.title = str(body.get("title", f"status {status}"))  # type: ignore[misc]
        self.request_id = body.get("request_id")


class ServerUnreachable(VisualNNError):  # noqa: N818 - says what happened
    code = "server-unreachable"
    status = 503
    title = "The server does not answer"

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"a VisualNN server must answer; received {reason}; where: {url}; start one with: visualnn up")


class JobFailed(VisualNNError):  # noqa: N818 - says what happened
    """The job ended ``failed``. ``error`` is the job's own: class, code, detail, next_step."""

    code = "job-failed"
    title = "The job failed"

    def __init__(self, job_id: str, error: Mapping[str, Any]) -> None:
        detail = f"job {job_id} failed ({error.get('class')}, {error.get('code')}): {error.get('detail')}"
        step = error.get("next_step")
        super().__init__(f"{detail}; next: {step}" if step else detail)
        self.job_id = job_id
        self.error = dict(error)


class JobCancelled(VisualNNError):  # noqa: N818 - says what happened
    code = "job-cancelled"
    title = "The job was cancelled"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"job {job_id} was cancelled; go on with: visualnn jobs resume {job_id}")
        self.job_id = job_id


class NoSuchWorker(VisualNNError):  # noqa: N818 - says what happened
    """A platform that was started for one command has no worker that could do its job."""

    code = "no-such-worker"
    title = "No worker can do the job"

    def __init__(self, wanted: str) -> None:
        super().__init__(
            f"the job needs {wanted}, and no other can come to a platform that was started for this command; ask for a "
            "device that this machine has, or set VISUALNN_URL to a server that has such workers"
        )


class DownloadDamaged(VisualNNError):  # noqa: N818 - says what happened
    code = "download-damaged"
    title = "The file did not arrive as it was sent"

    def __init__(self, what: str, expected: str, received: str) -> None:
        super().__init__(f"{what} must have sha256 {expected}; received {received}; fetch it again")


def _problems(body: Mapping[str, Any]) -> list[Problem]:
    found = []
    for one in body.get("problems") or ():
        try:
            found.append(Problem.model_validate(one))
        except ValidationError:  # a newer server may say more than this client knows
            rule = one.get("rule") if isinstance(one, Mapping) else None
            found.append(Problem(rule=str(rule or one)))
    return found
