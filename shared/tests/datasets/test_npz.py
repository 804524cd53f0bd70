import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from visualnn_shared.datasets.formats import npz
from visualnn_shared.datasets.limits import Limits
from visualnn_shared.datasets.reading import inspect, load
from visualnn_shared.datasets.schema import DatasetSchema
from visualnn_shared.errors import DatasetInvalid

RNG = np.random.default_rng(0)
PICTURES = RNG.integers(0, 256, (6, 28, 28), np.uint8)
DIGITS = np.array([0, 1, 2, 9, 4, 5], np.uint8)
MNIST = Path(__file__).parents[4] / "shared" / "data" / "mnist.npz"


def saved(folder: Path, compressed: bool = False, **arrays: Any) -> Path:
    path = folder / "data.npz"
    (np.savez_compressed if compressed else np.savez)(path, **arrays)
    return path


def problems(path: Path, name: str = "data.npz") -> list[str]:
    with pytest.raises(DatasetInvalid) as caught:
        inspect(path, name)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("compressed", [False, True])
def test_pictures_and_integer_classes_in_two_splits(tmp_path: Path, compressed: bool) -> None:
    path = saved(tmp_path, compressed, x_train=PICTURES, y_train=DIGITS, x_test=PICTURES[:2], y_test=DIGITS[:2])
    found = inspect(path, "data.npz")
    feature, label = found.schema.features[0], found.schema.label
    assert (found.format, found.splits) == ("npz", {"train": 6, "test": 2})
    assert (feature.name, feature.shape, feature.dtype) == ("x", (28, 28), "uint8")
    assert (feature.min, feature.max) == (PICTURES.min(), PICTURES.max())
    assert label is not None
    assert (label.kind, label.n_classes, label.classes, label.shape) == ("class", 10, None, ())
    data = load(path, "npz", found.schema)
    np.testing.assert_array_equal(data.splits["train"].x["x"], PICTURES)
    np.testing.assert_array_equal(data.splits["test"].y, DIGITS[:2])
    assert data.splits["train"].x["x"].dtype == np.uint8


@pytest.mark.parametrize(
    ("arrays", "features"),
    [
        ({"x": PICTURES, "y": DIGITS}, ["x"]),
        ({"train_images": PICTURES, "train_labels": DIGITS}, ["x"]),
        ({"X_train": PICTURES, "y_train": DIGITS}, ["x"]),
        ({"data": PICTURES, "target": DIGITS}, ["x"]),
        ({"x_train_left": PICTURES, "x_train_right": PICTURES, "y_train": DIGITS}, ["left", "right"]),
        ({"left": PICTURES, "right": PICTURES, "y": DIGITS}, ["left", "right"]),
        ({"left_train": PICTURES, "right_train": PICTURES, "y_train": DIGITS}, ["left", "right"]),
        ({"x_y_age": PICTURES, "x_label": PICTURES, "y": DIGITS}, ["label", "y_age"]),
        ({"coord_x": PICTURES, "coord_y": PICTURES, "y": DIGITS}, ["coord_x", "coord_y"]),
    ],
)
def test_the_names_of_arrays_say_what_they_are(tmp_path: Path, arrays: dict[str, Any], features: list[str]) -> None:
    found = inspect(saved(tmp_path, **arrays), "data.npz")
    assert sorted(feature.name for feature in found.schema.features) == features
    assert found.splits == {"train": 6}
    data = load(tmp_path / "data.npz", "npz", found.schema).splits["train"]
    for name in features:
        np.testing.assert_array_equal(data.x[name], PICTURES)
    np.testing.assert_array_equal(data.y, DIGITS)


@pytest.mark.parametrize(
    ("stored", "loaded"),
    [("?", "bool"), ("i1", "int32"), (">i2", "int32"), ("u2", "int32"), ("i4", "int32"), ("u4", "int64"),
     (">i8", "int64"), ("u8", "int64"), ("f2", "float32"), (">f4", "float32"), ("f8", "float64")],
)  # fmt: skip
@pytest.mark.parametrize("order", ["C", "F"])
def test_every_number_type_is_loaded_as_the_schema_says(tmp_path: Path, stored: str, loaded: str, order: Any) -> None:
    values = np.asarray(np.arange(12).reshape(4, 3) % 2, stored, order=order)
    found = inspect(saved(tmp_path, x=values), "data.npz")
    assert found.schema.features[0].dtype == loaded
    assert found.schema.label is None
    array = load(tmp_path / "data.npz", "npz", found.schema).splits["train"].x["x"]
    assert (array.dtype, array.flags.c_contiguous) == (np.dtype(loaded), True)
    np.testing.assert_array_equal(array, values)


