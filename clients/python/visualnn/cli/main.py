"""The ``visualnn`` command. Modules load what they need inside their functions, so that ``--help`` answers at once."""

import os
import sys
from collections.abc import Callable

import typer

from visualnn.cli import (
    check,
    class_report,
    compare,
    convert,
    datasets,
    demo,
    diff,
    ensemble,
    evaluate,
    formats,
    job_files,
    jobs,
    layers,
    models,
    operators,
    predict,
    recipe,
    rewrite,
    summary,
    train,
    tune,
    up,
    zoo,
)

app = typer.Typer(
    name="visualnn",
    help="Design, train and test neural networks.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_COMMANDS: tuple[Callable[..., None], ...] = (
    up.up,
    demo.demo,
    summary.summary,
    check.check,
    convert.convert,
    recipe.recipe,
    rewrite.rewrite,
    diff.diff,
    train.train,
    tune.tune,
    ensemble.ensemble,
    evaluate.evaluate,
    predict.predict,
    zoo.zoo,
    layers.layers,
    formats.formats,
)
for command in _COMMANDS:
    app.command()(command)
for command in (job_files.files, job_files.fetch, class_report.report, compare.compare):
    jobs.app.command()(command)
for group in (jobs.app, operators.app, models.app, datasets.app):
    app.add_typer(group)


def main() -> None:
    """Exit status 0: done; 1: it did not work; 2: the request itself is wrong; 130: interrupted."""
    try:
        app()
    except Exception as error:
        from visualnn.cli.failure import report

        if os.environ.get("VISUALNN_TRACEBACK"):
            raise
        sys.exit(report(error, as_json="--json" in sys.argv))


if __name__ == "__main__":
    main()
