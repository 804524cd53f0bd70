from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from visualnn_shared.datasets.formats import csv
from visualnn_shared.datasets.limits import Limits
from visualnn_shared.datasets.reading import Inspected, inspect, load
from visualnn_shared.datasets.schema import LabelSchema
from visualnn_shared.errors import DatasetInvalid

LINE = "x,y\n-1,-3\n0,-1\n1,1\n2,3\n3,5\n4,7\n"


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "data.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def look(folder: Path, text: str | bytes) -> Inspected:
    return inspect(written(folder, text), "data.csv")


def label_of(found: Inspected) -> LabelSchema:
    assert found.schema.label is not None
    return found.schema.label


def problems(folder: Path, text: str | bytes, limits: Limits | None = None) -> list[str]:
    with pytest.raises(DatasetInvalid) as caught:
        csv.inspect(written(folder, text), limits or Limits())
    return [str(problem) for problem in caught.value.problems]


def arrays(folder: Path, found: Inspected) -> tuple[dict[str, list[object]], list[object] | None]:
    split = load(folder / "data.csv", "csv", found.schema).splits["train"]
    return {name: x.tolist() for name, x in split.x.items()}, None if split.y is None else split.y.tolist()


def test_points_of_a_line(tmp_path: Path) -> None:
    found = look(tmp_path, LINE)
    label = label_of(found)
    assert (found.format, found.splits, found.schema.columns) == ("csv", {"train": 6}, ("x", "y"))
    assert (label.name, label.by, label.kind, label.n_classes) == ("y", "name", "real", None)
    assert (label.min, label.max) == (-3, 7)
    x, y = arrays(tmp_path, found)
    assert x == {"x": [[-1], [0], [1], [2], [3], [4]]}
    assert y == [-3, -1, 1, 3, 5, 7]


@pytest.mark.parametrize(
    "text",
    [
        "1,2,cat\n3,4,dog\n",
        "1;2;cat\n3;4;dog\n",
        "1\t2\tcat\n3\t4\tdog\n",
        "a,b,label\n1,2,cat\n3,4,dog\n",
        "a,b,kind\n1,2,cat\n3,4,dog\n",
        "class,a,b\ncat,1,2\ndog,3,4\n",
        "# a, b, label\n1, 2, cat\n3, 4, dog",
        '"a","b","label"\n"1","2","cat"\n"3","4","dog"\n',
        "\ufeffa,b,label\r\n1,2,cat\r\n\r\n3,4,dog\r\n",
        "a,b,label\r1,2,cat\r3,4,dog\r",
        "\n\na,b,label\n\n1,2,cat\n  \n3,4,dog\n\n",
        "1.0,2e0,cat\n+3,4.,dog\n",
    ],
)
def test_many_ways_to_write_the_same_samples(tmp_path: Path, text: str) -> None:
    found = look(tmp_path, text)
    assert label_of(found).classes == ("cat", "dog")
    assert label_of(found).kind == "class"
    assert arrays(tmp_path, found) == ({"x": [[1, 2], [3, 4]]}, [0, 1])


def test_quoted_labels_may_hold_the_delimiter_and_line_ends(tmp_path: Path) -> None:
    found = look(tmp_path, 'a,label\n1,"x, ""y"""\n2,"two\nlines"\n')
    assert label_of(found).classes == ("two\nlines", 'x, "y"')


@pytest.mark.parametrize(
    ("labels", "kind", "n_classes"),
    [
        ("0,1,2", "real", 3),
        ("0.5,1,2", "real", None),
        ("-1,1,1", "real", None),
        ("a,b,a", "class", 2),
        ("1,2,b", "class", 3),
    ],
)
def test_whole_numbers_keep_both_readings_open(tmp_path: Path, labels: str, kind: str, n_classes: int | None) -> None:
    found = look(tmp_path, "x,label\n" + "".join(f"1,{label}\n" for label in labels.split(",")))
    assert (label_of(found).kind, label_of(found).n_classes) == (kind, n_classes)


def test_the_last_column_is_the_label_only_by_position(tmp_path: Path) -> None:
    found = look(tmp_path, "a,b,c\n1,2,3\n")
    assert (label_of(found).name, label_of(found).by) == ("c", "position")
    bare = found.schema.model_copy(
        update={"labels": (), "features": (found.schema.features[0].model_copy(update={"shape": (3,)}),)}
    )
    split = load(tmp_path / "data.csv", "csv", bare).splits["train"]
    assert (split.x["x"].tolist(), split.y) == ([[1, 2, 3]], None)


def test_a_single_column_is_a_feature(tmp_path: Path) -> None:
    found = look(tmp_path, "x\n1\n2\n")
    assert found.schema.label is None
    assert arrays(tmp_path, found) == ({"x": [[1], [2]]}, None)


def test_numbered_columns_make_several_inputs(tmp_path: Path) -> None:
    found = look(tmp_path, "left[1],right[0],left[0],y\n1,2,3,4\n5,6,7,8\n")
    assert [(f.name, f.shape) for f in found.schema.features] == [("left", (2,)), ("right", (1,))]
    assert arrays(tmp_path, found) == ({"left": [[3, 1], [7, 5]], "right": [[2], [6]]}, [4, 8])


