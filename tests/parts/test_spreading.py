"""Tests that share a platform stay in one process; all others go by file."""

import pytest

from tests.parts.spreading import piece_of


@pytest.mark.parametrize(
    ("test", "piece"),
    [
        ("tests/browser/test_train.py::test_it", "tests/browser/"),
        ("tests/browser/test_try.py::test_it[one]", "tests/browser/"),
        ("tests/end_to_end/test_digits.py::test_it[embedded-keras]", "tests/end_to_end/[embedded"),
        ("tests/end_to_end/test_five_steps.py::test_it[embedded]", "tests/end_to_end/[embedded"),
        ("tests/end_to_end/test_five_steps.py::test_it[real]", "tests/end_to_end/[real"),
        ("tests/end_to_end/test_up.py::test_it", "tests/end_to_end/test_up.py"),
        ("shared/tests/store/test_rooms.py::test_it[postgres]", "shared/tests/store/test_rooms.py"),
    ],
)
def test_what_shares_a_platform_is_one_piece(test: str, piece: str) -> None:
    assert piece_of(test) == piece
