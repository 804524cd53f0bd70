"""Pictures: every layer and line is there, no name breaks the file, and nothing lies on anything else."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from visualnn_converter import conversion
from visualnn_converter.pictures.drawing import MOST_LAYERS, drawing
from visualnn_converter.pictures.layered import placed
from visualnn_converter.pictures.svg import CARD, stacked
from visualnn_converter.report import Report
from visualnn_shared import zoo
from visualnn_shared.errors import ConversionImpossible, SpecInvalid
from visualnn_shared.spec.model import Layer, Spec

NAMES = ["lenet", "googlenet", "resnet50", "unet", "siamese", "seq2seq", "densenet121"]
NAMESPACE = "{http://www.w3.org/2000/svg}"
HOSTILE = (
    '"]; x [label="',
    "</text><script>alert(1)</script>",
    'a"--> b',
    "&amp;<b>",
    "#quot;",
    "%%{init}%%",
    "\\N\\G\\",
    "`md`",
    "数",
)


def _report() -> Report:
    return Report(source="native", target="svg")


def _text(spec: Spec, format: str) -> str:
    return conversion.write(spec, format).data.decode()


@pytest.mark.parametrize("name", NAMES)
def test_every_layer_and_every_line_is_in_each_form(name: str) -> None:
    spec = zoo.load(name)
    found = drawing(spec, _report())
    lines = sum(len(layer.inputs) for layer in spec.layers)
    dot, mermaid = _text(spec, "dot"), _text(spec, "mermaid")
    assert len(re.findall(r"^  n\d+ \[label=", dot, re.M)) == len(found.boxes) == len(spec.layers)
    assert len(re.findall(r"^  n\d+ -> n\d+;$", dot, re.M)) == lines
    assert len(re.findall(r'^  n\d+\["', mermaid, re.M)) == len(spec.layers)
    assert len(re.findall(r"^  n\d+ --> n\d+$", mermaid, re.M)) == lines
    told = "".join(node.text or "" for node in ET.fromstring(_text(spec, "svg")).iter(f"{NAMESPACE}title"))
    assert all(f"{layer.name}: {layer.type}" in told for layer in spec.layers)


@pytest.mark.parametrize("name", NAMES)
def test_no_card_lies_on_another_and_lines_go_down(name: str) -> None:
    cards, lines = stacked(drawing(zoo.load(name), _report()))
    where = placed([(CARD, card.height) for card in cards], lines)
    spots = sorted((y, x, y + card.height) for card, (x, y) in zip(cards, where.corners, strict=True))
    for number, (top, left, bottom) in enumerate(spots):
        for other_top, other_left, _ in spots[number + 1 :]:
            if other_top >= bottom:
                break
            assert abs(left - other_left) >= CARD, (top, left)
    assert all(route[0][1] < route[-1][1] for route in where.routes)
    assert all(x >= 0 and x + CARD <= where.width + 0.01 for x, _ in where.corners)


def test_a_chain_stands_straight() -> None:
    where = placed([(100.0, 40.0)] * 5, [(i, i + 1) for i in range(4)])
    assert len({x for x, _ in where.corners}) == 1


def test_layers_that_one_layer_feeds_hang_below_it() -> None:
    cards, _ = stacked(drawing(zoo.load("resnet18"), _report()))
    assert [box.type for box in cards[2].boxes] == ["Conv2D", "BatchNormalization", "Activation"]


def test_shapes_and_parameters_are_told() -> None:
    dot = _text(zoo.load("lenet"), "dot")
    assert 'label="conv1\\nConv2D 5×5, 20\\n24×24×20\\n520 parameters"' in dot


@settings(max_examples=25, deadline=None)
@given(name=st.one_of(st.text(min_size=1, max_size=30), st.sampled_from(HOSTILE)))
def test_no_name_breaks_a_picture(name: str) -> None:
    inner = "".join(c for c in name if c.isprintable() and c != ":").strip() or "x"
    spec = Spec(
        name=name,
        layers=(
            Layer(name=inner, type="Input", params={"shape": [4]}),
            Layer(name=inner + "d", type="Dense", params={"units": 2}, inputs=(inner,)),
        ),
        outputs=(inner + "d",),
    )
    tree = ET.fromstring(_text(spec, "svg"))
    allowed = {"svg", "title", "defs", "marker", "path", "rect", "text", "g"}
    assert {node.tag.removeprefix(NAMESPACE) for node in tree.iter()} <= allowed
    assert not any(key.startswith(("on", "href")) for node in tree.iter() for key in node.attrib)
    dot = _text(spec, "dot")
    outside = re.sub(r'"(?:[^"\\]|\\.)*"', '""', dot)
    assert outside.count("\n") == 8, outside
    assert re.fullmatch(r'[\w\s{}\[\]=,;>""\-]*', outside)
    mermaid = _text(spec, "mermaid").split("\n---\n", 1)[1]
    labels = re.findall(r'\["(.*)"\]:::', mermaid)
    assert len(labels) == 2
    assert not any(set('"<>`[]{}|\\') & set(label.replace("<br/>", "")) for label in labels)
    assert len(mermaid.splitlines()) == 6


def test_what_cannot_be_seen_is_refused(chain: Callable[..., Spec]) -> None:
    spec = chain(("x", "Input", {"shape": [4]}), *((f"r{i}", "ReLU", {}) for i in range(MOST_LAYERS)))
    with pytest.raises(ConversionImpossible, match="at most 3,000 layers"):
        conversion.write(spec, "svg")
    with pytest.raises(SpecInvalid):
        conversion.write(chain(("x", "Input", {"shape": [4]}), ("d", "Dense", {})), "dot")
