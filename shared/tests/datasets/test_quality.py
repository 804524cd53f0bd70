"""What is odd is found, and what is not is not told; pictures of samples are drawn."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageChops
from visualnn_shared.datasets.data import Data
from visualnn_shared.datasets.grid import captions, draw
from visualnn_shared.datasets.known import KNOWN
from visualnn_shared.datasets.quality import Oddity, report
from visualnn_shared.datasets.reading import inspect, load
from visualnn_shared.datasets.schema import DatasetSchema

RANDOM = np.random.default_rng(11)


def stored(tmp_path: Path, **arrays: Any) -> tuple[Data, DatasetSchema]:
    path = tmp_path / "a.npz"
    np.savez(path, **arrays)
    inspected = inspect(path, path.name)
    return load(path, inspected.format, inspected.schema), inspected.schema


def oddities(tmp_path: Path, **arrays: Any) -> dict[str, Oddity]:
    return {one.kind: one for one in report(*stored(tmp_path, **arrays)).oddities}


CLEAN = {"x_train": RANDOM.normal(0, 1, (60, 4)), "y_train": np.arange(60) % 3,
         "x_test": RANDOM.normal(0, 1, (12, 4)), "y_test": np.arange(12) % 3}  # fmt: skip


def test_nothing_is_told_of_good_data(tmp_path: Path) -> None:
    found = report(*stored(tmp_path, **CLEAN))
    assert found.oddities == []
    assert found.classes == {"train": {"0": 20, "1": 20, "2": 20}, "test": {"0": 4, "1": 4, "2": 4}}
    (train, test) = found.columns
    assert (train.split, test.split) == ("train", "test")
    assert train.mean == pytest.approx(CLEAN["x_train"].mean())
    assert train.std == pytest.approx(CLEAN["x_train"].std())
    assert (train.min, train.max, train.constant) == (CLEAN["x_train"].min(), CLEAN["x_train"].max(), 0)


def test_what_is_in_both_splits_is_a_leak(tmp_path: Path) -> None:
    x_test = np.concatenate([CLEAN["x_train"][5:8], CLEAN["x_test"][3:]])
    y_test = np.concatenate([[2, 0, 1], CLEAN["y_test"][3:]])
    found = oddities(tmp_path, **{**CLEAN, "x_test": x_test, "y_test": y_test})
    assert found["leak-between-splits"].count == 3
    assert found["leak-between-splits"].examples[0] == "train 5, test 0"
    assert set(found) == {"leak-between-splits"}


def test_the_same_sample_with_another_label_is_a_contradiction(tmp_path: Path) -> None:
    x = CLEAN["x_train"].copy()
    x[1] = x[0]
    found = oddities(tmp_path, x_train=x, y_train=CLEAN["y_train"])
    assert found["duplicates"].count == 1
    assert found["contradiction"].examples == ("train 0, train 1",)


def test_columns_that_never_vary_are_told(tmp_path: Path) -> None:
    x = CLEAN["x_train"].copy()
    x[:, 2] = 7
    found = oddities(tmp_path, x=x, y=CLEAN["y_train"])
    assert (found["constant"].count, found["constant"].examples) == (1, ("x[2]",))


@pytest.mark.parametrize("kind", ["the label", "one class", "a copy of a real label"])
def test_a_column_that_is_the_label_is_told(tmp_path: Path, kind: str) -> None:
    x, y = CLEAN["x_train"].copy(), CLEAN["y_train"].astype(np.int64)
    if kind == "a copy of a real label":
        real = RANDOM.normal(0, 1, 60)
        x[:, 1] = real * 3 + 1
        found = oddities(tmp_path, x=x, y=real)
    else:
        x[:, 1] = y * 2.0 if kind == "the label" else y == 1
        found = oddities(tmp_path, x=x, y=y)
    assert found["leak-of-label"].examples[0].startswith("x[1]")


def test_rare_and_empty_classes_are_told(tmp_path: Path) -> None:
    y = np.zeros(60, np.int64)
    y[:2] = 3
    found = oddities(tmp_path, x=CLEAN["x_train"], y=y)
    assert found["empty-class"].examples == ("1", "2")
    assert found["imbalance"].examples == ("0", "3")
    assert "class_weight" in (found["imbalance"].hint or "")


def test_columns_have_the_names_of_a_csv(tmp_path: Path) -> None:
    lines = ["a,label,b", *(f"{n},{n % 2},5" for n in range(20))]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    inspected = inspect(tmp_path / "a.csv", "a.csv")
    found = report(load(tmp_path / "a.csv", "csv", inspected.schema), inspected.schema)
    assert {one.kind: one.examples for one in found.oddities}["constant"] == ("b",)


@pytest.mark.parametrize("name", ["digits", "iris", "line", "breast_cancer"])
def test_what_is_known_has_no_leaks_and_can_be_drawn(name: str, tmp_path: Path) -> None:
    known = KNOWN[name]
    path = tmp_path / known.filename
    known.make(path, [])
    inspected = inspect(path, known.filename)
    data = load(path, inspected.format, inspected.schema)
    kinds = {one.kind for one in report(data, inspected.schema).oddities}
    assert not kinds & {"leak-of-label", "not-finite", "empty-class", "contradiction"}
    picture = Image.open(io.BytesIO(draw(data.splits["test"], inspected.schema, f"{name}, test", 0, 6)))
    rows = -(-len(data.splits["test"]) // 6)
    assert picture.height > rows * 100
    assert len(picture.getcolors(10_000_000)) > 5


def test_a_table_is_narrow_enough_to_be_read_and_its_columns_are_named(tmp_path: Path) -> None:
    rows = "".join(f"{n},{n - 5.5},{n % 2}\n" for n in range(12))
    named, plain = tmp_path / "named.csv", tmp_path / "plain.csv"
    named.write_text(f"height,mass,label\n{rows}")
    plain.write_text(f"x1,x2,label\n{rows}")

    def page(path: Path) -> Image.Image:
        found = inspect(path, path.name)
        return Image.open(io.BytesIO(draw(load(path, "csv", found.schema).splits["train"], found.schema, "t", 0, 12)))

    first, second = page(named), page(plain)
    assert first.size == second.size
    assert first.width <= 1280
    box = ImageChops.difference(first, second).getbbox()  # only the names below the bars differ
    assert box is not None
    assert box[1] >= 34 + 84


def test_pictures_stand_where_they_should(tmp_path: Path) -> None:
    pixels = np.zeros((3, 4, 4, 3), np.uint8)
    pixels[1, ..., 0] = 200
    data, schema = stored(tmp_path, x=pixels, y=np.array(["cat", "dog", "cat"]))
    page = np.asarray(Image.open(io.BytesIO(draw(data.splits["train"], schema, "pets", 0, 3))))
    assert page[34 + 40, 10 + 94 + 40].tolist() == [200, 0, 0]
    assert page[34 + 40, 10 + 40].tolist() == [0, 0, 0]


def test_missing_values_are_counted_by_column_and_spoil_no_other_number(tmp_path: Path) -> None:
    x = CLEAN["x_train"].copy()
    x[:, 2] = CLEAN["y_train"] * 2.0
    x[[0, 5, 9], [1, 1, 3]] = np.nan
    x[7, 2] = np.nan
    data, schema = stored(tmp_path, **{**CLEAN, "x_train": x})
    found = report(data, schema)
    told = {one.kind: one for one in found.oddities}
    assert told["missing"].text == "4 of 240 values of x in train are missing"
    assert told["missing"].examples == ("x[1]: 2", "x[2]: 1", "x[3]: 1")
    assert '{"step": "fill"}' in (told["missing"].hint or "")
    assert set(told) <= {"missing", "leak-of-label"}
    train = found.columns[0]
    assert (train.missing, train.mean, train.std) == (4, pytest.approx(np.nanmean(x)), pytest.approx(np.nanstd(x)))
    assert (train.min, train.max) == (np.nanmin(x), np.nanmax(x))
    assert draw(data.splits["train"], schema, "gaps", 0, 4).startswith(b"\x89PNG")


def test_a_column_without_any_value_is_told(tmp_path: Path) -> None:
    x = CLEAN["x_train"].copy()
    x[:, 3] = np.nan
    found = oddities(tmp_path, x_train=x, y_train=CLEAN["y_train"])
    assert found["all-missing"].examples == ("x[3]",)
    assert "constant" not in found


def test_several_labels_are_each_judged_and_drawn(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(60, 3))
    arrays = {"x": x, "y_kind": np.arange(60) % 2, "y_rare": (np.arange(60) > 55).astype(int), "y_size": x[:, 1] * 2}
    data, schema = stored(tmp_path, **arrays)
    found = report(data, schema)
    assert found.labels == {"kind": {"train": {"0": 30, "1": 30}}, "rare": {"train": {"0": 56, "1": 4}}}
    assert found.classes == found.labels["kind"]
    told = {one.kind: one.text for one in found.oddities}
    assert told["imbalance"] == "0 of rare has 56 training samples, 1 only 4"
    assert told["leak-of-label"] == "1 columns of x give the label size away"
    one, several = (
        draw(data.splits["train"].part(slice(0, 2)), each, "two samples", 0, 2)
        for each in (schema.with_labels(schema.labels[0]), schema)
    )
    assert one != several  # each label stands below its sample


def test_each_of_several_labels_has_a_line_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "several.npz"
    y = {f"y_train_{name}": np.arange(4) for name in ("digit", "ink", "parity")}
    np.savez(path, x_train=np.random.default_rng(0).random((4, 8, 8)), **y)
    inspected = inspect(path, path.name)
    split = load(path, inspected.format, inspected.schema).splits["train"]
    assert captions(split, inspected.schema, 10, 1) == ["11: digit 1", "ink 1", "parity 1"]
    several = Image.open(io.BytesIO(draw(split, inspected.schema, "several", 0, 4)))
    one = inspected.schema.with_labels(inspected.schema.labels[0])
    assert several.height == Image.open(io.BytesIO(draw(split, one, "one", 0, 4))).height + 2 * 15
    many = inspected.schema.with_labels(*inspected.schema.labels * 4)
    assert captions(split, many, 0, 0)[-1] == "5 more"
