"""Errors as a user reads them: what is wrong, where, what to do. No tracebacks."""

from typing import Any

from rich.markup import escape
from visualnn_shared.errors import VisualNNError
from visualnn_shared.spec.problem import Problem

from visualnn.cli.output import console, print_json

FAILED, WRONG = 1, 2
_YOURS = frozenset({400, 404, 409, 412, 413, 415, 422, 428})
"""Statuses that mean: the request must be changed."""


def report(error: Exception, *, as_json: bool) -> int:
    """Print ``error``; the exit status. ``VISUALNN_TRACEBACK=1`` shows where an error of ours comes from."""
    known = error if isinstance(error, VisualNNError) else _translated(error)
    show(known)
    if as_json:
        print_json({"error": known.as_problem_json()})
    return WRONG if known.status in _YOURS else FAILED


def _translated(error: Exception) -> VisualNNError:
    if isinstance(error, OSError):
        return VisualNNError(f"{error.strerror or error}" + (f": {error.filename}" if error.filename else ""))
    if isinstance(error, ModuleNotFoundError) and (error.name or "").startswith("visualnn_"):
        return VisualNNError(
            f"this command runs a part of the platform here, and must find it; received: no module {error.name}; "
            "install it (pip install 'visualnn[standalone]'), or set VISUALNN_URL where the command can use a server"
        )
    return VisualNNError(
        f"an unforeseen error, {type(error).__name__}: {error}; VISUALNN_TRACEBACK=1 shows where it comes from"
    )


def show(error: VisualNNError) -> None:
    """To stderr: the sentence, then one block for each problem that it does not tell already."""
    out = console()
    out.print(f"[bold red]error:[/] {escape(error.detail)}", soft_wrap=True)
    for one in error.problems:
        if one.rule not in error.detail:
            out.print(_block(one), soft_wrap=True)


def _block(one: Problem) -> str:
    lines = [f"  [red]•[/] {escape(one.rule)}"]
    facts: list[tuple[str, Any]] = [("where", str(one.where) or None), ("hint", one.hint)]
    if one.received is not None:
        facts.insert(0, ("received", repr(one.received)))
    lines += [f"      [dim]{name}:[/] {escape(str(value))}" for name, value in facts if value]
    return "\n".join(lines)
