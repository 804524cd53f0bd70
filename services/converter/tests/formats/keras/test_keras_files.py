"""Keras writes and we read, we write and Keras loads: the same predictions, through every layout of file."""

import io
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from visualnn_converter import conversion
from visualnn_converter.canonical import canonical
from visualnn_shared import zoo
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.errors import ConversionImpossible
from visualnn_shared.spec.model import Layer, Spec

from shared.tests.zoo_nets import SMALL

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
keras = pytest.importorskip("keras")
L = keras.layers
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras' own


def _dense() -> Any:
    return keras.Sequential([keras.Input((6,)), L.Dense(5, activation="relu"), L.Dense(5), L.Dense(3)])


def _convolutions() -> Any:
    layers = [L.Conv2D(4, 3, padding="same", use_bias=False), L.BatchNormalization(), L.ReLU(), L.Conv2D(4, 3)]
    layers += [L.BatchNormalization(scale=False), L.MaxPooling2D(), L.Flatten(), L.Dropout(0.5), L.Dense(3)]
    return keras.Sequential([keras.Input((8, 8, 3)), *layers])


def _separable() -> Any:
    layers = [L.SeparableConv2D(6, 3, depth_multiplier=2), L.DepthwiseConv2D(3), L.Conv2DTranspose(2, 3, strides=2)]
    return keras.Sequential([keras.Input((9, 9, 3)), *layers, L.GlobalAveragePooling2D()])


def _lstm() -> Any:
    return keras.Sequential([keras.Input((7, 4)), L.LSTM(5, return_sequences=True), L.LSTM(5), L.Dense(2)])


def _gru() -> Any:
    return keras.Sequential([keras.Input((7, 4)), L.GRU(5, return_sequences=True), L.GRU(5, reset_after=False)])


def _bidirectional() -> Any:
    layers = [L.Bidirectional(L.LSTM(4, return_sequences=True)), L.Bidirectional(L.GRU(3)), L.Dense(2)]
    return keras.Sequential([keras.Input((7, 4)), *layers])


def _attention() -> Any:
    x = keras.Input((6, 8))
    y = L.LayerNormalization()(x)
    y = L.MultiHeadAttention(2, 4)(y, y)
    return keras.Model(x, L.TimeDistributed(L.Dense(3))(L.Add()([x, y])))


def _embedding() -> Any:
    return keras.Sequential([keras.Input((5,), dtype="int32"), L.Embedding(5, 4), L.Flatten(), L.Dense(2)])


def _nested() -> Any:
    """Of several depths, with layers of one class that the file tells apart by their order alone, and a frozen one."""
    deepest = keras.Sequential([keras.Input((6,)), L.Dense(6, name="b"), L.BatchNormalization()], name="deepest")
    x = keras.Input((6,))
    frozen = L.Dense(6, name="a", trainable=False)
    inner = keras.Model(x, L.Add()([deepest(frozen(x)), L.Dense(6, name="c")(x)]), name="inner")
    y = keras.Input((6,))
    return keras.Model(y, L.Dense(6, name="last")(inner(L.Dense(6, name="first")(inner(y)))))


def _shared() -> Any:
    """One layer called twice at different depths, and branches whose order is not that of their making."""
    a, b = keras.Input((6,), name="left"), keras.Input((6,), name="right")
    shared, late, early = L.Dense(6), L.Dense(6), L.Dense(6)
    x = shared(a)
    return keras.Model([a, b], [L.Add()([early(b), late(shared(x))]), L.Dense(6)(b)])


def _outputs_by_name() -> Any:
    x = keras.Input((5,))
    return keras.Model(x, {"o": L.Dense(4)(x), "a": L.Dense(4)(L.ReLU()(x))})


def _inputs_by_name() -> Any:
    x, y = keras.Input((4,), name="b"), keras.Input((4,), name="a")
    return keras.Model({"b": x, "a": y}, L.Subtract()([L.Dense(4)(x), L.Dense(4)(y)]))


def _attention_by_name() -> Any:
    x = keras.Input((6, 8))
    query, value, key = (L.Dense(8, name=name)(x) for name in ("query", "value", "key"))
    y = L.MultiHeadAttention(2, 4)(query, key=key, value=value)
    return keras.Model(x, L.MultiHeadAttention(2, 4)(value=value, key=key, query=y))


