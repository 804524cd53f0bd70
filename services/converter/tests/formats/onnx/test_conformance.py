"""The node tests of the onnx package: each that we claim passes, or is refused for the reason that the table has."""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tools import onnx_conformance
from tools.onnx_conformance import Outcome, figures, outcomes

REFUSALS = Path(__file__).with_name("node_test_refusals.json")
DOCS = Path(__file__).parents[5] / "docs" / "conversion" / "onnx.md"


@pytest.fixture(scope="module")
def found() -> Iterator[list[Outcome]]:
    """All of them, run once."""
    pytest.importorskip("keras")
    yield list(outcomes())
    onnx_conformance.node_tests.cache_clear()


@pytest.mark.timeout(280)
def test_no_node_test_is_answered_wrongly(found: list[Outcome]) -> None:
    assert [one for one in found if one.state == "wrong"] == []


@pytest.mark.timeout(280)
def test_node_tests_are_refused_for_the_reasons_of_the_table(found: list[Outcome]) -> None:
    refused = defaultdict[str, list[str]](list)
    for one in found:
        if one.state == "refused":
            refused[one.why].append(one.name)
    known: dict[str, Any] = json.loads(REFUSALS.read_text())
    assert {why: sorted(names) for why, names in refused.items()} == known


@pytest.mark.timeout(280)
def test_the_documented_figures_are_those_of_the_run(found: list[Outcome]) -> None:
    assert figures(found) in DOCS.read_text()
