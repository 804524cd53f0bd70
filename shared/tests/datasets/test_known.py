"""Data sets known by name: what scikit-learn and Keras give, verified files, clear words where there is no way out."""

import gzip
import hashlib
import json
import pickle
import struct
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from visualnn_shared.datasets.known import KNOWN
from visualnn_shared.datasets.known.fetching import NotFetched, Source, digest_of
from visualnn_shared.datasets.known.registry import Known, Remote
from visualnn_shared.datasets.known.texts import read_lists
from visualnn_shared.datasets.reading import Inspected, inspect, load

HERE = [known for known in KNOWN.values() if not known.files]


def made(known: Known, folder: Path, files: list[Path] | None = None) -> tuple[Inspected, Any]:
    path = folder / known.filename
    known.make(path, files or [])
    inspected = inspect(path, known.filename, known.format)
    return inspected, load(path, inspected.format, inspected.schema)


@pytest.mark.parametrize("known", HERE, ids=lambda known: known.name)
def test_what_is_here_has_two_splits_and_is_the_same_each_time(known: Known, tmp_path: Path) -> None:
    inspected, data = made(known, tmp_path)
    assert {name: len(split) for name, split in data.splits.items()} == inspected.splits
    assert 0.15 < inspected.splits["test"] / sum(inspected.splits.values()) < 0.25
    first = (tmp_path / known.filename).read_bytes()
    known.make(tmp_path / known.filename, [])
    assert (tmp_path / known.filename).read_bytes() == first
    if known.columns:
        assert len(known.columns) == inspected.schema.features[0].shape[0]


@pytest.mark.parametrize("name", ["digits", "iris", "wine", "breast_cancer", "diabetes"])
def test_the_bundled_samples_are_those_of_scikit_learn(name: str, tmp_path: Path) -> None:
    from sklearn import datasets

    reference = getattr(datasets, f"load_{name}")()
    _, data = made(KNOWN[name], tmp_path)
    x = np.concatenate([split.x["x"].reshape(len(split), -1) for split in data.splits.values()]).astype(np.float64)
    y = np.concatenate([np.asarray(split.y) for split in data.splits.values()])
    wanted = np.rint(reference.data * (255 / 16)) if name == "digits" else reference.data
    ours = np.column_stack([x, y])
    theirs = np.column_stack([wanted, reference.target])
    assert np.array_equal(ours[np.lexsort(ours.T)], theirs[np.lexsort(theirs.T)])
    if name != "diabetes":
        assert KNOWN[name].classes == tuple(str(one) for one in reference.target_names)
        assert np.ptp(np.bincount(data.splits["test"].y) / np.bincount(y.astype(int))) < 0.05


def test_the_computed_samples_have_their_shapes(tmp_path: Path) -> None:
    line = made(KNOWN["line"], tmp_path)[1].splits["train"]
    slope, offset = np.polyfit(line.x["x"].ravel(), np.asarray(line.y).ravel(), 1)
    assert (slope, offset) == pytest.approx((2, -1), abs=0.03)
    moons = made(KNOWN["two_moons"], tmp_path)[1].splits["train"]
    radius = np.linalg.norm(moons.x["x"][moons.y == 0], axis=1)
    assert radius.mean() == pytest.approx(1, abs=0.03)
    spiral = made(KNOWN["spiral"], tmp_path)[1].splits["train"]
    assert np.bincount(spiral.y).min() > 200


def _idx(array: np.ndarray) -> bytes:
    return gzip.compress(struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes())


def _lists(lists: list[list[int]]) -> np.ndarray:
    array = np.empty(len(lists), object)
    array[:] = lists
    return array


def _fashion(random: np.random.Generator) -> list[bytes]:
    pictures = random.integers(0, 255, (5, 28, 28), np.uint8)
    labels = np.array([9, 1, 0, 3, 4], np.uint8)
    return [_idx(pictures), _idx(labels), _idx(pictures[:2]), _idx(labels[:2])]


def _cifar(folder: str, names: list[str], labels: int) -> Callable[[np.random.Generator], list[bytes]]:
    def archive(random: np.random.Generator) -> list[bytes]:
        buffer = BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
            for name in names:
                record = random.integers(0, 10, (2, labels + 3072), np.uint8)
                info = tarfile.TarInfo(f"{folder}/{name}")
                info.size = record.size
                tar.addfile(info, BytesIO(record.tobytes()))
        return [buffer.getvalue()]

    return archive


def _words(arrays: dict[str, np.ndarray]) -> Callable[[np.random.Generator], list[bytes]]:
    def files(_random: np.random.Generator) -> list[bytes]:
        buffer = BytesIO()
        np.savez(buffer, **arrays)  # type: ignore[arg-type]
        return [buffer.getvalue(), json.dumps({"good": 1, "bad": 2, "film": 3}).encode()]

    return files


def _mnist(random: np.random.Generator) -> list[bytes]:
    buffer = BytesIO()
    x = random.integers(0, 255, (4, 28, 28), np.uint8)
    np.savez(buffer, x_train=x, y_train=np.arange(4, dtype=np.uint8), x_test=x[:1], y_test=np.arange(1, dtype=np.uint8))
    return [buffer.getvalue()]