@pytest.mark.parametrize(
    ("labels", "kind", "n_classes", "classes", "shape"),
    [
        (np.array([3, 0, 1]), "class", 4, None, ()),
        (np.array([[3], [0], [1]]), "class", 4, None, ()),
        (np.array([-3, 0, 1]), "real", None, None, ()),
        (np.array([3.0, 0.0, 1.0]), "real", 4, None, ()),
        (np.array([3.5, 0.0, 1.0]), "real", None, None, ()),
        (np.array([10**7, 0, 1]), "real", None, None, ()),
        (np.array([True, False, True]), "class", 2, ("False", "True"), ()),
        (np.array(["dog", "cat", "dog"]), "class", 2, ("cat", "dog"), ()),
        (np.array([b"dog", b"cat", b"dog"]), "class", 2, ("cat", "dog"), ()),
        (np.eye(3), "real", 2, None, (3,)),
    ],
)
def test_labels_are_read_as_classes_or_numbers(
    tmp_path: Path, labels: Any, kind: str, n_classes: int | None, classes: Any, shape: tuple[int, ...]
) -> None:
    found = inspect(saved(tmp_path, x=np.ones((3, 2)), y=labels), "data.npz")
    label = found.schema.label
    assert label is not None
    assert (label.kind, label.n_classes, label.classes, label.shape) == (kind, n_classes, classes, shape)
    loaded = load(tmp_path / "data.npz", "npz", found.schema).splits["train"].y
    assert loaded is not None
    expected = labels.reshape(3, *shape)
    if labels.dtype.kind in "US":
        expected = np.array([1, 0, 1])
    np.testing.assert_array_equal(loaded, expected)


def test_only_the_first_samples_are_loaded_when_asked(tmp_path: Path) -> None:
    path = saved(tmp_path, x_train=PICTURES, y_train=DIGITS, x_test=np.asfortranarray(PICTURES), y_test=DIGITS)
    data = load(path, "npz", inspect(path, "a.npz").schema, limit=2)
    for split in data.splits.values():
        np.testing.assert_array_equal(split.x["x"], PICTURES[:2])
        np.testing.assert_array_equal(split.y, DIGITS[:2])


def holes(order: str) -> np.ndarray:  # type: ignore[type-arg]
    """A table with four values that no net can take."""
    x = np.zeros((6, 2), order=order)  # type: ignore[call-overload]
    x[[2, 3, 3, 5], [1, 0, 1, 1]] = np.inf
    return x


def infinite() -> np.ndarray:
    values = np.ones((5, 4))
    values[3, 2] = -np.inf
    return values