def _nested_by_name() -> Any:
    a, b = keras.Input((8,), name="z"), keras.Input((8,), name="a")
    inner = keras.Model({"z": a, "a": b}, {"y": L.Dense(4)(a), "b": L.Dense(4)(b)})
    x, y = keras.Input((8,)), keras.Input((8,))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras would have the keys be the tensors' names
        found = inner({"z": x, "a": y})
    return keras.Model([x, y], L.Subtract()([found["y"], found["b"]]))


BY_NAME: list[Callable[[], Any]] = [_outputs_by_name, _inputs_by_name, _attention_by_name, _nested_by_name]
NETS: list[Callable[[], Any]] = [
    _dense, _convolutions, _separable, _lstm, _gru, _bidirectional, _attention, _embedding, _nested, _shared,
]  # fmt: skip


def _shuffled(model: Any) -> Any:
    """The model with weights of which no two are alike; variances stay positive."""
    rng = np.random.default_rng(5)
    model.set_weights([rng.uniform(0.05, 0.6, w.shape).astype(w.dtype) for w in model.get_weights()])
    return model


def _saved(model: Any, folder: Path, ending: str) -> bytes:
    path = folder / f"m{ending}"
    (model.save_weights if ending == ".weights.h5" else model.save)(path)
    return path.read_bytes()


def _loaded(data: bytes, folder: Path) -> Any:
    path = folder / "ours.keras"
    path.write_bytes(data)
    return keras.saving.load_model(path)


def _answers(model: Any, inputs: list[np.ndarray]) -> list[np.ndarray]:
    found = model(inputs if len(inputs) > 1 else inputs[0], training=False)
    return [np.asarray(one) for one in (found if isinstance(found, list | tuple) else [found])]


def _built(spec: Spec, weights: Any, inputs: list[np.ndarray]) -> list[np.ndarray]:
    """What the worker's net of this spec answers."""
    from visualnn_worker.network.build import build
    from visualnn_worker.network.weights import set_weights

    network = build(spec)
    set_weights(network, weights)
    return _answers(network.model, inputs)


def _samples(model: Any) -> list[np.ndarray]:
    rng = np.random.default_rng(8)
    return [
        rng.integers(0, 5, (3, *x.shape[1:])).astype("int32") if "int" in x.dtype
        else rng.normal(0, 1, (3, *x.shape[1:])).astype("float32")
        for x in model.inputs
    ]  # fmt: skip


def _close(found: list[np.ndarray], wanted: list[np.ndarray]) -> None:
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("ending", [".keras", ".h5"])
@pytest.mark.parametrize("net", NETS, ids=lambda net: net.__name__.strip("_"))
def test_what_keras_saves_is_read_with_its_weights(net: Callable[[], Any], ending: str, tmp_path: Path) -> None:
    model = _shuffled(net())
    inputs = _samples(model)
    spec, weights, _ = conversion.read(_saved(model, tmp_path, ending))
    assert weights is not None
    _close(_built(spec, weights, inputs), _answers(model, inputs))


@pytest.mark.parametrize("net", BY_NAME, ids=lambda net: net.__name__.strip("_"))
def test_what_goes_by_names_is_read_in_the_order_of_keras(net: Callable[[], Any], tmp_path: Path) -> None:
    model = _shuffled(net())
    samples = _samples(model)
    names = [x._keras_history.operation.name for x in model.inputs]
    given = dict(zip(names, samples, strict=True))
    spec, weights, _ = conversion.read(_saved(model, tmp_path, ".keras"))
    found = model(given if net is _inputs_by_name else samples if len(samples) > 1 else samples[0], training=False)
    ours = [given[x.name] for x in spec.layers if x.type == "Input"]
    _close(_built(spec, weights, ours), [np.asarray(one) for one in keras.tree.flatten(found)])


@pytest.mark.parametrize("net", NETS, ids=lambda net: net.__name__.strip("_"))
def test_keras_loads_what_was_read_and_written_again(net: Callable[[], Any], tmp_path: Path) -> None:
    model = _shuffled(net())
    inputs = _samples(model)
    data = _saved(model, tmp_path, ".keras")
    written = conversion.convert(data, "keras-file")
    _close(_answers(_loaded(written.data, tmp_path), inputs), _answers(model, inputs))
    assert conversion.convert(data, "keras-file").data == written.data


