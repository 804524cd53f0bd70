"""``visualnn up``: the whole platform on this machine, until Ctrl-C."""

from typing import Annotated

import typer

from visualnn.cli.options import AsJson, DataDir, data_folder


def up(
    host: Annotated[str, typer.Option(help="Loopback address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes any free one.")] = 8000,
    data_dir: DataDir = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Worker processes, each with one job at a time.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Start every part on this machine; one Ctrl-C ends all of them.

    Embedded parts by default (SQLite, a Redis of its own, a folder); VISUALNN_DATABASE_URL, VISUALNN_BROKER_URL and
    VISUALNN_OBJECT_STORE choose others.
    """
    from visualnn_standalone.foreground import run

    raise typer.Exit(run(data_folder(data_dir), host=host, port=port, workers=workers, as_json=as_json))
