"""Damaged and hostile Keras files: a model, or a typed error that lists problems; never another exception."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from visualnn_converter import conversion
from visualnn_converter.kerasweights import archive, hdf5
from visualnn_shared import zoo
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.errors import ConversionImpossible, Invalid, TooLarge
from visualnn_shared.spec.model import Layer, Spec

SETTINGS = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
NET = Spec(
    name="net",
    layers=(
        Layer(name="x", type="Input", params={"shape": [6]}),
        Layer(name="a", type="Dense", params={"units": 4}, inputs=("x",)),
        Layer(name="n", type="BatchNormalization", inputs=("a",)),
        Layer(name="b", type="Dense", params={"units": 2}, inputs=("n",)),
    ),
    outputs=("b",),
)


def _weights(spec: Spec) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    return {
        f"{layer.name}/{v.name}": rng.random(v.shape).astype("float32")
        for layer in resolve(spec).layers for v in layer.weights
    }  # fmt: skip


ZIP = conversion.write(NET, "keras-file", _weights(NET)).data
with zipfile.ZipFile(io.BytesIO(ZIP)) as _members:
    MEMBERS = {name: _members.read(name) for name in _members.namelist()}


def _old(change: Callable[[h5py.File], None] = lambda file: None) -> bytes:
    """A whole model in one HDF5 file, as Keras 2 has it, after a change."""
    buffer = io.BytesIO()
    weights = _weights(NET)
    with h5py.File(buffer, "w") as file:
        file.attrs["keras_version"] = "2.4.0"
        file.attrs["model_config"] = MEMBERS[archive.CONFIG].decode()
        root = file.create_group("model_weights")
        root.attrs["layer_names"] = [b"x", b"a", b"n", b"b"]
        for layer in ("x", "a", "n", "b"):
            group = root.create_group(layer)
            mine = [name.rpartition("/")[2] for name in weights if name.startswith(f"{layer}/")]
            group.attrs["weight_names"] = np.array([f"{layer}/{name}:0".encode() for name in mine] or [], dtype="S40")
            for name in mine:
                group[f"{layer}/{name}:0"] = weights[f"{layer}/{name}"]
        change(file)
    return buffer.getvalue()


OLD = _old()
FILES = {"zip": ZIP, "old": OLD, "tensors": MEMBERS[archive.TENSORS]}


def _zipped(**changed: bytes) -> bytes:
    names = {"config": archive.CONFIG, "tensors": archive.TENSORS}
    return archive.packed(MEMBERS | {names[name]: data for name, data in changed.items()})


def _changed(change: Callable[[h5py.File], None]) -> bytes:
    buffer = io.BytesIO(MEMBERS[archive.TENSORS])
    with h5py.File(buffer, "r+") as file:
        change(file)
    return _zipped(tensors=buffer.getvalue())


def _reads(data: bytes, source: str | None = None) -> None:
    try:
        spec, weights, report = conversion.read(data, source)
    except (Invalid, TooLarge) as error:
        told, listed = error.as_problem_json(), bool(error.problems)
    else:
        told, listed = report.as_json(), bool(spec.layers) and weights is not None
    assert listed
    assert len(json.dumps(told, allow_nan=False)) < 2_000_000


def test_the_files_themselves_are_read() -> None:
    for data in (ZIP, OLD):
        weights = conversion.read(data)[1]
        assert weights is not None
        assert {name: tensor.tolist() for name, tensor in weights.items()} == {
            name: tensor.tolist() for name, tensor in _weights(NET).items()
        }


def test_formats_are_recognised_by_their_content() -> None:
    assert [conversion.read(data, filename="model.json")[2].source for data in (ZIP, OLD)] == ["keras-file", "keras-h5"]
    with pytest.raises(Invalid, match="must be one of"):
        conversion.read(archive.packed({"other.txt": b""}))


@pytest.mark.parametrize("name", FILES)
@SETTINGS
@given(changes=st.lists(st.tuples(st.integers(0, 2**31), st.integers(0, 255)), min_size=1, max_size=8))
def test_bytes_changed_in_places(name: str, changes: list[tuple[int, int]]) -> None:
    file = FILES[name]
    changed = bytearray(file)
    for at, value in changes:
        changed[at % len(file)] = value
    whole = bytes(changed)
    _reads(_zipped(tensors=whole) if name == "tensors" else whole)


@pytest.mark.parametrize("name", FILES)
@SETTINGS
@given(cut=st.tuples(st.floats(0, 1), st.floats(0, 1)), more=st.binary(max_size=16))
def test_files_cut_and_spliced(name: str, cut: tuple[float, float], more: bytes) -> None:
    file = FILES[name]
    start, end = (int(len(file) * place) for place in sorted(cut))
    whole = file[:start] + more + file[end:]
    _reads(_zipped(tensors=whole) if name == "tensors" else whole)


def _external(file: h5py.File) -> None:
    del file["layers/dense/vars/0"]
    file["layers/dense/vars/0"] = h5py.ExternalLink("/etc/passwd", "/x")


def _soft(file: h5py.File) -> None:
    del file["layers/dense/vars/0"]
    file["layers/dense/vars/0"] = h5py.SoftLink("/layers/dense_1/vars/0")


def _stored_outside(file: h5py.File) -> None:
    del file["layers/dense/vars/0"]
    file["layers/dense/vars"].create_dataset("0", (6, 4), "f4", external=[("/etc/passwd", 0, 96)])


def _virtual(file: h5py.File) -> None:
    del file["layers/dense/vars/0"]
    layout = h5py.VirtualLayout((6, 4), "f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (6, 4))
    file["layers/dense/vars"].create_virtual_dataset("0", layout)


def _unwritten(file: h5py.File) -> None:
    del file["layers/dense/vars/0"]
    file["layers/dense/vars"].create_dataset("0", (6, 4), "f4", chunks=(1, 1))


def _cyclic(file: h5py.File) -> None:
    file["layers/again"] = file["layers"]


def _texts(file: h5py.File) -> None:
    del file["layers/dense/vars/0"]
    file["layers/dense/vars/0"] = np.full((6, 4), b"x")


def _deep(file: h5py.File) -> None:
    file.create_group("/".join("g" * 100))


def _missing(file: h5py.File) -> None:
    del file["layers/dense/vars/1"], file["layers/batch_normalization"]


def _more(file: h5py.File) -> None:
    file["layers/dense/vars/2"] = np.zeros(3)


HOSTILE: list[tuple[Callable[[h5py.File], None], str]] = [
    (_external, "without soft or external links"),
    (_soft, "without soft or external links"),
    (_stored_outside, "without external storage"),
    (_virtual, "without external storage"),
    (_unwritten, "values must be in the file"),
    (_cyclic, "must stand in one place"),
    (_texts, "must hold numbers"),
    (_deep, "nested at most"),
    (_missing, "hold every variable"),
    (_more, "hold 2 variables of this layer, and no others"),
]


@pytest.mark.parametrize(("change", "rule"), HOSTILE, ids=lambda one: getattr(one, "__name__", None))
def test_hdf5_that_leads_outside_or_lies_is_refused(change: Callable[[h5py.File], None], rule: str) -> None:
    with pytest.raises(ConversionImpossible) as error:
        conversion.read(_changed(change))
    assert rule in error.value.problems[0].rule


def test_every_missing_variable_is_listed() -> None:
    with pytest.raises(ConversionImpossible) as error:
        conversion.read(_changed(_missing))
    assert len(error.value.problems) == 5


def test_a_file_that_takes_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hdf5, "SECONDS", 0)
    with pytest.raises(ConversionImpossible) as error:
        conversion.read(OLD)
    assert "within 0 seconds" in error.value.problems[0].rule


def test_declared_sizes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hdf5, "LARGEST_TENSORS", 100)
    with pytest.raises(TooLarge):
        conversion.read(OLD)


@pytest.mark.parametrize("name", [archive.CONFIG, archive.TENSORS])
def test_a_zip_that_unpacks_to_more_than_it_may_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(archive.LARGEST, name, 100)
    with pytest.raises(TooLarge):
        conversion.read(ZIP)


def test_a_zip_that_lies_about_its_sizes_is_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in MEMBERS.items():
            zipped.writestr(name, content + b" " * 1_000_000 if name == archive.CONFIG else content)
    size = len(MEMBERS[archive.CONFIG]) + 1_000_000
    lying = buffer.getvalue().replace(size.to_bytes(4, "little"), (50).to_bytes(4, "little"))
    assert lying != buffer.getvalue()
    with pytest.raises(ConversionImpossible):
        conversion.read(lying)


@pytest.mark.parametrize("config", [b"", b"[]", b"null", b"{}", b'{"class_name": "Sequential", "config": 3}', b"\xff"])
def test_other_configurations_are_refused(config: bytes) -> None:
    with pytest.raises(Invalid):
        conversion.read(_zipped(config=config))


def test_the_small_zoo_is_the_size_of_its_weights() -> None:
    spec = zoo.load("mnist-mlp") if "mnist-mlp" in [row["name"] for row in zoo.describe()] else zoo.load("mnist-cnn")
    weights: dict[str, Any] = _weights(spec)
    size = sum(tensor.nbytes for tensor in weights.values())
    assert size < len(conversion.write(spec, "keras-file", weights).data) < size + 200_000
