import os

from visualnn_worker import page


def test_a_page_is_zero_at_first_and_shared_by_those_who_open_its_descriptor():
    fd, mine = page.create()
    other = page.Page(fd)
    os.close(fd)
    assert (mine.deadline_ns, mine.recorded) == (0, 0)
    mine.deadline_ns = 2**63
    other.recorded = 7
    assert (other.deadline_ns, mine.recorded) == (2**63, 7)


def test_the_clock_goes_forward():
    first = page.boot_ns()
    assert page.boot_ns() >= first > 0
