"""Ranges: RFC 9110, section 14."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from visualnn_api.downloads import asked_range
from visualnn_api.errors import RangeNotSatisfiable

SIZE = 100


@pytest.mark.parametrize(
    ("header", "part"),
    [
        (None, None),
        ("bytes=0-0", (0, 1)),
        ("bytes=0-", (0, 100)),
        ("bytes=10-19", (10, 10)),
        ("bytes=99-", (99, 1)),
        ("bytes=90-1000", (90, 10)),
        ("bytes=-1", (99, 1)),
        ("bytes=-1000", (0, 100)),
        ("bytes= 5 - 9 ", (5, 5)),
        ("BYTES=5-9", (5, 5)),
        # ignored, as section 14.2 allows: another unit, several ranges, what is no range
        ("items=0-1", None),
        ("bytes=0-1,5-6", None),
        ("bytes=-", None),
        ("bytes=a-b", None),
        ("bytes=9-5", None),
        ("bytes", None),
        ("", None),
        ("bytes=0x1-2", None),
        ("bytes=" + "9" * 5000 + "-", None),
    ],
)
def test_a_single_range_is_understood(header: str | None, part: tuple[int, int] | None) -> None:
    assert asked_range(header, SIZE) == part


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=999999999999999999-"])
def test_a_range_without_a_byte_is_refused(header: str) -> None:
    with pytest.raises(RangeNotSatisfiable):
        asked_range(header, SIZE)


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=-5"])
def test_an_empty_file_has_no_range(header: str) -> None:
    with pytest.raises(RangeNotSatisfiable):
        asked_range(header, 0)


@given(st.integers(1, 30), st.integers(0, 40), st.integers(0, 40))
def test_a_range_holds_the_bytes_it_names(size: int, first: int, last: int) -> None:
    data = bytes(range(size))
    named = bytes(index for index in range(size) if first <= index <= last)
    try:
        part = asked_range(f"bytes={first}-{last}", size)
    except RangeNotSatisfiable:
        assert first >= size
        return
    if part is None:
        assert last < first
    else:
        assert data[part[0] : part[0] + part[1]] == named