@pytest.mark.parametrize("ending", [".weights.h5", ".h5", ".keras"])
@pytest.mark.parametrize(
    "net", [_convolutions, _bidirectional, _nested, _shared], ids=lambda net: net.__name__.strip("_")
)
def test_files_of_weights_go_with_a_model_without(net: Callable[[], Any], ending: str, tmp_path: Path) -> None:
    model = _shuffled(net())
    inputs = _samples(model)
    given = _saved(model, tmp_path, ending)
    converted = conversion.convert(model.to_json().encode(), "keras-file", weights=given)
    _close(_answers(_loaded(converted.data, tmp_path), inputs), _answers(model, inputs))


@pytest.mark.parametrize("name", [name for name in SMALL if name != "highway"])  # Keras has no such layer
def test_small_networks_of_the_zoo_come_back_whole(
    name: str, tmp_path: Path, random_weights: Callable[[Spec], Any], random_inputs: Callable[..., Any]
) -> None:
    spec = zoo.load(name)
    weights, inputs = random_weights(spec), list(random_inputs(spec, 2).values())
    data = conversion.write(spec, "keras-file", weights).data
    model = _loaded(data, tmp_path)
    read, found, _ = conversion.read(data)
    assert canonical(read) == canonical(spec, "keras-file")
    assert found is not None
    assert len(found) == len(weights)
    wanted = _answers(model, inputs)
    for one, other in zip(_built(spec, weights, inputs), wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5 * max(1.0, float(np.abs(other).max())))


WEIGHTY = [
    entry.type for entry in CATALOGUE.values()
    if entry.maps.get("keras") and (entry.weights or entry.weights_rule is not None)
]  # fmt: skip


def _example(type: str) -> tuple[Spec, dict[str, np.ndarray]]:
    entry = CATALOGUE[type]
    inputs = [
        Layer(name=f"x{i}", type="Input", params={"shape": list(shape)}) for i, shape in enumerate(entry.example.inputs)
    ]
    layer = Layer(name="y", type=type, params=dict(entry.example.params), inputs=tuple(one.name for one in inputs))
    spec = Spec(name="example", layers=(*inputs, layer), outputs=("y",))
    rng = np.random.default_rng(3)
    variables = [variable for layer in resolve(spec).layers for variable in layer.weights]
    return spec, {
        f"y/{v.name}": rng.integers(1, 9, v.shape) if v.name == "count" else rng.random(v.shape).astype("float32")
        for v in variables
    }


@pytest.mark.parametrize("type", WEIGHTY)
def test_every_variable_of_every_layer_goes_there_and_back(type: str, tmp_path: Path) -> None:
    spec, weights = _example(type)
    model = _loaded(conversion.write(spec, "keras-file", weights).data, tmp_path)
    for ending in (".keras", ".h5", ".weights.h5"):
        data = _saved(model, tmp_path, ending)
        if ending == ".weights.h5":
            found = conversion.read(conversion.convert(model.to_json().encode(), "keras-file", weights=data).data)[1]
        else:
            found = conversion.read(data)[1]
        assert found is not None
        assert {name: value.tolist() for name, value in found.items()} == {
            name: value.tolist() for name, value in weights.items()
        }


def test_weights_must_be_given_to_be_written() -> None:
    spec, weights = _example("Dense")
    with pytest.raises(ConversionImpossible) as error:
        conversion.write(spec, "keras-file")
    assert [(one.where.layer, one.received) for one in error.value.problems] == [("y", "none for kernel, bias")]
    with pytest.raises(ConversionImpossible, match="1 problem"):
        conversion.write(spec, "keras-file", weights | {"y/bias": np.zeros(3, "float32")})


def test_lambda_layers_are_named_as_obstacles(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((4,)), L.Lambda(lambda x: x * 2, name="twice"), L.Dense(2)])
    with pytest.raises(ConversionImpossible) as error:
        conversion.read(_saved(model, tmp_path, ".keras"))
    assert [(one.where.layer, one.received) for one in error.value.problems] == [("twice", "Lambda")]