def test_pictures_written_as_0_to_255_are_8_bit(tmp_path: Path) -> None:
    row = ",".join(str(value % 256) for value in range(0, 64 * 4, 4))
    found = look(tmp_path, f"{row},3\n{row},4\n")
    assert (found.schema.features[0].dtype, found.schema.features[0].shape) == ("uint8", (64,))
    assert load(tmp_path / "data.csv", "csv", found.schema).splits["train"].x["x"].dtype == np.uint8
    assert look(tmp_path, "0,255\n1,2\n").schema.features[0].dtype == "float32"


def test_large_whole_numbers_keep_their_digits(tmp_path: Path) -> None:
    found = look(tmp_path, "a,y\n16777217,1\n1,2\n")
    assert arrays(tmp_path, found)[0] == {"x": [[16777217], [1]]}


def test_only_the_first_rows_are_loaded_when_asked(tmp_path: Path) -> None:
    found = look(tmp_path, LINE)
    assert load(tmp_path / "data.csv", "csv", found.schema, limit=2).splits["train"].x["x"].tolist() == [[-1], [0]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["must have rows"]),
        ("\n \n", ["must have rows"]),
        ("a,b\n", ["rows below its header"]),
        ("y\n0\n", ["a column of features besides its label; received ['y']"]),
        ("1,2,3\n1,2\n1,2,3,4\n", ["must have 3 cells; received 2; line 2", "received 4; line 3"]),
        ("a,y\n1,2\nfoo,3\n,4\n", ["must be a number; received 'foo'; line 3, field a; give each text a number"]),
        (
            "a,y\n1,2\ninf,3\n-inf,4\n",
            ["finite number; received 'inf'; line 3, field a; 2 cells of this column, in lines 3, 4; leave the cell"],
        ),
        ("a,y\nnan,1\n,2\n", ["a feature must have values, and not all of them missing"]),
        ("a,y\n" + "inf,1\n" * 5000, ["5,000 cells of this column, in lines 2, 3, 4, 5, 6, ...; leave the cell"]),
        ("a,y\n1,2\n2,nan\n", ["label must be a finite number; received 'nan'; line 3, field y"]),
        ("a,y\n1,2\n2,\n", ["a label must be given; received ''; line 3, field y"]),
        ("a;y\n1,5;2\n", ["received '1,5'; line 2, field a; write a decimal point"]),
        ("a,y\n1_000,2\n", ["must be a number; received '1_000'; line 2"]),
        ("a,a,y\n1,2,3\n", ["column names must differ", "line 1"]),
        ("a,label,y\n1,2,3\n", ["one column may be named as a label is"]),
        ('a,y\n"1,2\n', ["quoted cells must end"]),
        ('a,y\n"1"2,3\n', ["quoted cells must end", "line 2"]),
        (b"a,y\n1,\xff\xfe\n", ["must be UTF-8", "line 2"]),
        ("a,y\n1,2\n".encode("utf-16"), ["must be UTF-8"]),
        (b"a,y\n1,\x00\n", ["NUL", "line 2"]),
    ],
)
def test_every_broken_rule_is_reported_with_its_line(tmp_path: Path, text: str | bytes, expected: list[str]) -> None:
    found = problems(tmp_path, text)
    assert all(part in "\n".join(found) for part in expected), found


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("x,y\n1,nan\n2,3\n4,\n", [(2, "y"), (4, "y")]),
        ("x,y\na,nan\n2,3\n4,inf\nb,\n", [(2, "x"), (2, "y"), (5, "y")]),
        ("x,y\n1,nan\n2,cat\n4,\n", [(4, "y")]),
        ("x,y\n1,1e300\n-1e39,2\n3,3\n", [(2, "y"), (3, "x")]),
    ],
)
def test_no_problem_hides_another(tmp_path: Path, text: str, places: list[tuple[int, str]]) -> None:
    """Where a column breaks one rule in several lines, the first is the problem's, and its hint has the others."""
    with pytest.raises(DatasetInvalid) as caught:
        look(tmp_path, text)
    assert [(one.where.line, one.where.field) for one in caught.value.problems] == places


def test_numbers_that_a_network_would_take_for_infinite_are_refused(tmp_path: Path) -> None:
    (told,) = problems(tmp_path, "x,y\n1,2\n1e300,3\n")
    assert "a feature must be from -3.4028e+38 to 3.4028e+38" in told
    assert "received '1e300'; line 3, field x" in told
    found = look(tmp_path, "x,y\n1,2\n3.4e38,-3.4e38\n")
    assert arrays(tmp_path, found)[0] == {"x": [[1.0], [np.float32("3.4e38")]]}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"\n \n\n", "a csv must have rows; received 'blank lines'"),
        (b"x,y\n1,\x002\n", "without NUL bytes; received '1,\ufffd2'; line 2; one is at character 3"),
        (
            "café,y\n1,2\n".encode("latin-1"),
            "must be UTF-8 text; received 'caf\ufffd,y'; line 1; byte e9 at character 4",
        ),
    ],
)
def test_a_file_that_is_no_csv_is_told_why_in_plain_text(tmp_path: Path, data: bytes, told: str) -> None:
    with pytest.raises(DatasetInvalid) as caught:
        look(tmp_path, data)
    assert told in str(caught.value)


