from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from visualnn.samples import RawInput, from_file, from_text, raw_inputs
from visualnn_shared.errors import Invalid

ONE = RawInput("x", (1,), "float32")
PICTURE = RawInput("x", (2, 3), "uint8")
PAIR = [RawInput("left", (2,), "float32"), RawInput("right", (3,), "float32")]


@pytest.mark.parametrize(
    ("wanted", "texts", "expected"),
    [
        (ONE, ["10"], [[10]]),
        (ONE, ["[10]"], [[10]]),
        (ONE, ["[10, 20]"], [[10], [20]]),
        (ONE, ["[[10], [20]]", "30"], [[10], [20], [30]]),
        (PICTURE, ["[[1, 2, 3], [4, 5, 6]]"], [[[1, 2, 3], [4, 5, 6]]]),
        (PICTURE, ["[1, 2, 3, 4, 5, 6]"], [[[1, 2, 3], [4, 5, 6]]]),
        (RawInput("x", (), "float32"), ["7"], [7]),
        (RawInput("x", (None,), "int32"), ["[4, 5, 6]"], [[4, 5, 6]]),
        (RawInput("x", (None,), "int32"), ["[[4, 5], [6, 7]]"], [[4, 5], [6, 7]]),
    ],
)
def test_numbers_become_samples_by_their_count(wanted: RawInput, texts: list[str], expected: list[object]) -> None:
    assert from_text(texts, [wanted])["x"].tolist() == expected


def test_texts_are_taken_as_they_are() -> None:
    words = [RawInput("words", (), "text")]
    assert from_text(['"a film"', '["good", "bad"]'], words)["words"].tolist() == ["a film", "good", "bad"]
    with pytest.raises(Invalid, match="a text, or a list of texts"):
        from_text(["[1, 2]"], words)


def test_several_inputs_are_given_by_name() -> None:
    found = from_text(['{"left": [1, 2], "right": [3, 4, 5]}'] * 2, PAIR)
    assert {name: array.shape for name, array in found.items()} == {"left": (2, 2), "right": (2, 3)}


@pytest.mark.parametrize(
    ("inputs", "text", "rules"),
    [
        ([PICTURE], "[1, 2]", ["a sample of 'x' must have 6 numbers (2 x 3)"]),
        ([PICTURE], "[]", ["a sample of 'x' must have 6 numbers (2 x 3)"]),
        ([PICTURE], "[[1, 2], [3]]", ["an input must be a rectangular list of numbers"]),
        ([PICTURE], '["a"]', ["an input must be a rectangular list of numbers"]),
        ([PICTURE], "[1, 2, 3, 4, 5, true]", ["an input must be a rectangular list of numbers"]),
        ([ONE], "false", ["an input must be a rectangular list of numbers"]),
        ([PICTURE], "null", ["an input must be a rectangular list of numbers"]),
        ([PICTURE], "[1, 2", ["an input must be JSON"]),
        (PAIR, "[1, 2]", ["the samples of a network with several inputs must be given by name"]),
        (PAIR, '{"left": [1, 2], "up": 1}', ["input 'right' must be given", "every name must be an input"]),
    ],
)
def test_what_is_no_sample_is_named_all_at_once(inputs: list[RawInput], text: str, rules: list[str]) -> None:
    with pytest.raises(Invalid) as error:
        from_text([text], inputs)
    assert [one.rule[: len(rule)] for one, rule in zip(error.value.problems, rules, strict=True)] == rules


def test_an_npz_gives_its_test_part_or_arrays_by_name(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x_train=np.zeros((9, 1)), x_test=np.ones((4, 1)), y_test=np.ones(4))
    assert from_file(tmp_path / "a.npz", [ONE])["x"].tolist() == [[1]] * 4
    assert len(from_file(tmp_path / "a.npz", [ONE], limit=2)["x"]) == 2
    np.savez(tmp_path / "b.npz", left=np.zeros((5, 2)), x_test_right=np.ones((5, 3)))
    assert {name: len(array) for name, array in from_file(tmp_path / "b.npz", PAIR).items()} == {"left": 5, "right": 5}


def test_an_npz_without_the_arrays_or_with_objects_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", z=np.zeros(3))
    with pytest.raises(Invalid, match="must have one of the arrays"):
        from_file(tmp_path / "a.npz", [ONE])
    np.savez(tmp_path / "b.npz", x=np.array([{}], dtype=object))
    with pytest.raises(Invalid, match="plain arrays"):
        from_file(tmp_path / "b.npz", [ONE])
    (tmp_path / "c.npz").write_bytes(b"PK no")
    with pytest.raises(Invalid, match="plain arrays"):
        from_file(tmp_path / "c.npz", [ONE])


def test_a_value_may_be_missing_in_a_csv_and_in_json(tmp_path: Path) -> None:
    pair = RawInput("x", (2,), "float32")
    (tmp_path / "a.csv").write_text(",2\nNA,4\n")
    np.testing.assert_array_equal(from_file(tmp_path / "a.csv", [pair])["x"], [[np.nan, 2], [np.nan, 4]])
    np.testing.assert_array_equal(from_text(["[1, null]"], [pair])["x"], [[1, np.nan]])


def test_a_csv_loses_its_header_and_its_labels(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,Label\n1,2\n\n3,4\n")
    assert from_file(tmp_path / "a.csv", [ONE])["x"].tolist() == [[1], [3]]
    (tmp_path / "b.csv").write_text("1\n2\n")
    assert from_file(tmp_path / "b.csv", [ONE])["x"].tolist() == [[1], [2]]
    (tmp_path / "c.csv").write_text("x\n1\nno\n3\nnope\n")
    with pytest.raises(Invalid) as error:
        from_file(tmp_path / "c.csv", [ONE])
    assert [one.where.line for one in error.value.problems] == [3, 5]


def test_a_picture_becomes_grey_or_coloured_pixels(tmp_path: Path) -> None:
    Image.new("RGB", (3, 2), (255, 0, 0)).save(tmp_path / "a.png")
    grey = from_file(tmp_path / "a.png", [PICTURE])["x"]
    assert grey.shape == (1, 2, 3)
    assert set(grey.ravel().tolist()) == {76}
    assert from_file(tmp_path / "a.png", [RawInput("x", (2, 3, 3), "uint8")])["x"][0, 0, 0].tolist() == [255, 0, 0]
    with pytest.raises(Invalid, match="must have 4 numbers"):
        from_file(tmp_path / "a.png", [RawInput("x", (2, 2), "uint8")])
    (tmp_path / "b.png").write_text("no picture")
    with pytest.raises(Invalid, match="must be readable"):
        from_file(tmp_path / "b.png", [PICTURE])


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"must end in \.npz"):
        from_file(tmp_path / "a.exe", [ONE])


def test_a_signature_tells_the_raw_inputs() -> None:
    assert raw_inputs({"inputs": [{"name": "x", "shape": [2, 3], "dtype": "uint8"}]}) == [PICTURE]
