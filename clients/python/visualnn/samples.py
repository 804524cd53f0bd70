"""Samples as people give them (numbers, npz, csv, pictures) -> arrays in the raw shape of an operator's inputs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from visualnn_shared.datasets.gaps import is_missing
from visualnn_shared.errors import Invalid
from visualnn_shared.spec.problem import Problem, problem

Array = npt.NDArray[Any]
Inputs = dict[str, Array]
"""Input name -> samples, the batch axis first."""
_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp"})
_RECTANGULAR = "an input must be a rectangular list of numbers"
_LABELS = frozenset({"label", "target", "class", "y"})


@dataclass(frozen=True, slots=True)
class RawInput:
    """One raw input: its name, its shape without the batch axis (None is free), its dtype."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str

    def samples(self, value: Any, field: str) -> Array:
        """``value`` as samples: one where it has as many numbers as one, else as many as it holds.

        Raises ``Invalid`` for ragged or other than numeric values, and for a count that does not divide.
        """
        if self.dtype != "bool" and (found := _boolean(value)) is not None:
            raise _wrong([problem(_RECTANGULAR, found, field=field, hint="true and false are no numbers")])
        if self.dtype == "text":
            return _texts(value, field)
        array = _numbers(value, field)
        if None in self.shape:
            return array.reshape(1, *array.shape) if array.ndim == len(self.shape) else array
        sizes = tuple(size for size in self.shape if size is not None)
        count = int(np.prod(sizes, dtype=np.int64))
        if array.size == 0 or array.size % count:
            shape = " x ".join(map(str, sizes)) or "1"
            rule = f"a sample of {self.name!r} must have {count} numbers ({shape})"
            raise _wrong([problem(rule, f"{array.size} numbers", field=field)])
        return array.reshape(-1, *sizes)


def raw_inputs(signature: Mapping[str, Any]) -> list[RawInput]:
    """The inputs of an operator's signature, or of a weights file's serving part."""
    return [RawInput(one["name"], tuple(one["shape"]), one["dtype"]) for one in signature["inputs"]]


def from_text(texts: Sequence[str], inputs: Sequence[RawInput]) -> Inputs:
    """Each text is JSON: a sample or several, or for networks with several inputs an object of them by name."""
    found: dict[str, list[Array]] = {one.name: [] for one in inputs}
    for number, text in enumerate(texts, 1):
        field = f"--input {number}"
        value = _by_name(_json(text, field), inputs, field)
        for one in inputs:
            found[one.name].append(one.samples(value[one.name], field))
    return {name: np.concatenate(arrays) for name, arrays in found.items()}


def from_file(path: Path, inputs: Sequence[RawInput], limit: int | None = None) -> Inputs:
    """Samples of an npz (``x_test``, ``x``, or arrays by input name), a csv, a JSON text, or a picture."""
    kind = path.suffix.lower()
    if kind == ".npz":
        found = _npz(path, inputs)
    elif kind == ".json":
        found = from_text([path.read_text("utf-8")], inputs)
    elif kind == ".csv":
        found = {_only(inputs, path).name: _only(inputs, path).samples(_csv(path), path.name)}
    elif kind in _PICTURES:
        found = {_only(inputs, path).name: _picture(path, _only(inputs, path))}
    else:
        raise _wrong([problem("--file must end in .npz, .csv, .json, .png or .jpg", path.name, field="--file")])
    return {name: samples[:limit] for name, samples in found.items()}


