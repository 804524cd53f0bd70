"""A job as it goes: a bar with epoch, metrics and the time left; a line an epoch where nobody watches a terminal."""

import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from visualnn.cli.output import console, note, number

if TYPE_CHECKING:
    from visualnn.records import Event

_QUIET_S = 2.0
"""Without a terminal, at most one line of progress in this time."""


class JobProgress:
    """``with JobProgress(title) as progress: client.jobs.wait(id, on_event=progress.on_event)``"""

    def __init__(self, title: str) -> None:
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

        self._live = console().is_terminal
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[metrics]}"),
            TextColumn("{task.fields[left]}"),
            console=console(),
            disable=not self._live,
        )
        self._title = title
        self._task = self._bar.add_task(title, total=1.0, metrics="", left="")
        self._epoch: tuple[int, int] = (0, 0)
        self._said_at = 0.0

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bar.stop()

    @property
    def share(self) -> float:
        """How much of the bar is full, 0 to 1."""
        return self._bar.tasks[0].completed

    def on_event(self, event: "Event") -> None:
        """Show what the job says; kinds that this client does not know are passed over."""
        show = {
            "state": self._state,
            "batch": self._batch,
            "epoch": self._epoch_end,
            "episode": self._episode,
            "metrics": self._metrics,
            "log": self._log,
        }.get(event.kind)
        if show is not None:
            show(event.data)

    def _state(self, data: dict[str, Any]) -> None:
        state = data.get("state")
        if state == "queued" and data.get("error"):
            self._say(f"attempt {data.get('attempt')} was lost ({data['error'].get('detail')}); trying again")
        elif state == "running":
            attempt = data.get("attempt") or 1
            self._bar.update(
                self._task, description=self._title if attempt < 2 else f"{self._title} (attempt {attempt})"
            )
        elif state == "succeeded":
            self._bar.update(self._task, completed=1.0, left="")

    def _batch(self, data: dict[str, Any]) -> None:
        self._show(data.get("epoch"), data.get("metrics") or {}, data.get("progress"), data.get("eta_s"))

    def _epoch_end(self, data: dict[str, Any]) -> None:
        epoch, epochs = data.get("epoch"), data.get("epochs")
        if isinstance(epoch, int) and isinstance(epochs, int) and epochs:
            self._epoch = (epoch, epochs)
        metrics = data.get("metrics") or {}
        self._show(epoch, metrics, self._epoch[0] / self._epoch[1] if self._epoch[1] else None, None)
        last = self._epoch[0] == self._epoch[1]
        if not self._live and (last or time.monotonic() - self._said_at > _QUIET_S):
            self._said_at = time.monotonic()
            note(f"epoch {self._epoch[0]}/{self._epoch[1]}  {_metrics(metrics)}")

    def _episode(self, data: dict[str, Any]) -> None:
        """Of an agent's learning: returns, at a step of all."""
        step, steps = data.get("step"), data.get("steps")
        metrics = data.get("metrics") or {}
        self._show(None, metrics, data.get("progress"), data.get("eta_s"))
        if not self._live and ("greedy_return" in metrics or time.monotonic() - self._said_at > 5 * _QUIET_S):
            self._said_at = time.monotonic()
            note(f"step {step}/{steps}  {_metrics(metrics)}")

    def _metrics(self, data: dict[str, Any]) -> None:
        """Of what has no epochs: how many trials have ended, how many checks passed."""
        metrics = data.get("metrics") or {}
        self._show(None, metrics, data.get("progress"), data.get("eta_s"))
        if not self._live and time.monotonic() - self._said_at > _QUIET_S:
            self._said_at = time.monotonic()
            note(_metrics(metrics))

    def _log(self, data: dict[str, Any]) -> None:
        if data.get("level", "info").lower() in ("warning", "error"):
            self._say(f"{data['level'].lower()}: {data.get('text', '')}")

    def _show(self, epoch: Any, metrics: dict[str, Any], progress: Any, eta_s: Any) -> None:
        of = f"/{self._epoch[1]}" if self._epoch[1] else ""
        values: dict[str, Any] = {"metrics": f"epoch {epoch}{of}  {_metrics(metrics)}" if epoch else _metrics(metrics)}
        if isinstance(progress, int | float):
            values["completed"] = progress
        if isinstance(eta_s, int | float):
            values["left"] = f"{duration(eta_s)} left"
        self._bar.update(self._task, **values)

    def _say(self, text: str) -> None:
        self._bar.console.print(text, markup=False)


def duration(seconds: float) -> str:
    """``0:42``, ``1:05:00``."""
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"


def _metrics(metrics: dict[str, Any]) -> str:
    return "  ".join(f"{name} {number(value)}" for name, value in metrics.items() if isinstance(value, int | float))
