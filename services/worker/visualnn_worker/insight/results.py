"""Files of insight that a training leaves. None of them can make it fail: what cannot be made is told and left out."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from PIL import Image
from visualnn_shared.training.serving import Serving

from visualnn_worker.child.channel import Channel
from visualnn_worker.fitting.samples import Samples
from visualnn_worker.insight import attributes, board, curves, pictures
from visualnn_worker.insight.classes import Judged, judge, report
from visualnn_worker.insight.drawing import Theme, themes
from visualnn_worker.insight.seen import Seen
from visualnn_worker.network.build import Network


class Files:
    """Makes the files, one by one."""

    def __init__(self, folder: Path, channel: Channel, texts: Iterable[str] = ()) -> None:
        """``texts``: what stands in pictures."""
        self.paths: list[Path] = []
        self._folder = folder
        self._channel = channel
        self._themes = themes(texts)

    def make(self, name: str, write: Callable[[Path], bool]) -> None:
        """Keep the file that ``write`` writes, unless it says False or fails."""
        path = self._folder / name
        try:
            if write(path):
                self.paths.append(path)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - a picture is not worth a training
            self._channel.log(f"{name} could not be made: {type(error).__name__}: {error}", "warning")

    def draw(self, name: str, picture: Callable[[Theme], Image.Image | None]) -> None:
        """``NAME.png``, ``NAME-dark.png`` for dark pages and slides, ``NAME.zh-CN.png``; none where there is none."""
        for suffix, theme in self._themes.items():
            self.make(f"{name}{suffix}.png", lambda path, theme=theme: _save(path, picture(theme)))  # type: ignore[misc]


def insight_files(
    folder: Path, network: Network, judged_by: tuple[str, Samples], serving: Serving, seen: Seen, channel: Channel
) -> list[Path]:
    """``insight.json``, classes, pictures, TensorBoard's files; those that the net and the data set have."""
    files = Files(folder, channel, [*(serving.classes or ()), network.resolved.name])
    split, samples = judged_by
    files.make("insight.json", lambda path: _json(path, list(seen.looks)) if seen.looks else False)
    files.make(curves.NAME, lambda path: _json(path, curves.columns(seen)) if seen.epochs else False)
    files.draw("curves", lambda theme: curves.curves(seen, network.resolved.name, theme))
    files.draw("filters", lambda theme: pictures.filters(network, theme))
    found: list[Judged] = []
    files.make("classes.json", lambda path: _classes(path, judge(network, samples, serving, split), found))
    if found:
        _draw(files, found[0], samples, network.resolved.name)
    told: list[attributes.Attributes] = []
    files.make("attributes.json", lambda path: _attributes(path, network, samples, serving, split, told))
    if told:
        files.draw("attributes", lambda theme: pictures.attributes_drawn(told[0], network.resolved.name, theme))
    there = {path.stem: path for path in files.paths if path.name in ("filters.png", "confusion.png")}
    files.make(board.NAME, lambda path: board.write(path, seen, split, there))
    return files.paths


def _classes(path: Path, judged: Judged | None, found: list[Judged]) -> bool:
    if judged is None:
        return False
    found.append(judged)
    return _json(path, report(judged))


def _attributes(
    path: Path, network: Network, samples: Samples, serving: Serving, split: str, told: list[attributes.Attributes]
) -> bool:
    found = attributes.judge(network, samples, serving, split)
    if found is None:
        return False
    told.append(found)
    return _json(path, attributes.report(found))


def _draw(files: Files, judged: Judged, samples: Samples, name: str) -> None:
    """The confusion, and samples: as they come, and the worst first."""
    files.draw("confusion", lambda theme: pictures.confusion_drawn(judged, name, theme))
    first = list(range(min(pictures.SHOWN, len(judged.actual))))
    worst = judged.worst[: pictures.SHOWN].tolist()
    shown = pictures.samples_shown
    files.draw("gallery", lambda theme: shown(samples, judged, first, theme.say("Samples of {name}", name=name), theme))
    title = "Worst samples of {name}"
    files.draw("worst", lambda theme: shown(samples, judged, worst, theme.say(title, name=name), theme))


def _json(path: Path, content: Any) -> bool:
    path.write_text(json.dumps(content))
    return True


def _save(path: Path, picture: Image.Image | None) -> bool:
    if picture is None:
        return False
    picture.save(path, optimize=True)
    return True