def _json(text: str, field: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _wrong([problem("an input must be JSON", text[:200], field=field, hint=str(error))]) from None


def _boolean(value: Any) -> bool | None:
    """The first boolean in nested lists."""
    if isinstance(value, list):
        return next((found for item in value if (found := _boolean(item)) is not None), None)
    return value if isinstance(value, bool) else None


def _texts(value: Any, field: str) -> Array:
    """A text, or a list of texts."""
    texts = value if isinstance(value, list) else [value]
    if not texts or not all(isinstance(one, str) for one in texts):
        raise _wrong([problem("an input must be a text, or a list of texts", repr(value)[:200], field=field)])
    found = np.empty(len(texts), object)
    found[:] = texts
    return found


def _numbers(value: Any, field: str) -> Array:
    try:
        array = np.asarray(_filled(value))
    except ValueError:
        raise _wrong([problem(_RECTANGULAR, "a ragged list", field=field)]) from None
    if array.dtype.kind not in "buif":
        raise _wrong([problem(_RECTANGULAR, repr(value)[:200], field=field)])
    return array


def _filled(value: Any) -> Any:
    """Nested lists with NaN where JSON has null: the value is missing."""
    if isinstance(value, list):
        return [np.nan if one is None else _filled(one) for one in value]
    return value


def _by_name(value: Any, inputs: Sequence[RawInput], field: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        return {_only(inputs, field).name: value}
    names = {one.name for one in inputs}
    problems = [problem(f"input {name!r} must be given", field=field) for name in sorted(names - value.keys())]
    problems += [
        problem("every name must be an input of the network", name, field=field, hint=f"it has {sorted(names)}")
        for name in sorted(value.keys() - names)
    ]
    if problems:
        raise _wrong(problems)
    return value


def _only(inputs: Sequence[RawInput], where: object) -> RawInput:
    if len(inputs) == 1:
        return inputs[0]
    names = [one.name for one in inputs]
    rule = "the samples of a network with several inputs must be given by name"
    hint = f"give JSON, or an npz: {{{', '.join(f'{name}: ...' for name in names)}}}"
    raise _wrong([problem(rule, str(where), field="--input", hint=hint)])


def _npz(path: Path, inputs: Sequence[RawInput]) -> Inputs:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            known = {name: arrays[name] for name in arrays.files if not name.startswith("y")}
    except (ValueError, OSError, EOFError) as error:
        rule = "an .npz file must hold plain arrays"
        raise _wrong([problem(rule, str(error)[:200], field=path.name)]) from None
    found, problems = {}, []
    for one in inputs:
        names = [f"x_test_{one.name}", f"x:{one.name}", f"x_{one.name}", one.name]
        names += ["x_test", "x"] if len(inputs) == 1 else []
        name = next((name for name in names if name in known), None)
        if name is None:
            problems.append(problem(f"the file must have one of the arrays {names}", sorted(known), field=path.name))
        else:
            found[one.name] = one.samples(known[name], name)
    if problems:
        raise _wrong(problems)
    return found


def _csv(path: Path) -> Array:
    """The rows as numbers; a header, and a column of labels that it names, are left out."""
    lines = enumerate(path.read_text("utf-8-sig").splitlines(), 1)
    rows = [(number, line.split(",")) for number, line in lines if line.strip()]
    keep: list[int] | None = None
    if rows and not all(map(_is_value, rows[0][1])):
        header = [name.strip().strip('"').lower() for name in rows.pop(0)[1]]
        keep = [index for index, name in enumerate(header) if name not in _LABELS]
    problems, values = [], []
    for number, row in rows:
        cells = row if keep is None else [row[index] for index in keep if index < len(row)]
        if all(map(_is_value, cells)):
            values.append([np.nan if is_missing(cell) else float(cell) for cell in cells])
        else:
            received = ",".join(cells)[:100]
            problems.append(problem("every cell must be a number", received, line=number, field=path.name))
    if problems:
        raise _wrong(problems[:20])
    return _numbers(values, path.name)


def _is_value(cell: str) -> bool:
    """Whether it is a number, or says that one is missing."""
    if is_missing(cell):
        return True
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _picture(path: Path, wanted: RawInput) -> Array:
    """The pixels, 0-255, in grey or colour as the input has them."""
    from PIL import Image, UnidentifiedImageError

    colour = len(wanted.shape) == 3 and wanted.shape[-1] == 3
    try:
        with Image.open(path) as picture:
            pixels = np.asarray(picture.convert("RGB" if colour else "L"))
    except (UnidentifiedImageError, OSError) as error:
        raise _wrong([problem("a picture must be readable", str(error)[:200], field=path.name)]) from None
    return wanted.samples(pixels, path.name)


def _wrong(problems: list[Problem]) -> Invalid:
    return Invalid("the input", problems)
