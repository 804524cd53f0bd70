"""Tables in Parquet, as pyarrow and the hubs of data sets write them."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from visualnn_shared.datasets.data import Data
from visualnn_shared.datasets.formats import npz
from visualnn_shared.datasets.formats.csv_layout import several_labels
from visualnn_shared.datasets.formats.parquet_child import work
from visualnn_shared.datasets.limits import LIMITS
from visualnn_shared.datasets.reading import inspect, load
from visualnn_shared.datasets.schema import DatasetSchema
from visualnn_shared.errors import DatasetInvalid

ROWS = 5000
"""More than one piece."""
RANDOM = np.random.default_rng(1)


def kept(folder: Path, columns: dict[str, Any], **given: Any) -> Path:
    path = folder / "table.parquet"
    pq.write_table(pa.table(columns), path, **given)
    return path


def opened(path: Path) -> tuple[DatasetSchema, Data]:
    """Packed here, without the process around it, and read back."""
    target = path.with_name("packed.npz")
    assert work(path, target, LIMITS.expanded_bytes) == ([], [])
    schema, _ = npz.inspect(target)
    return schema, npz.load(target, schema)


def told(path: Path, limit: int = LIMITS.expanded_bytes) -> str:
    problems, _ = work(path, path.with_name("packed.npz"), limit)
    return "\n".join(" | ".join(str(part) for part in problem) for problem in problems)


def png(pixels: np.ndarray) -> bytes:
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("compression", ["snappy", "zstd", "gzip", "none"])
def test_columns_of_numbers_are_one_input_and_the_last_column_is_the_label(tmp_path: Path, compression: str) -> None:
    a, b = RANDOM.normal(size=ROWS), RANDOM.integers(0, 9, ROWS)
    kind = np.array(["dog", "cat"])[RANDOM.integers(0, 2, ROWS)]
    columns = {"a": a, "b": b, "flag": b > 4, "kind": pa.array(kind).dictionary_encode()}
    schema, data = opened(kept(tmp_path, columns, compression=compression, row_group_size=1700))
    train = data.splits["train"]
    assert train.x["x"].dtype == np.float32
    assert np.array_equal(train.x["x"], np.stack([a, b, b > 4], 1).astype(np.float32))
    assert schema.label is not None
    assert schema.label.classes == ("cat", "dog")
    assert np.array_equal(train.y, kind == "dog")


def test_a_column_says_which_rows_are_of_the_test_split(tmp_path: Path) -> None:
    test = RANDOM.random(ROWS) < 0.3
    a = np.arange(ROWS) + 2**24
    columns = {"label": np.arange(ROWS) % 3, "split": np.where(test, "test", "train"), "a": a}
    _, data = opened(kept(tmp_path, columns))
    assert data.splits["test"].x["x"].dtype == np.float64
    assert np.array_equal(data.splits["test"].x["x"][:, 0], a[test])
    assert np.array_equal(data.splits["train"].y, (np.arange(ROWS) % 3)[~test])


def test_lists_of_one_length_and_pictures_are_inputs_of_their_own(tmp_path: Path) -> None:
    v = RANDOM.normal(size=(7, 2, 3)).astype(np.float32)
    pictures = RANDOM.integers(0, 256, (7, 5, 4, 3), np.uint8)
    image = [{"bytes": png(one), "path": f"{n}.png"} for n, one in enumerate(pictures)]
    columns = {"v": v.tolist(), "image": image, "n[0]": np.arange(7), "n[1]": np.ones(7), "y": np.arange(7.0) / 2}
    _, data = opened(kept(tmp_path, columns))
    x = data.splits["train"].x
    assert set(x) == {"v", "image", "n"}
    assert np.allclose(x["v"], v)
    assert np.array_equal(x["image"], pictures)
    assert np.array_equal(x["n"], np.stack([np.arange(7), np.ones(7)], 1))
    assert data.splits["train"].y.tolist() == [0, 0.5, 1, 1.5, 2, 2.5, 3]


def test_pictures_with_labels_as_hubs_of_data_sets_keep_them(tmp_path: Path) -> None:
    digits = RANDOM.integers(0, 256, (4, 8, 8), np.uint8)
    schema, data = opened(kept(tmp_path, {"image": [{"bytes": png(one)} for one in digits], "label": [3, 1, 0, 2]}))
    assert schema.features[0].shape == (8, 8)
    assert np.array_equal(data.splits["train"].x["x"], digits)


WRONG: dict[str, tuple[dict[str, Any], list[str]]] = {
    "texts": ({"a": ["b", "c"], "d": ["e", "f"], "y": [0, 1]}, ["| a", "| d"]),
    "lists of several lengths": ({"a": [[1], [1, 2]], "y": [0, 1]}, ["lists of 1 to 2 values"]),
    "a date": ({"a": pa.array([1, 2], pa.date32()), "y": [0, 1]}, ["date32[day]"]),
    "a third split": ({"a": [1, 2], "split": ["train", "val"], "y": [0, 1]}, ["train or test", "val"]),
    "no train split": ({"a": [1, 2], "split": ["test", "test"], "y": [0, 1]}, ["training split"]),
    "a broken picture": ({"a": [b"no", b"no"], "y": [0, 1]}, ["a, row 1", "a, row 2"]),
    "a missing label": ({"a": [1, 2], "y": [0, None]}, ["must have a label"]),
    "no rows": ({"a": pa.array([], pa.int32()), "y": pa.array([], pa.int32())}, ["must have rows"]),
    "only a label": ({"y": [1, 2]}, ["besides its label"]),
    "a word for a split in a name": ({"v_test": [[1], [2]], "b": [1, 2], "y": [0, 1]}, ["rename the column"]),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_told_by_column_and_all_of_it(tmp_path: Path, case: str) -> None:
    columns, wanted = WRONG[case]
    found = told(kept(tmp_path, columns))
    assert all(one in found for one in wanted), found


def test_a_small_file_of_many_equal_values_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = kept(tmp_path, {"a": np.zeros(2_000_000), "y": np.zeros(2_000_000, np.int8)})
    assert path.stat().st_size < 50_000
    assert "1,000,000 bytes" in told(path, 1_000_000)


@pytest.mark.parametrize("keep", [4, 40, -1, -5, -300])
def test_half_a_file_is_told(tmp_path: Path, keep: int) -> None:
    path = kept(tmp_path, {"a": np.arange(1000.0), "y": np.arange(1000) % 2})
    path.write_bytes(path.read_bytes()[:keep])
    assert "must be whole" in told(path)


def test_an_uploaded_table_is_recognised_and_read_by_a_process_of_its_own(tmp_path: Path) -> None:
    inspected = inspect(kept(tmp_path, {"a": np.arange(9.0), "y": np.arange(9) % 2}), "table.parquet")
    assert (inspected.format, inspected.splits) == ("parquet", {"train": 9})
    with pytest.raises(DatasetInvalid, match="finite"):
        inspect(kept(tmp_path, {"a": [1.0, float("inf")], "y": [0, 1]}), "table.parquet")


def test_numbers_may_be_missing_and_their_columns_are_named(tmp_path: Path) -> None:
    columns = {
        "a": [1, None, 3],
        "b": [0.5, float("nan"), None],
        "c": [True, None, False],
        "d": [4, 5, 6],
        "y": [0, 1, 0],
    }
    found = inspect(kept(tmp_path, columns), "table.parquet")
    (feature,) = found.schema.features
    assert (feature.missing, feature.missing_in) == (4, ("x[0]", "x[1]", "x[2]"))
    assert "values are missing in 3 columns (b: 2, a: 1, c: 1)" in found.schema.notes
    assert found.packed is not None
    loaded = load(found.packed, "parquet", found.schema).splits["train"].x["x"]
    np.testing.assert_array_equal(loaded, [[1, 0.5, 1, 4], [np.nan, np.nan, np.nan, 5], [3, np.nan, 0, 6]])
    vectors = inspect(kept(tmp_path, {"v": [[1, 2], [3, None]], "y": [0, 1]}), "table.parquet")
    assert vectors.schema.features[0].missing == 1


def test_the_last_columns_are_labels_of_outputs_where_they_name_them(tmp_path: Path) -> None:
    columns = {"a": np.arange(6.0), "y_x": np.arange(6.0), "b": np.arange(6.0)}
    labels = {"y_digit": np.arange(6) % 3, "parity_label": np.array(["even", "odd"] * 3)}
    schema, data = opened(kept(tmp_path, columns | labels))
    assert [(one.name, one.shape) for one in schema.features] == [("x", (3,))]
    assert [one.name for one in schema.labels] == ["digit", "parity"]
    train = data.splits["train"]
    assert train.labels["digit"].tolist() == [0, 1, 2, 0, 1, 2]
    assert train.labels["parity"].tolist() == [0, 1] * 3
    schema, _ = opened(kept(tmp_path, columns | {"y_digit": np.arange(6)}))  # a single one may be a feature
    assert (schema.features[0].shape, len(schema.labels)) == ((3,), 1)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ("a b y_digit y_parity", {"y_digit": "digit", "y_parity": "parity"}),
        ("a digit_label y_ink", {"digit_label": "digit", "y_ink": "ink"}),
        ("a y_x b", {}),
        ("a y_digit", {}),
        ("y_digit y_parity", {}),  # nothing to learn from
        ("a y y_digit y_parity", {}),
        ("a y_digit digit_label", {}),
        ("y_0 a y_1 y_2", {"y_1": "1", "y_2": "2"}),
    ],
)
def test_names_of_several_labels(names: str, found: dict[str, str]) -> None:
    assert several_labels(names.split()) == found


def test_a_csv_with_several_labels_says_that_it_takes_one(tmp_path: Path) -> None:
    path = tmp_path / "two.csv"
    path.write_text("a,b,y_digit,y_parity\n1,2,3,0\n2,3,4,1\n")
    (note,) = inspect(path, path.name).schema.notes
    assert note.startswith("y_digit count as inputs, only y_parity is the label")
