"""Files of insight that a training leaves. None of them can make it fail: what cannot be made is told and left out."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image
from visualnn_shared.training.owning import plain

from visualnn_worker.child.channel import Channel
from visualnn_worker.fitting.samples import Samples
from visualnn_worker.insight import pictures, tensorboard
from visualnn_worker.insight.classes import Judged, judge, report
from visualnn_worker.insight.drawing import THEMES, Theme
from visualnn_worker.network.build import Network

TENSORBOARD = "events.out.tfevents.visualnn"
"""The name by which TensorBoard knows such a file."""


class Files:
    """Makes the files, one by one."""

    def __init__(self, folder: Path, channel: Channel) -> None:
        self.paths: list[Path] = []
        self._folder = folder
        self._channel = channel

    def make(self, name: str, write: Callable[[Path], bool]) -> None:
        """Keep the file that ``write`` writes, unless it says False or fails."""
        path = self._folder / name
        self.attempt(name, lambda: self.paths.append(path) if write(path) else None)

    def attempt(self, name: str, work: Callable[[], None]) -> None:
        """Do what the file needs; tell where that fails."""
        try:
            work()
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - a picture is not worth a training
            self._channel.log(f"{name} could not be made: {type(error).__name__}: {error}", "warning")

    def draw(self, name: str, picture: Callable[[Theme], Image.Image | None]) -> None:
        """``NAME.png``, and ``NAME-dark.png`` for dark pages and slides; neither where ``picture`` gives None."""
        for suffix, theme in THEMES.items():
            self.make(f"{name}{suffix}.png", lambda path, theme=theme: _save(path, picture(theme)))  # type: ignore[misc]


def insight_files(
    folder: Path, network: Network, judged_by: tuple[str, Samples], history: Sequence[Mapping[str, float]],
    looks: Sequence[Mapping[str, Any]], channel: Channel,
) -> list[Path]:  # fmt: skip
    """``insight.json``, event file, classes and pictures; those that the net and the data set have.

    Of another output than the first, files have its name before their ending: ``classes.parity.json``.
    """
    files = Files(folder, channel)
    split, samples = judged_by
    files.make(TENSORBOARD, lambda path: tensorboard.write(path, history, time.time()) if history else False)
    files.make("insight.json", lambda path: _json(path, list(looks)) if looks else False)
    files.draw("filters", lambda theme: pictures.filters(network, theme))
    found: dict[str, Judged] = {}
    files.attempt("classes.json", lambda: found.update(judge(network, samples, split)))
    outputs = [spec.name for spec in samples.serving.outputs]
    for output, mark in zip(outputs, marks(outputs), strict=True):
        if output in found:
            of = f"{network.resolved.name}, {output}" if len(outputs) > 1 else network.resolved.name
            _classes(files, output if len(outputs) > 1 else None, found[output], mark)
            _draw(files, found[output], samples, of, mark)
    return files.paths


def marks(outputs: Sequence[str]) -> list[str]:
    """What stands before the ending of an output's files; nothing for the first."""
    found = [""]
    for output in outputs[1:]:
        mark = f".{plain(output)[:40]}"
        found.append(mark if mark not in found else f"{mark}_{len(found)}")
    return found


def _classes(files: Files, output: str | None, judged: Judged, mark: str) -> None:
    of = {} if output is None else {"output": output}
    files.make(f"classes{mark}.json", lambda path: _json(path, {**of, **report(judged)}))


def _draw(files: Files, judged: Judged, samples: Samples, name: str, mark: str) -> None:
    """The confusion, and samples: as they come, and the worst first."""
    files.draw(f"confusion{mark}", lambda theme: pictures.confusion_drawn(judged, name, theme))
    first = list(range(min(pictures.SHOWN, len(judged.actual))))
    worst = judged.worst[: pictures.SHOWN].tolist()
    shown = pictures.samples_shown
    files.draw(f"gallery{mark}", lambda theme: shown(samples, judged, first, f"Samples of {name}", theme))
    files.draw(f"worst{mark}", lambda theme: shown(samples, judged, worst, f"Worst samples of {name}", theme))


def _json(path: Path, content: Any) -> bool:
    path.write_text(json.dumps(content))
    return True


def _save(path: Path, picture: Image.Image | None) -> bool:
    if picture is None:
        return False
    picture.save(path, optimize=True)
    return True
