"""Why a platform does not start or does not go on."""

from pathlib import Path
from typing import ClassVar

from visualnn_shared.errors import VisualNNError
from visualnn_shared.spec.problem import Problem, problem


class PlatformError(VisualNNError):
    """Base of the launcher's errors."""

    code: ClassVar[str] = "platform"
    title: ClassVar[str] = "The platform does not run"


class AlreadyRunning(PlatformError):  # noqa: N818 - the family names what happened
    code = "already-running"
    status = 409

    def __init__(self, data_dir: Path, pid: int | None, url: str | None, *, temporary: bool = False) -> None:
        holder = f"process {pid}" if pid else "another process"
        doing = "one command" if temporary else f"a platform on {url}" if url else "a platform that starts or stops"
        super().__init__(
            f"one platform at a time must use a data folder; {holder} runs {doing}; where: {data_dir}; "
            "use that one, stop it, or give another --data-dir"
        )
        self.pid = pid
        self.url = url
        self.temporary = temporary


class PortTaken(PlatformError):  # noqa: N818
    code = "port-taken"
    status = 409

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(
            f"the address to listen on must be free; received {host}:{port} ({reason}); "
            "give another --port, or 0 for any free one"
        )


class DataFolderUnusable(PlatformError):  # noqa: N818
    code = "data-folder-unusable"
    status = 422

    def __init__(self, data_dir: Path, reason: str) -> None:
        super().__init__(
            f"the data folder must be a folder that you may write to; received {data_dir} ({reason}); "
            "give another --data-dir"
        )


class NotLoopback(PlatformError):  # noqa: N818
    code = "not-loopback"
    status = 422

    def __init__(self, host: str) -> None:
        broken: Problem = problem(
            "a platform without accounts must listen on a loopback address: whoever reaches it may delete everything",
            host,
            field="host",
            hint="leave --host out; from elsewhere, use a tunnel: ssh -L 8000:127.0.0.1:8000 THIS_MACHINE",
        )
        super().__init__("the address to listen on has 1 problem", [broken])


class PartFailed(PlatformError):  # noqa: N818
    code = "part-failed"

    def __init__(self, part: str, how: str, log: Path) -> None:
        last = _tail(log)
        super().__init__(
            f"every part must keep running; {part} {how} again and again; its log is {log}"
            + (f"; it ends with:\n{last}" if last else "")
        )
        self.part = part
        self.log = log


class NotReady(PlatformError):  # noqa: N818
    code = "not-ready"
    status = 503

    def __init__(self, within_s: float, answer: str, logs: Path) -> None:
        super().__init__(f"/readyz must answer 200 within {within_s:g} s; received {answer}; the logs are in {logs}")


class DatabaseUnusable(PlatformError):  # noqa: N818
    code = "database-unusable"
    status = 503

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(f"the database must be there and accept its tables; received {reason}; where: {address}")


def _tail(log: Path, lines: int = 12, most: int = 4000) -> str:
    try:
        with log.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - most))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])
