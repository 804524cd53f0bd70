"""Formats that are packed into an npz at the upload: pictures, idx, HDF5, npy; and texts."""

import contextlib
import gzip
import struct
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from visualnn_shared.datasets.data import Data
from visualnn_shared.datasets.formats import listed
from visualnn_shared.datasets.limits import Limits
from visualnn_shared.datasets.reading import Inspected, inspect, load
from visualnn_shared.datasets.writing import write_npz, write_zip
from visualnn_shared.errors import DatasetInvalid

RANDOM = np.random.default_rng(3)
PIXELS = RANDOM.integers(0, 256, (6, 5, 4, 3), np.uint8)


def png(pixels: np.ndarray, mode: str | None = None) -> bytes:
    buffer = BytesIO()
    image = Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(buffer, "PNG")
    return buffer.getvalue()


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def opened(path: Path, **given: Any) -> tuple[Inspected, Data]:
    inspected = inspect(path, path.name, **given)
    return inspected, load(inspected.packed or path, inspected.format, inspected.schema)


def wrong(path: Path, **given: Any) -> str:
    with pytest.raises(DatasetInvalid) as caught:
        inspect(path, path.name, **given)
    assert all(one.rule for one in caught.value.problems)
    return str(caught.value)


def test_formats_are_found_by_listing_and_have_one_form() -> None:
    assert set(listed()) == {"csv", "hdf5", "idx", "images", "npy", "npz", "parquet", "text"}
    for module in listed().values():
        assert module.TITLE
        assert module.EXTENSIONS
        assert hasattr(module, "pack") != (hasattr(module, "inspect") and hasattr(module, "load"))


@pytest.mark.parametrize("top", ["", "pets/", "a/b/"])
def test_folders_are_splits_and_classes(tmp_path: Path, top: str) -> None:
    names = ["train/dog/1.png", "train/cat/1.png", "train/cat/2.png", "test/cat/1.png", "test/dog/9.png"]
    members = {top + name: png(PIXELS[place]) for place, name in enumerate(names)}
    members |= {f"{top}train/.DS_Store": b"x", f"__MACOSX/{top}train/dog/._1.png": b"x", f"{top}train/README.txt": b"x"}
    inspected, data = opened(zipped(tmp_path / "pets.zip", members))
    assert inspected.format == "images"
    assert inspected.splits == {"train": 3, "test": 2}
    assert inspected.schema.label is not None
    assert inspected.schema.label.classes == ("cat", "dog")
    assert np.array_equal(data.splits["train"].x["x"], PIXELS[[1, 2, 0]])
    assert data.splits["train"].y.tolist() == [0, 0, 1]
    assert data.splits["test"].y.tolist() == [0, 1]
    assert "1 files of the zip are no pictures" in inspected.schema.notes[0]


def test_one_folder_for_each_class_is_the_training_split(tmp_path: Path) -> None:
    members = {f"{name}/1.png": png(PIXELS[0, :, :, 0]) for name in ("b", "a")}
    inspected, data = opened(zipped(tmp_path / "a.zip", members))
    assert inspected.splits == {"train": 2}
    assert inspected.schema.features[0].shape == (5, 4)
    assert np.array_equal(data.splits["train"].x["x"][0], PIXELS[0, :, :, 0])


def test_one_picture_in_colour_makes_all_rgb(tmp_path: Path) -> None:
    grey = PIXELS[0, :, :, 0]
    members = {"a/1.png": png(grey), "b/1.png": png(PIXELS[1], "P")}
    inspected, data = opened(zipped(tmp_path / "a.zip", members))
    assert inspected.schema.features[0].shape == (5, 4, 3)
    assert np.array_equal(data.splits["train"].x["x"][0], np.stack([grey] * 3, -1))


