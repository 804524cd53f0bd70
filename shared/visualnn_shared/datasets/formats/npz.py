"""NumPy's npz: a zip of npy arrays. Names are read as ``members`` tells; nothing is unpickled or unpacked to disk."""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visualnn_shared.datasets.data import Data, Split
from visualnn_shared.datasets.findings import Findings
from visualnn_shared.datasets.formats.members import label_key, place
from visualnn_shared.datasets.formats.npy import NpyError, pieces, read_array, read_header
from visualnn_shared.datasets.formats.npz_arrays import NpzArray, check_together
from visualnn_shared.datasets.formats.odd import Gaps, Odd
from visualnn_shared.datasets.labels import encode, number_label, text_label
from visualnn_shared.datasets.limits import LIMITS, Limits
from visualnn_shared.datasets.schema import MOST_NAMED, DatasetSchema, FeatureSchema, LabelSchema, Splits
from visualnn_shared.datasets.statistics import NOTHING_KNOWN, Statistics, must_fit

NAME = "npz"
TITLE = "NumPy's npz"
EXTENSIONS = (".npz", ".zip")
RANK = 3
_LONGEST = 200
_BOOLS = ("False", "True")
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)
_ZIP_FLAG_ENCRYPTED = 1
_WHOLE = "a zip of pictures or arrays (npz) must be whole"
_CUT = "it may have been cut off or changed on its way: make it anew, and send it again"
_FOLDERS = "train/CLASS/a.png or CLASS/a.png; arrays are x_train.npy and y_train.npy"


def sniff(path: Path, start: bytes) -> bool:  # noqa: ARG001 - the form that all formats share
    """Whether a file that starts so is a zip; what other formats make of zips, they say before."""
    return start.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def inspect(path: Path, limits: Limits = LIMITS) -> tuple[DatasetSchema, Splits]:
    """Schema and sample counts; every value is looked at once, in pieces. Raises DatasetInvalid."""
    findings = Findings()
    with _opened(path, findings) as archive:
        arrays = _arrays(archive, findings, limits)
        check_together(arrays, findings)
        findings.raise_any()
        for array in arrays:
            _look_through(archive, array, findings, limits)
        findings.raise_any()
        schema = _schema(arrays, limits)
        findings.raise_any()
    splits = {m.split: a.header.shape[0] for a in arrays if (m := a.member).role == "feature"}
    return schema, dict(sorted(splits.items(), reverse=True))


def load(path: Path, schema: DatasetSchema, limit: int | None = None, limits: Limits = LIMITS) -> Data:
    """The arrays as ``schema`` says, or the first ``limit`` samples of each split. Raises DatasetInvalid."""
    findings = Findings()
    splits: dict[str, Split] = {}
    with _opened(path, findings) as archive:
        arrays = _arrays(archive, findings, limits)
        check_together(arrays, findings)
        findings.raise_any()
        for split in ("train", "test"):
            mine = [array for array in arrays if array.member.split == split]
            if not mine:
                continue
            x = {a.member.name: _values(archive, a, limit) for a in mine if a.member.role == "feature"}
            own = {a.member.key: a for a in mine if a.member.role == "label"}
            y = {
                label.name: _labels(archive, own[key], label, limit)
                for label in schema.labels
                if (key := label_key(label.name)) in own
            }
            splits[split] = Split(x, y)
    return Data(splits)