@pytest.mark.parametrize(
    ("arrays", "texts"),
    [
        ({"x": np.array([[1], [1, 2]], dtype=object)}, ["never unpickled", "field x"]),
        ({"x_train": infinite()}, ["finite", "inf", "index [3, 2]", "x_train"]),
        ({"x": np.array([1.0, np.inf])}, ["finite", "inf", "index [1]", "make them NaN where values are missing"]),
        (
            {"x": holes("C")},
            ["inf", "4 values, the first at indices [2, 1], [3, 0], [3, 1], [5, 1]; by column 1: 3, 0: 1"],
        ),
        (
            {"x": holes("F")},
            ["inf", "4 values, the first at indices [3, 0], [2, 1], [3, 1], [5, 1]; by column 1: 3, 0: 1"],
        ),
        ({"x": np.full((2_000_000, 1), np.inf)}, ["2,000,000 values, the first at indices [0, 0], [1, 0], [2, 0]"]),
        ({"x": np.full((3, 2), np.nan)}, ["not all of them missing; received '6 times NaN'"]),
        (
            {"x": np.ones((2, 2)), "y": np.array([0.0, np.nan])},
            ["finite", "nan", "field y", "labels must be there"],
        ),
        ({"x": np.ones((3, 2)), "y": np.ones(4)}, ["same number of samples", "'x': 3", "'y': 4"]),
        ({"x": np.ones((0, 2)), "y": np.ones(0)}, ["must not be empty"]),
        ({"x": np.array(3.0)}, ["samples along its first axis"]),
        ({"y": np.ones(4)}, ["must hold features"]),
        ({"x": np.ones(3, complex)}, ["complex"]),
        ({"x": np.array(["a", "b"])}, ["features must be numbers"]),
        ({"x": np.zeros(3, "M8[s]")}, ["dates"]),
        ({"x": np.zeros(3, [("a", "f4")])}, ["records"]),
        ({"x_train": np.ones(3), "x_val": np.ones(3)}, ["splits must be train and test"]),
        ({"x_train": np.ones(3), "X_train": np.ones(3)}, ["must be one array"]),
        ({"x_train": np.ones((3, 2)), "x_test": np.ones((3, 3))}, ["same shape in both splits"]),
        ({"x_train": np.ones(3), "x_test": np.ones(3, int)}, ["same kind of numbers in both splits"]),
        ({"x_train": np.ones(3), "y_train": np.ones(3), "x_test": np.ones(3)}, ["labels must be in both splits"]),
        (
            {"x": np.ones(3), "y_age": np.ones(3), "age_label": np.ones(3)},
            ["labels age of the train split", "one array"],
        ),
        ({"x": np.ones(3), "y_age": np.ones(2)}, ["the same number of samples"]),
        (
            {"x_train": np.ones(3), "y_train_age": np.ones(3), "x_test": np.ones(3), "y_test": np.ones(3)},
            ["labels age must be in both splits", "labels must be in both splits"],
        ),
        ({"x": np.ones((1,) * 9)}, ["at most 8 axes"]),
        ({"x": np.array([2**63 + 1, 0], np.uint64)}, ["below 2^63"]),
        ({}, ["must hold arrays"]),
    ],
)
def test_a_broken_rule_is_reported_with_the_array(tmp_path: Path, arrays: dict[str, Any], texts: list[str]) -> None:
    found = problems(saved(tmp_path, **arrays))
    assert all(text in "\n".join(found) for text in texts), found


def test_all_broken_rules_are_reported_at_once(tmp_path: Path) -> None:
    bad: dict[str, Any] = {"x_train": np.array([None]), "y_train": np.ones(2, complex), "x_val": np.ones(2)}
    assert len(problems(saved(tmp_path, **bad))) == 3


def test_pickles_are_never_loaded(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Callable[..., Any], tuple[str, str]]:
            return Path.write_text, (Path(tmp_path / "burst"), "boom")  # type: ignore[return-value]

    path = saved(tmp_path, x=np.array([Bomb()], dtype=object))
    assert "never unpickled" in problems(path)[0]
    assert not (tmp_path / "burst").exists()


def zipped(folder: Path, members: dict[str, bytes]) -> Path:
    path = folder / "data.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def npy(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({"x.npy": npy(np.ones(9))[:-8]}, "must hold 72 bytes"),
        ({"x.npy": npy(np.ones(9)) + b"12345678"}, "must hold 72 bytes"),
        ({"x.npy": b"PK"}, "must not end early"),
        ({"x.npy": b"hello hello hello"}, "npy magic"),
        ({"x.npy": npy(np.ones(9))[:6] + b"\x09\x00" + npy(np.ones(9))[8:]}, "npy version"),
        ({"x.npy": b"\x93NUMPY\x02\x00\xff\xff\xff\x7f"}, "at most 10,000 bytes"),
        ({"x.npy": npy(np.ones(9)).replace(b"'<f8'", b"'<q8'")}, "numbers or text"),
        ({"x.npy": npy(np.ones(9)).replace(b"'<f8'", b"'O8' ")}, "never unpickled"),
        ({"x.npy": npy(np.ones(9)).replace(b"(9,)", b"(-9)")}, "tuple of whole numbers"),
        ({"x.npy": npy(np.ones(9)).replace(b"'descr'", b"'dascr'")}, "must give descr"),
        ({"x.npy": npy(np.ones(9)).replace(b"{'descr'", b"exit();\x01\x02")}, "must give descr"),
        ({"readme.txt": b"hello"}, "a zip must hold pictures, each in the folder of its class, or arrays"),
        ({"x.npy": npy(np.ones(9)), "readme.txt": b"hello"}, "must be an npy array"),
        ({f"x_{i}.npy": npy(np.ones(1)) for i in range(70)}, "at most 64 arrays"),
    ],
)
def test_a_crafted_member_is_a_problem(tmp_path: Path, members: dict[str, bytes], text: str) -> None:
    assert text in "\n".join(problems(zipped(tmp_path, members)))