TEN = ["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"]
REVIEWS = {
    "x_train": _lists([[1, 3], [2, 3]]), "y_train": np.array([1, 0]),
    "x_test": _lists([[3, 1], [2]]), "y_test": np.array([1, 0]),
}  # fmt: skip
NEWS = {"x": _lists([[1]] * 5 + [[2, 3]] * 5), "y": np.array([0] * 5 + [45] * 5)}
FETCHED = {
    "mnist": (_mnist, {"train": 4, "test": 1}),
    "fashion_mnist": (_fashion, {"train": 5, "test": 2}),
    "cifar10": (_cifar("cifar-10-batches-bin", [*TEN, "test_batch.bin"], 1), {"train": 10, "test": 2}),
    "cifar100": (_cifar("cifar-100-binary", ["train.bin", "test.bin"], 2), {"train": 2, "test": 2}),
    "imdb": (_words(REVIEWS), {"train": 2, "test": 2}),
    "reuters": (_words(NEWS), {"train": 8, "test": 2}),
}  # fmt: skip


def mirrored(name: str, folder: Path) -> Known:
    """The known data set with small files on a mirror in ``folder``, and their checksums."""
    known = KNOWN[name]
    contents = FETCHED[name][0](np.random.default_rng(0))
    files = []
    for remote, content in zip(known.files, contents, strict=True):
        path = folder / remote.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        files.append(Remote(remote.name, remote.url, f"sha256:{hashlib.sha256(content).hexdigest()}"))
    return replace(known, files=tuple(files))


@pytest.mark.parametrize("name", FETCHED)
def test_a_known_data_set_is_fetched_once_and_kept(name: str, tmp_path: Path) -> None:
    known = mirrored(name, tmp_path / "mirror")
    source = Source(tmp_path / "cache", (tmp_path / "mirror").as_uri())
    assert not source.has(known)
    inspected, _data = made(known, tmp_path, source.files(known))
    assert inspected.splits == FETCHED[name][1]
    assert source.has(known)
    offline = Source(tmp_path / "cache", "file:///nowhere")
    assert offline.files(known) == source.files(known)


def test_every_fetched_data_set_has_a_test_and_a_whole_checksum() -> None:
    fetched = [known for known in KNOWN.values() if known.files]
    assert {known.name for known in fetched} == set(FETCHED)
    for remote in (remote for known in fetched for remote in known.files):
        kind, _, digest = remote.digest.partition(":")
        assert len(digest) == {"sha256": 64, "md5": 32}[kind]
        assert remote.url.startswith("https://")


def test_cifar_pictures_are_channels_last(tmp_path: Path) -> None:
    record = np.zeros((1, 3073), np.uint8)
    record[0, 1 : 1 + 1024] = 200  # the red plane
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name in [*TEN, "test_batch.bin"]:
            info = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            info.size = record.size
            tar.addfile(info, BytesIO(record.tobytes()))
    path = tmp_path / "c.tar.gz"
    path.write_bytes(buffer.getvalue())
    x = made(KNOWN["cifar10"], tmp_path, [path])[1].splits["train"].x["x"]
    assert x.shape == (5, 32, 32, 3)
    assert (x[..., 0] == 200).all()
    assert not x[..., 1:].any()


def test_reviews_are_texts_again(tmp_path: Path) -> None:
    known = mirrored("imdb", tmp_path / "mirror")
    inspected, data = made(known, tmp_path, Source(tmp_path / "cache", (tmp_path / "mirror").as_uri()).files(known))
    assert data.splits["train"].x["text"].tolist() == ["good film", "bad film"]
    assert inspected.schema.label is not None
    assert inspected.schema.label.classes == ("negative", "positive")
    assert data.splits["train"].y.tolist() == [1, 0]


def test_offline_every_missing_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    source = Source(tmp_path / "cache", (tmp_path / "empty").as_uri(), timeout_s=1)
    with pytest.raises(NotFetched) as caught:
        source.files(KNOWN["fashion_mnist"])
    assert len(caught.value.problems) == 4
    told = str(caught.value)
    assert "VISUALNN_DATASET_MIRROR" in told
    assert "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d" in told


def test_another_content_than_the_known_one_is_refused_and_not_kept(tmp_path: Path) -> None:
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / "mnist.npz").write_bytes(b"something else")
    source = Source(tmp_path / "cache", (tmp_path / "mirror").as_uri())
    with pytest.raises(NotFetched, match="checksum must be sha256:731c"):
        source.files(KNOWN["mnist"])
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_a_damaged_file_in_the_cache_is_fetched_again(tmp_path: Path) -> None:
    known = mirrored("mnist", tmp_path / "mirror")
    source = Source(tmp_path / "cache", (tmp_path / "mirror").as_uri())
    (path,) = source.files(known)
    path.write_bytes(b"damaged")
    assert digest_of(source.files(known)[0], known.files[0].digest) == known.files[0].digest


def test_a_pickle_that_calls_something_is_refused(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "called",))

    buffer = BytesIO()
    array = np.empty(1, object)
    array[0] = Evil()
    np.save(buffer, array)
    with zipfile.ZipFile(tmp_path / "evil.npz", "w") as archive:
        archive.writestr("x.npy", buffer.getvalue())
    with pytest.raises(pickle.UnpicklingError, match="no part of an array"):
        read_lists(tmp_path / "evil.npz")
    assert not (tmp_path / "called").exists()