@contextmanager
def _opened(path: Path, findings: Findings) -> Iterator[zipfile.ZipFile]:
    """The archive; what goes wrong while it is read becomes a DatasetInvalid."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except NpyError as error:
        findings.add(error.rule, error.received)
    except _DAMAGED as error:
        findings.add(_WHOLE, str(error)[:200] or type(error).__name__, hint=_CUT)
    findings.raise_any()


def _arrays(archive: zipfile.ZipFile, findings: Findings, limits: Limits) -> list[NpzArray]:
    infos = [info for info in archive.infolist() if not info.filename.endswith("/")]
    if not infos:
        findings.add("an npz file must hold arrays", "none")
    elif not any(info.filename.endswith(".npy") for info in infos):
        names = [info.filename[:100] for info in infos[:5]]
        rule = "a zip must hold pictures, each in the folder of its class, or arrays (npy)"
        findings.add(rule, names, hint=_FOLDERS)
    if len(infos) > limits.members:
        findings.add(f"an npz file must hold at most {limits.members} arrays", len(infos))
    total = sum(info.file_size for info in infos)
    if total > limits.expanded_bytes:
        findings.add(limits.expansion_rule, f"{total:,} bytes", hint=limits.EXPANSION_HINT)
    findings.raise_any()
    found = [array for info in infos if (array := _array(archive, info, findings, limits)) is not None]
    findings.raise_any()
    return found


def _array(archive: zipfile.ZipFile, info: zipfile.ZipInfo, findings: Findings, limits: Limits) -> NpzArray | None:
    name = info.filename
    if len(name) > _LONGEST:
        findings.add(f"an array's name must be of at most {_LONGEST} characters", len(name), field=name[:_LONGEST])
        return None
    if not name.endswith(".npy"):
        findings.add("a member of an npz must be an npy array", name[:200], field=name[:200])
        return None
    name = name.removesuffix(".npy")
    if info.flag_bits & _ZIP_FLAG_ENCRYPTED:
        findings.add("an array must not be encrypted", name, field=name)
        return None
    try:
        with archive.open(info) as file:
            header = read_header(file, info.file_size, limits)
    except NpyError as error:
        findings.add(error.rule, error.received, field=name, hint=_hint(error))
        return None
    member = place(name)
    if isinstance(member, str):
        findings.add(member, name, field=name)
        return None
    return NpzArray(member, header)


def _hint(error: NpyError) -> str | None:
    objects = "Python objects" in str(error.received)
    return "save numbers: np.asarray(values, dtype='float32'); ragged lists become objects" if objects else None


def _look_through(archive: zipfile.ZipFile, array: NpzArray, findings: Findings, limits: Limits) -> None:
    """Statistics of every value; what is NaN, or infinite as a 32-bit float, is a problem."""
    name, header = array.member.array, array.header
    try:
        with archive.open(f"{name}.npy") as file:
            read_header(file, archive.getinfo(f"{name}.npy").file_size, limits)
            feature = array.member.role == "feature"
            array.seen.gaps = feature
            odd, gaps = Odd(header, gaps=feature), Gaps(header)
            for number, piece in enumerate(pieces(file, header)):
                if array.text:
                    array.texts |= _texts(piece)
                    if len(array.texts) > limits.text_classes:
                        findings.add(
                            f"text labels must have at most {limits.text_classes:,} classes", "more", field=name
                        )
                        return
                    continue
                if (bad := array.seen.see(piece)) is not None:
                    odd.see(number, piece, bad)
                if array.seen.missing:
                    gaps.look(number, piece)
            array.gaps = set(gaps.columns)
            if array.seen.missing and array.seen.missing == array.seen.values:
                findings.add(NOTHING_KNOWN, f"{array.seen.missing:,} times NaN", field=name)
            if odd.count:
                rule = must_fit("each value", float(odd.first))
                findings.add(rule, str(odd.first), field=name, hint=odd.told())
                return
    except NpyError as error:
        findings.add(error.rule, error.received, field=name)
    if array.header.dtype.str[1:] == "u8" and array.seen.max >= 2**63:
        findings.add("whole numbers must be below 2^63", array.seen.max, field=name)


def _texts(piece: NDArray[Any]) -> set[str]:
    found = np.unique(piece)
    if piece.dtype.kind == "S":
        return {bytes(text).decode("utf-8") for text in found}
    return {str(text) for text in found}


def _schema(arrays: list[NpzArray], limits: Limits) -> DatasetSchema:
    features: dict[str, FeatureSchema] = {}
    for array in arrays:
        if array.member.role == "feature":
            one = _feature(array)
            known = features.get(one.name)
            features[one.name] = _join(known, one) if known else one
    labels: dict[tuple[str, str], list[NpzArray]] = {}
    for array in arrays:
        if array.member.role == "label":
            labels.setdefault(array.member.key, []).append(array)
    ordered = [labels[key] for key in sorted(labels, key=lambda key: key[1] != "")]  # those of every output come first
    notes = tuple(note for same in ordered for note in _unseen(same, several=len(ordered) > 1))
    return DatasetSchema(
        features=tuple(features.values()), labels=tuple(_label(same, limits) for same in ordered), notes=notes
    )


def _feature(array: NpzArray) -> FeatureSchema:
    seen = array.seen
    return FeatureSchema(
        name=array.member.name, shape=array.sample, dtype=array.dtype, min=seen.min, max=seen.max, whole=seen.whole,
        missing=seen.missing, missing_in=tuple(f"{array.member.name}[{n}]" for n in sorted(array.gaps)[:MOST_NAMED]),
    )  # fmt: skip


def _join(one: FeatureSchema, other: FeatureSchema) -> FeatureSchema:
    return one.model_copy(
        update={
            "min": min(one.min, other.min), "max": max(one.max, other.max), "whole": one.whole and other.whole,
            "missing": one.missing + other.missing,
            "missing_in": tuple(dict.fromkeys((*one.missing_in, *other.missing_in)))[:MOST_NAMED],
        }
    )  # fmt: skip


def _label(arrays: list[NpzArray], limits: Limits) -> LabelSchema:
    """Of the same labels in each split."""
    first = next((array for array in arrays if array.member.split == "train"), arrays[0])
    if first.text:
        return text_label(first.member.name, first.sample, sorted(set[str]().union(*(a.texts for a in arrays))))
    if first.dtype == "bool":
        return text_label(first.member.name, first.sample, _BOOLS)
    seen = Statistics(
        min=min(a.seen.min for a in arrays),
        max=max(a.seen.max for a in arrays),
        whole=all(a.seen.whole for a in arrays),
    )
    return number_label(first.member.name, first.sample, first.dtype, seen, limits)


def _unseen(arrays: list[NpzArray], several: bool) -> tuple[str, ...]:
    by_split = {array.member.split: array for array in arrays}
    if "test" not in by_split or "train" not in by_split:
        return ()
    train, test = by_split["train"], by_split["test"]
    which = f"labels of {train.member.name}" if several else "labels"
    new = sorted(test.texts - train.texts)
    if new:
        return (f"the test {which} have classes that training never sees: {', '.join(new[:10])}",)
    if not train.text and test.seen.max > train.seen.max and train.seen.whole and test.seen.whole:
        return (f"the test {which} go up to {test.seen.max:g}, the training labels only to {train.seen.max:g}",)
    return ()


def _values(archive: zipfile.ZipFile, array: NpzArray, limit: int | None) -> NDArray[Any]:
    name = f"{array.member.array}.npy"
    with archive.open(name) as file:
        read_header(file, archive.getinfo(name).file_size, LIMITS)
        raw = read_array(file, array.header, limit)
    return raw if array.text else raw.astype(array.dtype, order="C", copy=False)


def _labels(archive: zipfile.ZipFile, array: NpzArray, label: LabelSchema, limit: int | None) -> NDArray[Any]:
    values = _values(archive, array, limit)
    values = values.reshape(len(values), *array.sample)
    if array.text:
        return encode(values, label.classes or ())
    return values.astype(label.dtype, copy=False)
