"""Equations of EinsumDense: which axes of the input and of the kernel are multiplied, and which the output keeps.

The forms are Keras': ``ab,bc->ac`` with the batch first, ``...ab,bc->...ac`` or ``ab...,bc->ac...`` with further axes.
"""

import re
from dataclasses import dataclass
from math import prod
from typing import Any

from visualnn_shared.catalogue.entry import Broken
from visualnn_shared.catalogue.free import FREE, Dim, Shape
from visualnn_shared.catalogue.kinds import Refused

LONGEST_EQUATION = 120
_FORMS = (
    re.compile(r"()([a-zA-Z]+)(),([a-zA-Z]+)->([a-zA-Z]+)"),
    re.compile(r"(\.\.\.)([a-zA-Z]+)(),([a-zA-Z]+)->\.\.\.([a-zA-Z]+)"),
    re.compile(r"()([a-zA-Z]{2,})(\.\.\.),([a-zA-Z]+)->([a-zA-Z]+)\.\.\."),
)


@dataclass(frozen=True, slots=True)
class Terms:
    """An equation taken apart; ``left`` and ``right`` say where further axes may stand."""

    input: str
    kernel: str
    output: str
    left: bool = False
    right: bool = False


def terms(equation: str) -> Terms | None:
    """The parts of an equation, or None where it has none of the forms."""
    for form in _FORMS:
        found = form.fullmatch(equation)
        if found:
            left, given, right, kernel, output = found.groups()
            return Terms(given, kernel, output, bool(left), bool(right))
    return None


def _fault(found: Terms) -> str | None:
    """The rule that the letters break."""
    if any(len(set(part)) != len(part) for part in (found.input, found.kernel, found.output)):
        return "an equation that names no axis twice in one term"
    if not found.left and (found.input[0] != found.output[0] or found.input[0] in found.kernel):
        return "an equation whose input and output begin with the batch's letter, which the kernel lacks"
    if not set(found.output) <= {*found.input, *found.kernel}:
        return "an equation whose output has only letters of the input or the kernel"
    if not set(found.kernel) <= {*found.input, *found.output}:
        return "an equation whose kernel has only letters of the input or the output"
    return None


@dataclass(frozen=True, slots=True)
class Equation:
    """An equation of one of the three forms; normal form: without spaces."""

    must_be: str = "an equation such as 'ab,bc->ac', '...ab,bc->...ac' or 'ab...,bc->ac...'"

    def clean(self, value: Any) -> str:
        if not isinstance(value, str) or len(value) > LONGEST_EQUATION:
            raise Refused(self.must_be, value)
        text = value.replace(" ", "")
        found = terms(text)
        if found is None:
            raise Refused(self.must_be, value)
        fault = _fault(found)
        if fault:
            raise Refused(fault, value)
        return text

    def as_json(self) -> dict[str, Any]:
        return {"kind": "equation", "limits": {"longest": LONGEST_EQUATION}}


@dataclass(frozen=True, slots=True)
class Letters:
    """Different letters, each of which stands for an axis."""

    must_be: str = "one or more different letters"

    def clean(self, value: Any) -> str:
        if not isinstance(value, str) or not 0 < len(value) <= 52 or not value.isascii() or not value.isalpha():
            raise Refused(self.must_be, value)
        if len(set(value)) != len(value):
            raise Refused(self.must_be, value)
        return value

    def as_json(self) -> dict[str, Any]:
        return {"kind": "letters"}


@dataclass(frozen=True, slots=True)
class Solved:
    """Shapes of an equation at a given input; the output and the sizes are without the batch."""

    kernel: Shape
    bias: Shape | None
    output: Shape
    products: Dim


def solve(equation: str, output_shape: tuple[int | None, ...], bias_axes: str | None, shape: Shape) -> Solved:
    """Shapes of the kernel, the bias and the output, and how many products one sample sums.

    ``output_shape`` holds a size, or None for an unknown one, for each letter of the output but the batch's. A size
    that the input has too must be the same. Raises ``Broken``.
    """
    found = terms(equation)
    assert found is not None  # the kind has checked it
    given, more = _input_sizes(found, shape)
    letters = found.output if found.left else found.output[1:]
    if len(output_shape) != len(letters):
        rule = f"output_shape must have a size for each of {', '.join(letters)}"
        raise Broken(rule, output_shape, param="output_shape")
    made: dict[str, Dim] = {
        letter: FREE if size is None else size for letter, size in zip(letters, output_shape, strict=True)
    }
    _agree(given, made, output_shape)
    sizes = {**given, **made}
    output = (*more, *made.values()) if found.left else (*made.values(), *more)
    return Solved(
        tuple(sizes[letter] for letter in found.kernel),
        _bias(found, made, bias_axes, len(more)),
        output,
        prod(more) * prod(_larger(given, made).values()),
    )


def _input_sizes(found: Terms, shape: Shape) -> tuple[dict[str, Dim], Shape]:
    """The size of each letter of the input but the batch's, and the sizes of the axes that the dots stand for."""
    letters = found.input if found.left else found.input[1:]
    beyond = len(shape) - len(letters)
    if beyond < 0 or (beyond and not found.left and not found.right):
        least = "at least " if found.left or found.right else ""
        rule = f"the input must have {least}{len(letters)} axes besides the batch, as in the equation"
        raise Broken(rule, shape, param="equation")
    own, more = (shape[beyond:], shape[:beyond]) if found.left else (shape[: len(letters)], shape[len(letters) :])
    return dict(zip(letters, own, strict=True)), more


def _agree(given: dict[str, Dim], made: dict[str, Dim], received: tuple[int | None, ...]) -> None:
    for letter, size in made.items():
        if letter in given and size is not FREE and (given[letter] is FREE or given[letter] != size):
            rule = f"output_shape must hold the input's size, {given[letter]}, for {letter}, or null"
            raise Broken(rule, received, param="output_shape")


def _larger(given: dict[str, Dim], made: dict[str, Dim]) -> dict[str, Dim]:
    """Each letter's size, from the input where it is known there."""
    return {**made, **{letter: size for letter, size in given.items() if size is not FREE or letter not in made}}


def _bias(found: Terms, made: dict[str, Dim], axes: str | None, more: int) -> Shape | None:
    """From the first letter of ``axes`` on: the sizes of those letters, and 1 for the axes between and after them."""
    if axes is None:
        return None
    strange = [letter for letter in axes if letter not in made]
    if strange:
        rule = f"bias_axes must name axes of the output: {', '.join(made)}"
        raise Broken(rule, axes, param="bias_axes")
    order = list(made)
    first = min(order.index(letter) for letter in axes)
    sizes = tuple(made[letter] if letter in axes else 1 for letter in order[first:])
    return sizes if found.left else sizes + (1,) * more
