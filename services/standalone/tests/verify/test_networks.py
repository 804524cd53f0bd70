"""Small built-in networks in every format that can say them: the numbers are the same. Big ones: tools/certify.py."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from visualnn_converter import conversion
from visualnn_shared.errors import ConversionImpossible, Invalid
from visualnn_shared.spec.reading import canonical_json
from visualnn_shared.zoo import load
from visualnn_standalone.verify import Asked
from visualnn_standalone.verify.conversions import certify
from visualnn_standalone.verify.drawing import draw_weights

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
NETWORKS = ("two-input", "lenet", "denoising-autoencoder", "siamese")
TARGETS = [one["name"] for one in conversion.formats() if one["writes"] and one["name"] != "native"]
CERTIFIED = Path(__file__).parents[4] / "docs" / "formats-certified.json"


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_answers_the_same_in_another_format(name: str, target: str) -> None:
    spec = load(name)
    try:
        made = conversion.write(spec, target, draw_weights(spec, 5))
    except ConversionImpossible as impossible:
        pytest.skip(f"{target} cannot say {name}: {impossible.problems[0].rule}")
    try:
        found = certify(made, canonical_json(spec), f"{name}.json", Asked(layers=False))
    except Invalid as error:
        if "a runtime must be able to run the target" not in error.problems[0].rule:
            raise
        pytest.skip(f"no runtime here runs {target}")
    assert found.passed, found.model_dump_json(indent=1)
    assert all(one.largest for one in found.outputs), "outputs that are zero prove nothing"
    assert found.reference is None or found.reference.agrees, found.reference


def test_every_published_certificate_passed() -> None:
    known: dict[str, Any] = json.loads(CERTIFIED.read_text())
    rows = {(name, target): row for name, one in known["results"].items() for target, row in one.items()}
    assert not [where for where, row in rows.items() if "skipped" not in row and not row["passed"]]
    assert all(row["max_abs"] <= known["gate"] for row in rows.values() if "skipped" not in row)
    assert len([row for row in rows.values() if "skipped" not in row]) > 40