def test_pictures_of_several_sizes_need_one_to_be_named(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a/1.png": png(PIXELS[0]), "b/1.png": png(PIXELS[0, :2])})
    told = wrong(path)
    assert "5 x 4: 1, 2 x 4: 1" in told
    assert "picture_size" in told
    inspected, data = opened(path, picture_size="6x3")
    assert inspected.schema.features[0].shape == (6, 3, 3)
    theirs = Image.fromarray(PIXELS[0]).resize((3, 6), Image.Resampling.BILINEAR)
    assert np.array_equal(data.splits["train"].x["x"][0], np.asarray(theirs))


CUT = png(RANDOM.integers(0, 256, (40, 40, 3), np.uint8))
BROKEN: dict[str, tuple[dict[str, bytes], str]] = {
    "no class": ({"train/1.png": png(PIXELS[0]), "train/a/2.png": png(PIXELS[0])}, "the folder of its class"),
    "no picture": ({"a/1.png": b"hello", "a/2.png": png(PIXELS[0])}, "must be readable; received 'none of PNG"),
    "loose pictures": ({"1.png": png(PIXELS[0]), "2.png": png(PIXELS[0])}, "the folder of its class"),
    "no pictures at all": ({"notes.txt": b"hello"}, "pictures, each in the folder of its class"),
    "half a picture": ({"a/1.png": CUT[: len(CUT) // 2], "b/2.png": CUT}, "a picture must be"),
    "a third split": ({"train/a/1.png": CUT, "val/a/2.png": CUT}, "the splits must be train and test"),
    "only a test split": ({"test/a/1.png": CUT}, "there must be a folder train"),
    "16 bits": ({"a/1.png": png(np.full((4, 4), 70000 % 65536, np.uint16))}, "8 bits a channel"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_pictures_that_cannot_be_taken_are_named(tmp_path: Path, case: str) -> None:
    members, rule = BROKEN[case]
    assert rule in wrong(zipped(tmp_path / "a.zip", members))


def test_every_broken_picture_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(DatasetInvalid) as caught:
        inspect(zipped(tmp_path / "a.zip", {f"a/{n}.png": b"x" for n in range(5)}), "a.zip")
    assert [one.where.field for one in caught.value.problems] == [f"a/{n}.png" for n in range(5)]


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    small = Limits(expanded_bytes=1_000_000)
    pixels = png(np.zeros((1200, 1200), np.uint8))
    assert len(pixels) < 10_000
    paths = [zipped(tmp_path / "pictures.zip", {"a/1.png": pixels})]
    paths.append(tmp_path / "zeros.npz")
    np.savez_compressed(paths[-1], x=np.zeros((1000, 1000)), y=np.zeros(1000))
    paths.append(tmp_path / "zeros.h5")
    with h5py.File(paths[-1], "w") as file:
        file.create_dataset("x", (1000, 1000), "f8", fillvalue=0, compression="gzip", chunks=(100, 100))
    idx = gzip.compress(struct.pack(">HBB2I", 0, 8, 2, 2000, 2000) + bytes(4_000_000))
    paths.append(zipped(tmp_path / "idx.zip", {"train-images-idx3-ubyte.gz": idx}))
    for path in paths:
        assert path.stat().st_size < 20_000
        told = wrong(path, limits=small)
        assert "1,000,000 bytes" in told, path
        assert path.name == "idx.zip" or "VISUALNN_MAX_EXPANDED_BYTES" in told


def idx(array: np.ndarray, code: int = 8) -> bytes:
    head = struct.pack(f">HBB{array.ndim}I", 0, code, array.ndim, *array.shape)
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


@pytest.mark.parametrize("packed", [False, True])
def test_mnists_files_are_read(tmp_path: Path, packed: bool) -> None:
    x, y = RANDOM.integers(0, 256, (7, 3, 2), np.uint8), np.arange(7, dtype=np.uint8)
    files = {"train-images-idx3-ubyte": x, "train-labels-idx1-ubyte": y, "t10k-images.idx3-ubyte": x[:2],
             "t10k-labels.idx1-ubyte": y[:2]}  # fmt: skip
    end, pack = (".gz", gzip.compress) if packed else ("", bytes)
    path = zipped(tmp_path / "mnist.zip", {f"MNIST/{name}{end}": pack(idx(array)) for name, array in files.items()})
    inspected, data = opened(path)
    assert inspected.format == "idx"
    assert inspected.splits == {"train": 7, "test": 2}
    assert np.array_equal(data.splits["train"].x["x"], x)
    assert np.array_equal(data.splits["test"].y, y[:2])


@pytest.mark.parametrize(("code", "dtype"), [(9, "i1"), (11, "i2"), (12, "i4"), (13, "f4"), (14, "f8")])
def test_every_type_of_idx_is_read(tmp_path: Path, code: int, dtype: str) -> None:
    array = np.arange(-3, 5, dtype=dtype).reshape(4, 2)
    (tmp_path / "a.idx").write_bytes(idx(array, code))
    inspected, data = opened(tmp_path / "a.idx")
    assert np.array_equal(data.splits["train"].x["x"], array)
    assert "samples without labels" in inspected.schema.notes[0]


@pytest.mark.parametrize(
    ("members", "rule"),
    [
        ({"train-images-idx3-ubyte": idx(PIXELS[:, :, :, 0])[:-1]}, "must hold 120 bytes"),
        ({"train-images-idx3-ubyte": idx(PIXELS[:, :, :, 0]) + b"x"}, "must hold 120 bytes"),
        ({"train-images-idx3-ubyte": b"hello"}, "begin with two zero bytes"),
        ({"pictures-idx": idx(PIXELS)}, "must be named train- or t10k-"),
        ({"a/train-images-idx": idx(PIXELS), "b/train-images-idx": idx(PIXELS)}, "one file of x_train"),
        ({"train-images-idx.gz": gzip.compress(idx(PIXELS))[:-20]}, "whole"),
    ],
)
def test_broken_idx_files_are_told(tmp_path: Path, members: dict[str, bytes], rule: str) -> None:
    assert rule in wrong(zipped(tmp_path / "a.zip", members), format="idx")


def test_npy_files_make_a_data_set_together_and_one_is_samples(tmp_path: Path) -> None:
    for name, array in (("x_train", PIXELS), ("y_train", np.arange(6))):
        np.save(tmp_path / f"{name}.npy", array)
    write_zip(tmp_path / "files.zip", {f"{name}.npy": tmp_path / f"{name}.npy" for name in ("x_train", "y_train")})
    inspected, data = opened(tmp_path / "files.zip")
    assert (inspected.format, inspected.splits) == ("npz", {"train": 6})
    assert data.splits["train"].y.tolist() == list(range(6))
    inspected, data = opened(tmp_path / "x_train.npy")
    assert inspected.schema.label is None
    assert np.array_equal(data.splits["train"].x["x"], PIXELS)


def test_hdf5_is_read_with_groups_and_texts(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("train/x", data=PIXELS, chunks=(2, 5, 4, 3), compression="gzip")
        file["train/y"] = ["cat", "dog", "cat", "dog", "cat", "dog"]
        file["test/x"], file["test/y"] = PIXELS[:2], ["dog", "cat"]
        file["version"] = 3
    inspected, data = opened(tmp_path / "a.h5")
    assert (inspected.format, inspected.splits) == ("hdf5", {"train": 6, "test": 2})
    assert np.array_equal(data.splits["train"].x["x"], PIXELS)
    assert data.splits["test"].y.tolist() == [1, 0]
    assert "version is a single value" in inspected.schema.notes[0]


def test_broken_hdf5_files_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["x"], file["link"] = np.zeros(3), h5py.SoftLink("/x")
        file["far"] = h5py.ExternalLink("/etc/passwd", "/x")
        file["z"] = np.zeros(3, np.complex64)
    told = wrong(path)
    assert "received 'link'" in told
    assert "received 'far'" in told
    assert "numbers or text" in told
    path.write_bytes(path.read_bytes()[:900])
    assert "whole" in wrong(path)


TEXTS = 'text,label,split\n"A fine, fine film",good,train\nbad,bad,train\nfine,good,test\n'


def test_texts_with_a_split_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(TEXTS)
    inspected, data = opened(tmp_path / "a.csv")
    assert (inspected.format, inspected.splits) == ("text", {"train": 2, "test": 1})
    feature = inspected.schema.features[0]
    assert (feature.dtype, feature.shape, feature.min, feature.max) == ("text", (), 1, 4)
    assert data.splits["train"].x["text"].tolist() == ["A fine, fine film", "bad"]
    assert data.splits["train"].y.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("text", "format"),
    [
        ("review\tlabel\nso good\t1\n", "text"),
        ("nothing like it before,1\nnot good at all,0\n", "text"),
        ("x,label\n1,2\n", "csv"),
        ("text,label\n1,2\n3,4\n", "csv"),
        ("a,b,label\n1,2,cat\n", "csv"),
    ],
)
def test_texts_are_told_from_numbers(tmp_path: Path, text: str, format: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    assert inspect(tmp_path / "a.csv", "a.csv").format == format


def test_every_bad_row_of_texts_has_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,label,split\nfine,,train\n,bad,train\nx,y\nfine,good,dev\nfine one,good,\n")
    with pytest.raises(DatasetInvalid) as caught:
        inspect(tmp_path / "a.csv", "a.csv")
    assert [one.where.line for one in caught.value.problems] == [2, 3, 4, 5]


def test_equal_arrays_are_equal_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_npz(tmp_path / name, {"x": PIXELS, "y": np.arange(6)})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    with np.load(tmp_path / "a") as file:
        assert np.array_equal(file["x"], PIXELS)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.sampled_from(["pictures", "idx", "text"]), at=st.integers(0, 4000), junk=st.binary(max_size=8))
def test_damaged_files_are_problems_and_nothing_else(tmp_path: Path, start: str, at: int, junk: bytes) -> None:
    whole = {
        "pictures": lambda: zipped(tmp_path / "a.zip", {"a/1.png": CUT, "b/2.png": CUT}).read_bytes(),
        "idx": lambda: zipped(tmp_path / "a.zip", {"train-images-idx3-ubyte": idx(PIXELS)}).read_bytes(),
        "text": lambda: TEXTS.encode(),
    }[start]()
    at %= len(whole)
    path = tmp_path / ("b.csv" if start == "text" else "b.zip")
    path.write_bytes(whole[:at] + junk + whole[at + len(junk) :])
    with contextlib.suppress(DatasetInvalid):
        assert opened(path)[0].splits["train"] > 0
