"""Files of insight that a training leaves. None of them can make it fail: what cannot be made is told and left out."""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from PIL import Image
from visualnn_shared.training.owning import plain

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
        """``NAME.png``, ``NAME-dark.png`` for dark pages and slides, ``NAME.zh-CN.png``; none where there is none."""
        for suffix, theme in self._themes.items():
            self.make(f"{name}{suffix}.png", lambda path, theme=theme: _save(path, picture(theme)))  # type: ignore[misc]


def insight_files(
    folder: Path, network: Network, judged_by: tuple[str, Samples], seen: Seen, channel: Channel
) -> list[Path]:
    """``insight.json``, classes, pictures, TensorBoard's files; those that the net and the data set have.

    Of another output than the first, files have its name before their ending: ``classes.parity.json``.
    """
    split, samples = judged_by
    serving = samples.serving
    outputs = [spec.name for spec in serving.outputs]
    names = [name for output in outputs for name in serving.meaning(output).classes or ()]
    files = Files(folder, channel, [*names, *outputs, network.resolved.name])
    files.make("insight.json", lambda path: _json(path, list(seen.looks)) if seen.looks else False)
    files.make(curves.NAME, lambda path: _json(path, curves.columns(seen)) if seen.epochs else False)
    files.draw("curves", lambda theme: curves.curves(seen, network.resolved.name, theme))
    files.draw("filters", lambda theme: pictures.filters(network, theme))
    found: dict[str, Judged] = {}
    told: dict[str, attributes.Attributes] = {}
    files.attempt("classes.json", lambda: found.update(judge(network, samples, split)))
    files.attempt("attributes.json", lambda: told.update(attributes.judge(network, samples, split)))
    for output, mark in zip(outputs, marks(outputs), strict=True):
        of = f"{network.resolved.name}, {output}" if len(outputs) > 1 else network.resolved.name
        if output in found:
            _classes(files, output if len(outputs) > 1 else None, found[output], mark)
            _draw(files, found[output], samples, of, mark)
        if output in told:
            _attributes(files, output if len(outputs) > 1 else None, told[output], of, mark)
    there = {path.stem: path for path in files.paths if path.name in ("filters.png", "confusion.png")}
    files.make(board.NAME, lambda path: board.write(path, seen, split, there))
    return files.paths


def marks(outputs: Sequence[str]) -> list[str]:
    """What stands before the ending of an output's files; nothing for the first."""
    found = [""]
    for output in outputs[1:]:
        mark = f".{plain(output)[:40]}"
        found.append(mark if mark not in found else f"{mark}_{len(found)}")
    return found


def _attributes(files: Files, output: str | None, found: attributes.Attributes, name: str, mark: str) -> None:
    of = {} if output is None else {"output": output}
    files.make(f"attributes{mark}.json", lambda path: _json(path, {**of, **attributes.report(found)}))
    files.draw(f"attributes{mark}", lambda theme: pictures.attributes_drawn(found, name, theme))


def _classes(files: Files, output: str | None, judged: Judged, mark: str) -> None:
    of = {} if output is None else {"output": output}
    files.make(f"classes{mark}.json", lambda path: _json(path, {**of, **report(judged)}))


def _draw(files: Files, judged: Judged, samples: Samples, name: str, mark: str) -> None:
    """The confusion, and samples: as they come, and the worst first."""
    files.draw(f"confusion{mark}", lambda theme: pictures.confusion_drawn(judged, name, theme))
    first = list(range(min(pictures.SHOWN, len(judged.actual))))
    worst = judged.worst[: pictures.SHOWN].tolist()
    shown = pictures.samples_shown
    first_of, worst_of = "Samples of {name}", "Worst samples of {name}"
    files.draw(f"gallery{mark}", lambda theme: shown(samples, judged, first, theme.say(first_of, name=name), theme))
    files.draw(f"worst{mark}", lambda theme: shown(samples, judged, worst, theme.say(worst_of, name=name), theme))


def _json(path: Path, content: Any) -> bool:
    path.write_text(json.dumps(content))
    return True


def _save(path: Path, picture: Image.Image | None) -> bool:
    if picture is None:
        return False
    picture.save(path, optimize=True)
    return True