def test_expansion_is_refused_before_it_is_done(tmp_path: Path) -> None:
    path = saved(tmp_path, True, x=np.zeros((1000, 1000)))
    assert path.stat().st_size < 20_000
    with pytest.raises(DatasetInvalid, match="must have at most 1,000,000 bytes once it is unpacked"):
        npz.inspect(path, Limits(expanded_bytes=1_000_000))


def test_test_classes_that_training_never_sees_are_noted(tmp_path: Path) -> None:
    x = np.ones((2, 1))
    path = saved(tmp_path, x_train=x, y_train=np.array(["a", "b"]), x_test=x, y_test=np.array(["a", "z"]))
    schema = inspect(path, "data.npz").schema
    assert schema.notes == ("the test labels have classes that training never sees: z",)
    assert schema.label is not None
    assert schema.label.classes == ("a", "b", "z")


SAMPLE = io.BytesIO()
np.savez_compressed(SAMPLE, x_train=PICTURES, y_train=np.array(["a", "b", "c", "a", "b", "c"]), x_test=infinite())
WHOLE = SAMPLE.getvalue()
STORED = io.BytesIO()
np.savez(STORED, x=np.arange(6.0), y=np.arange(6))
FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def only_dataset_invalid(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    try:
        found = inspect(path, "data.npz", "npz")
    except DatasetInvalid:
        return
    assert {name: len(split) for name, split in load(path, "npz", found.schema).splits.items()} == found.splits


def test_a_member_without_a_name_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, x=np.zeros(3))
    data = buffer.getvalue()
    at = data.rindex(b"x.npy")
    (tmp_path / "data.npz").write_bytes(data[:at] + b"\0" + data[at + 1 :])
    with pytest.raises(DatasetInvalid):
        inspect(tmp_path / "data.npz", "data.npz")


@pytest.mark.parametrize("name", ["x", "y"])
def test_numbers_that_a_network_would_take_for_infinite_are_refused(tmp_path: Path, name: str) -> None:
    arrays = {"x": np.zeros((4, 2)), "y": np.zeros((4, 2)), name: np.array([[0, 1], [2, 3], [4, -1e308], [5, 6]])}
    np.savez(tmp_path / "data.npz", **arrays)  # type: ignore[arg-type]
    with pytest.raises(DatasetInvalid, match=r"from -3\.4028e\+38 to .* index \[2, 1\]") as caught:
        inspect(tmp_path / "data.npz", "data.npz")
    assert [one.where.field for one in caught.value.problems] == [name]


@FUZZ
@given(data=st.binary(max_size=400))
def test_random_bytes_are_a_dataset_invalid(tmp_path: Path, data: bytes) -> None:
    only_dataset_invalid(tmp_path / "data.npz", data)


@FUZZ
@given(cut=st.integers(0, len(WHOLE)))
def test_a_truncated_file_is_a_dataset_invalid(tmp_path: Path, cut: int) -> None:
    only_dataset_invalid(tmp_path / "data.npz", WHOLE[:cut])


@FUZZ
@given(
    whole=st.sampled_from([WHOLE, STORED.getvalue()]),
    where=st.integers(0, 10**6),
    value=st.binary(min_size=1, max_size=6),
)
def test_damaged_bytes_are_read_right_or_a_dataset_invalid(
    tmp_path: Path, whole: bytes, where: int, value: bytes
) -> None:
    start = where % len(whole)
    only_dataset_invalid(tmp_path / "data.npz", whole[:start] + value + whole[start + len(value) :])


@FUZZ
@given(header=st.text(max_size=80))
def test_a_header_of_any_text_is_a_dataset_invalid(tmp_path: Path, header: str) -> None:
    text = header.encode("utf-8", "surrogatepass")
    member = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text
    assert problems(zipped(tmp_path, {"x.npy": member}))


@FUZZ
@given(
    descr=st.sampled_from(
        ["<f4", "|b1", "<U3", "|S2", "O", "|V8", "<M8[s]", "f4,f4", "(2,)f4", "<f16", "", "<U0", "<i99"]
    ),
    shape=st.tuples(st.integers(-2, 2**63)) | st.integers() | st.tuples(st.floats(), st.booleans()),
)
def test_odd_header_fields_are_a_dataset_invalid_or_an_array(tmp_path: Path, descr: str, shape: object) -> None:
    text = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode()
    member = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + b"\0" * 8
    only_dataset_invalid(tmp_path / "x.npz", zipped(tmp_path, {"x.npy": member}).read_bytes())


