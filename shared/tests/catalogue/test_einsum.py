"""Equations of EinsumDense: forms, shapes and products; Keras itself agrees in the walk over all layers."""

from typing import Any

import numpy as np
import pytest
from visualnn_shared.catalogue.einsum import Equation, Letters, solve
from visualnn_shared.catalogue.entry import Broken
from visualnn_shared.catalogue.free import FREE
from visualnn_shared.catalogue.kinds import Refused


@pytest.mark.parametrize(
    ("equation", "output", "bias", "shape", "found"),
    [
        ("ab,bc->ac", (4,), "c", (3,), ((3, 4), (4,), (4,))),
        ("abc,cd->abd", (None, 4), "d", (5, 3), ((3, 4), (4,), (FREE, 4))),
        ("abc,cd->abd", (5, 4), "bd", (5, 3), ((3, 4), (5, 4), (5, 4))),
        ("abc,cde->abde", (5, 2, 4), "de", (5, 3), ((3, 2, 4), (2, 4), (5, 2, 4))),
        ("abc,cde->abde", (5, 2, 4), "be", (5, 3), ((3, 2, 4), (5, 1, 4), (5, 2, 4))),
        ("...x,xy->...y", (4,), "y", (7, 5, 3), ((3, 4), (4,), (7, 5, 4))),
        ("ab...,bc->ac...", (4,), "c", (3, 5, 6), ((3, 4), (4, 1, 1), (4, 5, 6))),
        ("abc,bcd->ad", (4,), None, (5, 3), ((5, 3, 4), None, (4,))),
    ],
)
def test_an_equation_gives_the_shapes_of_kernel_bias_and_output(
    equation: str, output: Any, bias: Any, shape: Any, found: Any
) -> None:
    solved = solve(equation, output, bias, shape)
    assert (solved.kernel, solved.bias, solved.output) == found


@pytest.mark.parametrize(
    ("equation", "output", "shape"),
    [("ab,bc->ac", (4,), (3,)), ("abc,cd->abd", (5, 4), (5, 3)), ("abc,bcd->ad", (4,), (5, 3)),
     ("ab...,bc->ac...", (4,), (3, 5, 6)), ("...x,xy->...y", (4,), (7, 5, 3))],
)  # fmt: skip
def test_products_are_as_many_as_numpy_counts(equation: str, output: Any, shape: Any) -> None:
    solved = solve(equation, output, None, shape)
    said = np.einsum_path(equation, np.ones((1, *shape)), np.ones(solved.kernel), optimize=False)[1]
    naive = next(line for line in said.splitlines() if "Naive FLOP" in line)
    assert float(naive.split(":")[1]) == pytest.approx(2 * solved.products, rel=1e-3)


@pytest.mark.parametrize(
    "equation",
    ["", "ab", "ab,bc", "ab,bc->", "ab,cd->ad;x", "aa,ab->ab", "ab,bc->bc", "ab,bc->ad", "ab,bcd->ac", "ab,ac->bc",
     "...ab...,bc->...ac...", "a...,ab->b...", "1b,bc->1c", "ab,bc->ac" + "d" * 200, 3, None],
)  # fmt: skip
def test_other_equations_are_refused(equation: Any) -> None:
    with pytest.raises(Refused):
        Equation().clean(equation)


def test_spaces_say_nothing() -> None:
    assert Equation().clean("ab, bc -> ac") == "ab,bc->ac"


@pytest.mark.parametrize("letters", ["", "aa", "a1", "é", 3, None])
def test_letters_are_different_and_plain(letters: Any) -> None:
    with pytest.raises(Refused):
        Letters().clean(letters)


@pytest.mark.parametrize(
    ("equation", "output", "bias", "shape", "param", "rule"),
    [
        ("abc,cd->abd", (5, 4), None, (3,), "equation", "the input must have 2 axes"),
        ("...bc,cd->...bd", (5, 4), None, (3,), "equation", "the input must have at least 2 axes"),
        ("abc,cd->abd", (4,), None, (5, 3), "output_shape", "output_shape must have a size for each of b, d"),
        ("abc,cd->abd", (6, 4), None, (5, 3), "output_shape", "output_shape must hold the input's size, 5, for b"),
        ("abc,cd->abd", (6, 4), None, (FREE, 3), "output_shape", "output_shape must hold the input's size, ?, for b"),
        ("abc,cd->abd", (5, 4), "c", (5, 3), "bias_axes", "bias_axes must name axes of the output: b, d"),
        ("abc,cd->abd", (5, 4), "a", (5, 3), "bias_axes", "bias_axes must name axes of the output: b, d"),
    ],
)
def test_what_does_not_suit_the_input_is_said(
    equation: str, output: Any, bias: Any, shape: Any, param: str, rule: str
) -> None:
    with pytest.raises(Broken) as broken:
        solve(equation, output, bias, shape)
    assert broken.value.rule.startswith(rule)
    assert broken.value.param == param
