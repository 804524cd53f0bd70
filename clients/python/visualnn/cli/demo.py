"""``visualnn demo``: the whole story in a minute."""

from typing import TYPE_CHECKING

from visualnn.cli.options import AsJson, DataDir, data_folder

if TYPE_CHECKING:
    from visualnn.client import Client
    from visualnn.records import Job


def demo(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Train, serve and test a digit classifier on a platform started for this command.

    The last line is "demo: OK test_accuracy=..." where every step went as it must.
    """
    from visualnn.cli.connect import own_platform
    from visualnn.cli.output import note, print_json, print_table, say
    from visualnn.demo.story import judge, tell

    folder = data_folder(data_dir)
    with own_platform(folder) as client:
        note(f"platform on {client.url}, data in {folder}")
        outcome = tell(client, folder / "demo", _train, note)
    judge(outcome)
    if as_json:
        print_json({"test_accuracy": outcome.accuracy, **dict(outcome.rows)})
        return
    print_table("demo", ["", ""], outcome.rows)
    say(f"demo: OK test_accuracy={outcome.accuracy:.3f}")


def _train(client: "Client", job: "Job") -> "Job":
    from visualnn.cli.waiting import wait_or_cancel

    return wait_or_cancel(client, job, "   training")