def test_a_row_deep_in_the_file_is_reported_with_its_line(tmp_path: Path) -> None:
    rows = ["1,2"] * 10_000
    rows[9_000] = "1,2,3"
    rows[9_001] = "x,2"
    assert problems(tmp_path, "\n".join(rows)) == [
        "every row must have 2 cells; received 3; line 9001",
        "a feature must be a number; received 'x'; line 9002, field column 1; "
        "give each text a number, or a column of 0 and 1 for each value",
    ]


def test_a_file_broken_on_every_line_gives_fifty_problems_and_a_count(tmp_path: Path) -> None:
    found = problems(tmp_path, "1,2\n" + "1\n" * 3000)
    assert len(found) == 51
    assert "2950 more" in found[-1]


@pytest.mark.parametrize(
    ("text", "limits", "expected"),
    [
        ("a,y\n" + "1" * 200 + ",2\n", Limits(line_chars=100), "at most 100 characters"),
        ("1,2,3,4\n", Limits(columns=3), "at most 3 columns"),
        ("1,2\n" * 10, Limits(rows=9), "at most 9 rows"),
        ("1,2\n" * 10, Limits(expanded_bytes=100), "100 bytes"),
        ("".join(f"1,t{i}\n" for i in range(10)), Limits(text_classes=9), "at most 9 different texts"),
    ],
)
def test_limits_hold(tmp_path: Path, text: str, limits: Limits, expected: str) -> None:
    assert expected in "\n".join(problems(tmp_path, text, limits))


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.xlsx", b"abc", "known format"),
        ("a.csv", b"", "must not be empty"),
        ("a", b"1,2\n", "known format"),
        ("a.npz", b"1,2\n", "known format"),
    ],
)
def test_unknown_formats_are_named(tmp_path: Path, name: str, data: bytes, expected: str) -> None:
    with pytest.raises(DatasetInvalid, match=expected):
        inspect(written(tmp_path, data), name)


def test_an_unknown_format_name_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(DatasetInvalid, match=r"csv, hdf5, .*; received 'tar'"):
        inspect(written(tmp_path, "1,2\n"), "a.csv", "tar")


FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def only_dataset_invalid(folder: Path, data: bytes) -> None:
    path = written(folder, data)
    try:
        found = inspect(path, "data.csv", "csv")
    except DatasetInvalid:
        return
    split = load(path, "csv", found.schema).splits["train"]
    assert len(split) == found.splits["train"]
    assert all(np.isfinite(x).all() for x in split.x.values())


@FUZZ
@given(data=st.binary(max_size=300))
def test_random_bytes_are_read_or_a_dataset_invalid(tmp_path: Path, data: bytes) -> None:
    only_dataset_invalid(tmp_path, data)


@FUZZ
@given(text=st.text(alphabet='01.,;\t"\n\r -_exyna\ufeff#[]', max_size=120))
def test_text_like_a_csv_is_read_or_a_dataset_invalid(tmp_path: Path, text: str) -> None:
    only_dataset_invalid(tmp_path, text.encode())


@FUZZ
@given(
    rows=st.lists(st.tuples(*[st.floats(-1e6, 1e6, width=32)] * 3), min_size=1, max_size=30),
    header=st.booleans(),
    delimiter=st.sampled_from(",;\t"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_numbers_come_back_as_they_were_written(
    tmp_path: Path, rows: list[tuple[float, ...]], header: bool, delimiter: str, end: str
) -> None:
    lines = [delimiter.join(["a", "b", "y"])] if header else []
    lines += [delimiter.join(repr(value) for value in row) for row in rows]
    found = look(tmp_path, end.join(lines))
    split = load(tmp_path / "data.csv", "csv", found.schema).splits["train"]
    np.testing.assert_array_equal(split.x["x"], np.array(rows, np.float32)[:, :2])
    np.testing.assert_array_equal(split.y, np.array(rows)[:, 2])


@pytest.mark.parametrize("cell", ["", " ", "nan", "NaN", "NA", "n/a", "null", "?", "-"])
def test_a_cell_may_say_that_a_value_is_missing(tmp_path: Path, cell: str) -> None:
    found = look(tmp_path, f"a,b,c,y\n1,{cell},3,0\n2,5,-4,1\n{cell},7,8,1\n")
    (feature,) = found.schema.features
    assert found.splits == {"train": 3}
    assert (feature.missing, feature.missing_in) == (2, ("a", "b"))
    assert (feature.min, feature.max, feature.whole, feature.dtype) == (-4, 8, True, "float32")
    loaded = csv.load(next(tmp_path.glob("*.csv")), found.schema).splits["train"].x["x"]
    np.testing.assert_array_equal(loaded, [[1, np.nan, 3], [2, 5, -4], [np.nan, 7, 8]])
