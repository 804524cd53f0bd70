import re
import subprocess
import sys

import pytest
from visualnn_shared import zoo
from visualnn_shared.analysis.check import check
from visualnn_shared.analysis.summary import summary
from visualnn_shared.errors import NotFound
from visualnn_shared.zoo.builder import Net

ROWS = {row["name"]: row for row in zoo.describe()}
CHOOSING = [name for name, row in ROWS.items() if row["classes"] is not None]


@pytest.mark.parametrize("name", zoo.NAMES)
def test_every_network_is_a_net_of_its_name(name: str) -> None:
    spec = zoo.load(name)
    assert spec.name == name
    assert check(spec) == []
    assert re.fullmatch(r"[a-z0-9_-]+", name)


@pytest.mark.parametrize("name", zoo.NAMES)
def test_every_layer_has_a_name_that_keras_takes_as_it_is(name: str) -> None:
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_]*", layer.name) for layer in zoo.load(name).layers)


def test_the_table_tells_what_the_networks_are() -> None:
    assert tuple(ROWS) == zoo.NAMES
    assert ROWS["two-input"] == {
        "name": "two-input", "title": "Two inputs", "group": "basic", "paper": None, "classes": 3, "params": 803,
        "input": {"left": [8], "right": [4]},
        "doc": "Two inputs, each with a hidden layer, concatenated to three classes.",
    }  # fmt: skip
    assert ROWS["vgg16"]["paper"].startswith("K. Simonyan, A. Zisserman (2014): Very Deep")


@pytest.mark.parametrize("name", zoo.NAMES)
def test_every_network_has_a_title_a_description_and_a_paper_where_there_is_one(name: str) -> None:
    row = ROWS[name]
    assert row["title"]
    assert row["doc"].endswith(".")
    assert "  " not in row["doc"]
    assert row["paper"] is None or re.fullmatch(r".+ \((19|20)\d\d\): .+[^.]", row["paper"])


def test_titles_differ() -> None:
    assert len({row["title"] for row in ROWS.values()}) == len(ROWS)


@pytest.mark.parametrize("name", CHOOSING)
def test_the_number_of_classes_is_that_of_the_head(name: str) -> None:
    spec, classes = zoo.load(name), ROWS[name]["classes"]
    head = next(layer for layer in summary(spec).layers if layer.name == spec.outputs[0])
    activation = next(layer for layer in spec.layers if layer.name == head.name).params["activation"]
    wanted = [(classes, "softmax"), *([(1, "sigmoid")] if classes == 2 else [])]
    assert (head.output_shape[-1], activation) in wanted


def test_a_row_that_was_changed_does_not_change_the_next() -> None:
    zoo.describe()[0]["input"]["x"] = "changed"
    assert zoo.describe()[0]["input"] == {"x": [1]}


def test_the_second_list_builds_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zoo, "load", None)
    assert {row["name"]: row for row in zoo.describe()} == ROWS


def test_importing_the_zoo_builds_no_network() -> None:
    code = (
        "from visualnn_shared.spec import model\n"
        "def refuse(*_, **__): raise AssertionError('a layer was built')\n"
        "model.Layer.__init__ = refuse\n"
        "from visualnn_shared import zoo; print(len(zoo.NAMES))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) == len(zoo.NAMES)


def test_an_unknown_network_is_not_found_and_similar_ones_are_named() -> None:
    with pytest.raises(NotFound, match="did you mean 'mnist-cnn'"):
        zoo.load("mnist-cn")
    with pytest.raises(NotFound, match="GET /zoo and `visualnn zoo` list them"):
        zoo.load("zzzz")


def test_mnist_cnn_is_shaped_as_lenet() -> None:
    shapes = {layer.name: layer.output_shape for layer in summary(zoo.load("mnist-cnn")).layers}
    assert (shapes["pool1"], shapes["pool2"], shapes["flatten"]) == ((12, 12, 20), (4, 4, 50), (800,))


def test_layers_without_a_name_are_numbered_as_by_keras() -> None:
    net = Net("numbered")
    net.input("x", 8, 8, 2)
    names = [net.auto("ZeroPadding2D"), net.auto("BatchNormalization"), net.auto("ZeroPadding2D"), net.auto("ReLU")]
    assert names == ["zero_padding2d", "batch_normalization", "zero_padding2d_1", "re_lu"]
    assert net.last == "re_lu"
