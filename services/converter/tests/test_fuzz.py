"""Whatever is sent, the answer is a spec or a typed error that lists problems: never another exception."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from visualnn_converter import conversion
from visualnn_shared import zoo
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.errors import Invalid, TooLarge

SETTINGS = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
READ = [one["name"] for one in conversion.formats() if one["reads"]]
TEXTS = [one["name"] for one in conversion.formats() if one["reads"] and one["writes"] and not one["carries_weights"]]
NETS = {"onnx": ("neurons-4-4-1", "two-input")}
"""Small ones where weights are in the file."""


def _file(net: str, format: str) -> bytes:
    spec = zoo.load(net)
    weights = {
        f"{layer.name}/{variable.name}": np.ones([int(n) for n in variable.shape], np.float32)
        for layer in resolve(spec).layers
        for variable in layer.weights
    }
    return conversion.write(spec, format, weights).data


FILES = {name: [_file(net, name) for net in NETS.get(name, ("mnist-cnn", "two-input"))] for name in (*TEXTS, "onnx")}
FILES["keras"].append(conversion.write(zoo.load("imdb-lstm"), "keras").data)
FILES["keras"].append(b"""{"class_name": "Sequential", "keras_version": "1.2.0", "config": [
 {"class_name": "Merge", "config": {"name": "m", "mode": "concat", "concat_axis": 1, "mode_type": "raw", "layers": [
  {"class_name": "Sequential", "config": [{"class_name": "Convolution2D", "config": {"name": "a", "nb_filter": 2,
   "batch_input_shape": [null, 3, 8, 8], "nb_row": 3, "nb_col": 3, "border_mode": "same", "dim_ordering": "th",
   "subsample": [1, 1], "W_regularizer": {"name": "WeightRegularizer", "l1": 0.0, "l2": 0.5}}}]},
  {"class_name": "Sequential", "config": [{"class_name": "MaxPooling2D", "config": {"name": "b", "strides": [1, 1],
   "batch_input_shape": [null, 3, 8, 8], "pool_size": [3, 3], "border_mode": "same", "dim_ordering": "th"}}]}]}},
 {"class_name": "BatchNormalization", "config": {"name": "n", "mode": 0, "axis": 1, "epsilon": 0.001}},
 {"class_name": "Flatten", "config": {"name": "f"}},
 {"class_name": "Highway", "config": {"name": "h", "init": "uniform", "transform_bias": -2, "activation": "relu"}},
 {"class_name": "RepeatVector", "config": {"name": "r", "n": 2}},
 {"class_name": "TimeDistributedDense", "config": {"name": "t", "output_dim": 3, "init": "normal"}},
 {"class_name": "LSTM", "config": {"name": "l", "output_dim": 2, "forget_bias_init": "one", "dropout_W": 0.1}}]}""")
JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2), st.just(10**400), st.just("x" * 300),
)  # fmt: skip
WORDS = st.sampled_from([
    b"{", b"}", b"[", b"]", b":", b'"', b"layer", b"type", b"-1", b"0", b"99999999999", b"1e999", b"nan", b"\xff",
         b"\n", b"null",
    b'"data"', b"bottom", b"include { phase: TEST }", b"input_dim: 3", b"#", b"\\",
])  # fmt: skip


def _read(data: bytes, source: str | None) -> None:
    """The promise: a spec, or an error that says what is wrong."""
    try:
        spec, _, report = conversion.read(data, source)
    except (Invalid, TooLarge) as error:
        answer, listed = error.as_problem_json(), bool(error.problems) or isinstance(error, TooLarge)
    else:
        answer, listed = report.as_json(), bool(spec.layers)
    assert listed
    assert len(json.dumps(answer, allow_nan=False)) < 2_000_000


@pytest.mark.parametrize("source", [None, *READ])
@SETTINGS
@given(data=st.binary(max_size=300))
def test_random_bytes(data: bytes, source: str | None) -> None:
    _read(data, source)


@pytest.mark.parametrize("source", TEXTS)
@SETTINGS
@given(data=st.data())
def test_truncated_and_spliced_files(data: st.DataObject, source: str) -> None:
    file = data.draw(st.sampled_from(FILES[source]))
    start = data.draw(st.integers(0, len(file)))
    end = data.draw(st.one_of(st.just(start), st.integers(start, len(file))))
    _read(file[:start] + data.draw(st.one_of(WORDS, st.just(b""))) + file[end:], source)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in items for place in _places(item, (*path, key)))]


TREES = {name: [(tree, _places(tree)[1:]) for tree in map(json.loads, FILES[name])] for name in ("native", "keras")}


@pytest.mark.parametrize("source", TREES)
@SETTINGS
@given(data=st.data())
def test_json_with_other_values_in_places(data: st.DataObject, source: str) -> None:
    tree, places = data.draw(st.sampled_from(TREES[source]))
    tree = json.loads(json.dumps(tree))
    for place in data.draw(st.lists(st.sampled_from(places), min_size=1, max_size=3)):
        target = tree
        try:
            for key in place[:-1]:
                target = target[key]
            if data.draw(st.booleans()):
                target[place[-1]] = data.draw(JUNK)
            else:
                del target[place[-1]]
        except (KeyError, IndexError, TypeError):  # an earlier change removed the place
            continue
    _read(json.dumps(tree).encode(), source)


BOMBS = {
    "nested objects": b'{"class_name": "Sequential", "config": ' + b'{"a":' * 100_000,
    "nested lists": b"[" * 200_000,
    "a deep list in a model": b'{"class_name": "Sequential", "config": {"layers": ' + b"[" * 500 + b"]" * 500 + b"}}",
    "a huge number": b'{"class_name": "Model", "config": ' + b"9" * 10_000 + b"}",
    "many nested messages": b"layer {" * 10_000,
    "an unclosed string": b'layer { name: "' + b"a" * 1_000_000,
    "many comments": b"layer {\n" + b"# x\n" * 100_000,
    "many braces": b"layer { } " * 30_000,
    "a model in itself": json.dumps(
        {"class_name": "Functional", "config": {"name": "m", "layers": [{"class_name": "Dense", "name": "d",
         "config": {},
         "inbound_nodes": [[["d", 0, 0, {}]]]}], "input_layers": [], "output_layers": [["d", 0, 0]]}}
    ).encode(),
    "a nested model that calls itself": json.dumps(
        {"class_name": "Functional", "config": {"name": "m", "layers": [{"class_name": "Functional", "name": "i",
         "config": {
            "layers": [{"class_name": "InputLayer", "name": "x", "config": {}, "inbound_nodes": []}],
            "input_layers": [["x", 0, 0]], "output_layers": [["x", 0, 0]]}, "inbound_nodes": [[["i", 0, 0, {}]]]}],
         "input_layers": [], "output_layers": [["i", 0, 0]]}}
    ).encode(),
}  # fmt: skip


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.parametrize("source", [None, *READ])
def test_bombs_are_refused_in_bounded_time(name: str, source: str | None) -> None:
    with pytest.raises((Invalid, TooLarge)):
        conversion.read(BOMBS[name], source)
