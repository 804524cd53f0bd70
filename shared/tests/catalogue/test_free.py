import copy
import math
import operator
import pickle

import pytest
from visualnn_shared.catalogue.free import FREE, from_json, to_json


@pytest.mark.parametrize("op", [operator.add, operator.sub, operator.mul, operator.floordiv, operator.mod])
def test_arithmetic_with_a_free_dimension_is_free(op: object) -> None:
    assert callable(op)
    assert op(FREE, 3) is FREE
    assert op(3, FREE) is FREE
    assert op(FREE, FREE) is FREE


@pytest.mark.parametrize("op", [operator.lt, operator.le, operator.gt, operator.ge, operator.ne])
def test_no_comparison_with_a_free_dimension_holds(op: object) -> None:
    assert callable(op)
    assert not op(FREE, 3)
    assert not op(3, FREE)
    assert not op(FREE, FREE)


def test_a_free_dimension_equals_itself_alone() -> None:
    assert FREE == FREE
    assert not FREE == 3  # noqa: SIM201
    assert not FREE
    assert (FREE, 3) == (FREE, 3)


def test_rules_need_no_guard() -> None:
    n = FREE
    assert (n + 1 + 1 - 3) // 2 + 1 is FREE
    assert math.prod((FREE, 3)) is FREE
    assert -FREE is FREE


def test_copies_are_the_same_object() -> None:
    assert pickle.loads(pickle.dumps(FREE)) is FREE
    assert copy.deepcopy((FREE,))[0] is FREE


def test_json_says_null() -> None:
    assert to_json(from_json((None, 3))) == [None, 3]
    assert repr((FREE, 3)) == "(?, 3)"
