import re

import pytest
from visualnn_shared import zoo
from visualnn_shared.analysis.check import check
from visualnn_shared.analysis.summary import summary
from visualnn_shared.errors import NotFound


@pytest.mark.parametrize("name", zoo.NAMES)
def test_every_network_is_a_net_of_its_name(name: str) -> None:
    spec = zoo.load(name)
    assert spec.name == name
    assert check(spec) == []
    assert re.fullmatch(r"[a-z0-9-]+", name)


def test_the_table_tells_what_the_networks_are() -> None:
    rows = {row["name"]: row for row in zoo.describe()}
    assert tuple(rows) == zoo.NAMES
    assert rows["mnist-dnn"]["params"] == 669_706
    assert rows["mnist-dnn"]["input"] == {"input": [784]}
    assert rows["two-input"]["input"] == {"left": [8], "right": [4]}
    assert all(row["doc"].endswith((".", "LSTM.")) and row["title"] for row in rows.values())


@pytest.mark.parametrize("row", zoo.describe(), ids=lambda r: r["name"])
def test_the_number_of_classes_is_that_of_the_head(row: dict[str, object]) -> None:
    head = summary(zoo.load(str(row["name"]))).layers[-1]
    wanted = {None: 1, 2: 1}.get(row["classes"], row["classes"])  # type: ignore[call-overload]
    assert head.output_shape == (wanted,)


def test_an_unknown_network_is_not_found_and_similar_ones_are_named() -> None:
    with pytest.raises(NotFound, match="did you mean 'mnist-cnn'"):
        zoo.load("mnist-cn")
    with pytest.raises(NotFound, match="there are linear, two-input"):
        zoo.load("zzz")


def test_mnist_cnn_is_shaped_as_lenet() -> None:
    shapes = {layer.name: layer.output_shape for layer in summary(zoo.load("mnist-cnn")).layers}
    assert (shapes["pool1"], shapes["pool2"], shapes["flatten"]) == ((12, 12, 20), (4, 4, 50), (800,))
