"""The mapping engine over every entry and format: completeness, defaults, and problems that name what is wrong."""

from typing import Any

import pytest
from visualnn_shared.analysis.params import clean_params
from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.catalogue.entry import Entry
from visualnn_shared.catalogue.mapping import Read, Written, index, read_node, write_layer, write_node
from visualnn_shared.catalogue.maps import Bag, Context, Map
from visualnn_shared.errors import Invalid

FORMATS = ("keras", "caffe", "onnx")
MAPS = [
    (entry, format, found) for entry in CATALOGUE.values() for format in FORMATS for found in entry.maps.get(format, ())
]


def _params(type: str, **given: Any) -> dict[str, Any]:
    clean, problems = clean_params(CATALOGUE[type], {**CATALOGUE[type].example.params, **given})
    assert not problems
    return clean


def _context(entry: Entry, rank: int | None = None) -> Context:
    shapes = list(entry.example.inputs)
    channels_first = [(0, len(s), *range(1, len(s))) for s in shapes]
    return Context(
        input_shapes=shapes,
        output_shapes=entry.shape(_params(entry.type), tuple(map(tuple, shapes))),
        labels=channels_first,
    )


READ_BY_KERAS = [
    name
    for name, entry in CATALOGUE.items()
    if (maps := entry.maps.get("keras")) and all(found.reads for found in maps)
]


def test_every_layer_type_has_a_map_to_keras_or_a_class_of_its_own() -> None:
    for entry in CATALOGUE.values():
        if entry.type != "Input" and entry.expand is None:
            assert entry.maps.get("keras") or entry.keras_class, entry.type


@pytest.mark.parametrize(
    ("entry", "format", "found"), MAPS, ids=lambda v: v.type if isinstance(v, Entry) else str(v)[:12]
)
def test_every_map_speaks_of_parameters_and_weights_that_the_layer_has(entry: Entry, format: str, found: Map) -> None:
    owned = {name for lens in found.lenses for name in lens.owns()}
    assert owned <= set(entry.kinds)
    assert {name for name, _ in found.weight_steps()} <= {weight.name for weight in entry.weights}
    if format == "onnx" and entry.weights:
        assert {name for name, _ in found.weight_steps()} == {weight.name for weight in entry.weights}


@pytest.mark.parametrize("type", READ_BY_KERAS)
def test_keras_has_every_parameter_under_its_own_name_and_reads_it_back(type: str) -> None:
    op, config = write_layer("keras", type, _params(type))
    read = read_node(index("keras"), op, Bag(config), Context(), "x")
    assert isinstance(read, Read)
    assert (read.entry.type, read.params, read.problems) == (type, _params(type), ())


@pytest.mark.parametrize(
    "type", [entry.type for entry in CATALOGUE.values() if entry.maps.get("onnx") and entry.layout == "spatial"]
)
def test_spatial_layers_can_be_said_in_onnx_with_their_example(type: str) -> None:
    entry = CATALOGUE[type]
    assert isinstance(write_node("onnx", entry, _params(type), _context(entry), "x"), Written)


def test_initialisers_become_keras_objects() -> None:
    config = write_layer("keras", "Dense", _params("Dense", kernel_initializer={"name": "constant", "value": 2}))[1]
    assert config["kernel_initializer"] == {
        "module": "keras.initializers", "class_name": "Constant", "config": {"value": 2.0}, "registered_name": None,
    }  # fmt: skip
    assert config["activation"] == "softmax"


def test_a_layer_that_a_format_lacks_is_named() -> None:
    with pytest.raises(Invalid) as error:
        write_layer("keras", "LRN", _params("LRN"), layer="norm1")
    assert [(p.rule, p.received, p.where.layer) for p in error.value.problems] == [
        ("the layer type must have a counterpart in Keras", "LRN", "norm1"),
    ]  # fmt: skip


def test_every_parameter_that_cannot_be_said_is_listed() -> None:
    params = _params("AveragePooling2D", padding=[[1, 0], [0, 0]], ceil_mode=True, count_include_pad=True)
    with pytest.raises(Invalid) as error:
        write_layer("keras", "AveragePooling2D", params, layer="p")
    assert {p.where.param for p in error.value.problems} == {"padding", "ceil_mode", "count_include_pad"}


def test_no_parameter_is_lost_without_a_word() -> None:
    """A parameter that no lens of a map speaks for can be written at its default only."""
    silent = Map("Relu", ())
    found = write_node(
        "onnx", CATALOGUE["ReLU"], _params("ReLU", max_value=2.0, threshold=0.5), Context(), "r", [silent]
    )
    assert isinstance(found, list)
    assert {p.where.param for p in found} == {"max_value", "threshold"}


@pytest.mark.parametrize(
    ("op", "attributes", "rules"),
    [
        ("Nonsense", {}, ["the layer type must be one that VisualNN knows"]),
        ("Pooling", {"pool": "STOCHASTIC"}, ["pool must be MAX or AVE"]),
        ("Eltwise", {"operation": "DIV"}, ["operation must be SUM or PROD or MAX"]),
        ("InnerProduct", {"num_output": 0}, ["units must be an integer of at least 1"]),
        ("InnerProduct", {}, ["units must be given"]),
        ("Dropout", {"dropout_ratio": "much"}, ["rate must be a number from 0 to 1"]),
    ],
)
def test_nodes_that_cannot_be_read_say_why(op: str, attributes: Any, rules: list[str]) -> None:
    found = read_node(index("caffe"), op, Bag(attributes, dict.fromkeys(attributes, 4)), Context(), "x", 3)
    problems = found.problems if isinstance(found, Read) else found
    assert [p.rule for p in problems] == rules
    assert all(p.where.line in (3, 4) for p in problems)


@pytest.mark.parametrize(("config", "after"), [({}, False), ({"reset_after": True}, True)])
def test_a_gru_of_a_file_that_says_nothing_resets_before_the_product(config: dict[str, Any], after: bool) -> None:
    """Keras knew no other form before it wrote the key."""
    found = read_node(index("keras"), "GRU", Bag({"units": 3, **config}), Context(), "x")
    assert isinstance(found, Read)
    assert (found.problems, found.params["reset_after"]) == ((), after)