def test_every_mismatch_is_listed(tmp_path: Path) -> None:
    given = _saved(keras.Sequential([keras.Input((6,)), L.Dense(4), L.Dense(3)]), tmp_path, ".weights.h5")
    with pytest.raises(ConversionImpossible) as error:
        conversion.convert(_dense().to_json().encode(), "keras-file", weights=given)
    assert len(error.value.problems) == 6


def test_a_file_of_weights_alone_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ConversionImpossible) as error:
        conversion.read(_saved(_dense(), tmp_path, ".weights.h5"))
    assert "model_config" in error.value.problems[0].rule


def test_compiled_models_and_old_half_precision_are_read(tmp_path: Path) -> None:
    import h5py

    model = _dense()
    model.compile("adam", "mse")
    model.fit(np.zeros((4, 6)), np.zeros((4, 3)), verbose=0)
    assert conversion.read(_saved(model, tmp_path, ".keras"))[1]
    buffer = io.BytesIO(_saved(model, tmp_path, ".weights.h5"))
    with h5py.File(buffer, "r+") as file:
        values = file["layers/dense/vars/1"][()]
        del file["layers/dense/vars/1"]
        file["layers/dense/vars/1"] = values.astype("float16")
    converted = conversion.convert(model.to_json().encode(), "keras-file", weights=buffer.getvalue())
    found = conversion.read(converted.data)[1]
    assert found is not None
    assert {tensor.dtype for tensor in found.values()} == {np.dtype("float32")}


@st.composite
def _graphs(draw: st.DrawFn) -> Spec:
    """Dense layers of one size in any order, branching, joined, and some called again."""
    layers = [Layer(name="x", type="Input", params={"shape": [3]})]
    own: list[str] = []
    for number in range(draw(st.integers(2, 12))):
        before = [layer.name for layer in layers]
        if draw(st.integers(0, 3)) == 0 and len(before) > 1:
            inputs = draw(st.lists(st.sampled_from(before), min_size=2, max_size=3))
            layers.append(Layer(name=f"n{number}", type="Add", inputs=tuple(inputs)))
            continue
        shared = draw(st.sampled_from(own)) if own and draw(st.booleans()) else None
        name, inputs = f"n{number}", [draw(st.sampled_from(before))]
        layers.append(Layer(name=name, type="Dense", params={"units": 3}, inputs=tuple(inputs), weights_of=shared))
        own += [] if shared else [name]
    read = {ref for layer in layers for ref in layer.inputs}
    ends = [layer.name for layer in layers if layer.name not in read]
    return Spec(name="graph", layers=tuple(layers), outputs=tuple(draw(st.permutations(ends))))


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(spec=_graphs())
def test_keras_finds_each_layer_in_any_graph(spec: Spec, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Layers of one class are told apart by their order in the graph alone: ours must be that of Keras."""
    owners = [layer for layer in spec.layers if layer.type == "Dense" and layer.weights_of is None]
    weights = {f"{one.name}/kernel": np.full((3, 3), i, "float32") for i, one in enumerate(owners)}
    weights |= {f"{one.name}/bias": np.full(3, i, "float32") for i, one in enumerate(owners)}
    data = conversion.write(spec, "keras-file", weights).data
    model = _loaded(data, tmp_path_factory.mktemp("graph"))
    for number, one in enumerate(owners):
        assert [float(np.asarray(w).max()) for w in model.get_layer(one.name).get_weights()] == [number, number]
    found = conversion.read(data)[1]
    assert found is not None
    assert {name: tensor.tolist() for name, tensor in found.items()} == {
        name: tensor.tolist() for name, tensor in weights.items()
    }


def test_weights_alone_are_written_for_keras_to_load(tmp_path: Path) -> None:
    model = _shuffled(_bidirectional())
    wanted, inputs = conversion.convert(_saved(model, tmp_path, ".keras"), "keras-weights"), _samples(model)
    assert wanted.filename.endswith(".weights.h5")
    (tmp_path / "ours.weights.h5").write_bytes(wanted.data)
    other = _bidirectional()
    other.load_weights(tmp_path / "ours.weights.h5")
    _close(_answers(other, inputs), _answers(model, inputs))