@pytest.mark.skipif(not MNIST.exists(), reason="the MNIST files are not beside this checkout")
def test_mnist_is_read_as_numpy_reads_it() -> None:
    found = inspect(MNIST, "mnist.npz")
    label = found.schema.label
    assert label is not None
    assert found.splits == {"train": 60_000, "test": 10_000}
    assert (found.schema.features[0].shape, label.n_classes) == ((28, 28), 10)
    data = load(MNIST, "npz", found.schema)
    with np.load(MNIST) as expected:
        np.testing.assert_array_equal(data.splits["test"].x["x"], expected["x_test"])
        np.testing.assert_array_equal(data.splits["train"].y, expected["y_train"])


@pytest.mark.parametrize("order", ["C", "F"])
def test_values_may_be_missing_and_are_counted_by_column(tmp_path: Path, order: str) -> None:
    x = np.arange(12.0).reshape(4, 3).copy(order=order)  # type: ignore[call-overload]
    x[[0, 2, 2], [2, 2, 0]] = np.nan
    test = np.full((2, 3), 50.5)
    test[0, 1] = np.nan
    path = saved(tmp_path, x_train=x, y_train=np.arange(4) % 2, x_test=test, y_test=np.arange(2))
    inspected = inspect(path, "a.npz")
    (feature,) = inspected.schema.features
    assert (feature.missing, feature.missing_in) == (4, ("x[0]", "x[2]", "x[1]"))
    assert (feature.min, feature.max, feature.whole) == (0, 50.5, False)
    np.testing.assert_array_equal(load(path, "npz", inspected.schema).splits["train"].x["x"], x)


def test_outputs_may_have_labels_of_their_own(tmp_path: Path) -> None:
    even, three = np.array(["odd", "even", "odd"]), DIGITS[:3]
    arrays = {
        "x_train": PICTURES[:3],
        "ink_label_train": np.array([0.5, 1, 2]),
        "y_train_parity": even,
        "y_train": three,
    }
    arrays |= {"x_test": PICTURES[:1], "y_parity_test": even[1:2], "labels_test": DIGITS[:1], "test_target_ink": [3.5]}
    found = inspect(saved(tmp_path, **arrays), "data.npz")
    labels = found.schema.labels
    assert [(one.name, one.kind, one.classes) for one in labels] == [
        ("y", "class", None), ("ink", "real", None), ("parity", "class", ("even", "odd")),
    ]  # fmt: skip
    assert found.schema.label == labels[0]
    assert labels[1].max == 3.5  # of both splits
    train, test = load(tmp_path / "data.npz", "npz", found.schema).splits.values()
    assert {name: values.tolist() for name, values in test.labels.items()} == {
        "y": DIGITS[:1].tolist(), "ink": [3.5], "parity": [0],
    }  # fmt: skip
    assert train.labels["parity"].tolist() == [1, 0, 1]
    only = load(tmp_path / "data.npz", "npz", found.schema.with_labels(labels[2])).splits["train"]
    assert list(only.labels) == ["parity"]


def test_a_schema_with_one_label_is_read_as_it_was_stored(tmp_path: Path) -> None:
    found = inspect(saved(tmp_path, x=PICTURES, y=DIGITS), "data.npz").schema
    now = found.model_dump(mode="json")
    stored = {name: value for name, value in now.items() if name != "labels"}
    assert now["label"] == now["labels"][0]
    assert DatasetSchema.model_validate(stored) == DatasetSchema.model_validate(now) == found
    assert DatasetSchema.model_validate({**stored, "label": None}).labels == ()


def test_an_array_with_an_endless_name_is_refused_for_it(tmp_path: Path) -> None:
    path = tmp_path / "long.npz"
    np.savez(path, x_train=np.zeros((2, 1)), **{"x_train_" + "a" * 300: np.zeros((2, 1))})
    with pytest.raises(DatasetInvalid) as refused:
        inspect(path, path.name)
    (found,) = refused.value.problems
    assert (found.rule, found.received) == ("an array's name must be of at most 200 characters", 312)
