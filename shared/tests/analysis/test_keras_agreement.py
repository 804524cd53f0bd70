"""What the catalogue says of a layer is what Keras builds: defaults, shapes, variables, counts.

Walks the catalogue: an entry that is new there is tested here without another line.
"""

import inspect
import os
import warnings
from typing import Any

import pytest
from visualnn_shared import zoo
from visualnn_shared.analysis.memory import SLOTS, slots
from visualnn_shared.analysis.params import clean_params
from visualnn_shared.analysis.summary import summary
from visualnn_shared.analysis.walk import Resolved, ResolvedLayer, resolve
from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.catalogue.free import to_json
from visualnn_shared.catalogue.inner import Inner
from visualnn_shared.catalogue.kinds import Kind, Optional
from visualnn_shared.catalogue.named import ACTIVATION, Named
from visualnn_shared.spec.model import Spec

from shared.tests.layer_uses import one_layer
from shared.tests.zoo_nets import SMALL

pytestmark = pytest.mark.slow

OURS = {"ceil_mode", "count_include_pad", "coefficients"}
"""Parameters that Keras' layer of the same name does not have."""
NOT_OURS = {
    "self", "kwargs", "name", "data_format", "lora_rank", "lora_alpha", "quantization_config", "weights",
    "gptq_unpacked_column_size", "flash_attention", "use_cudnn",
    "renorm", "renorm_clipping", "renorm_momentum", "synchronized",
    "batch_size", "batch_shape", "sparse", "ragged", "tensor", "optional",
}  # fmt: skip
"""Parameters of Keras that a spec leaves out on purpose."""

KERAS_TYPES = sorted(
    name
    for name, entry in CATALOGUE.items()
    if name == "Input" or (not entry.keras_class and entry.maps.get("keras") and entry.maps["keras"][0].op == name)
)
"""Types that Keras has under the same name."""


def is_plain(spec: Spec) -> bool:
    """Whether Keras' own layers, each called once, say all of it."""
    return all(
        layer.type in KERAS_TYPES and not OURS & set(layer.params) and not layer.weights_of for layer in spec.layers
    )


@pytest.fixture(scope="module")
def keras() -> Any:
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TensorFlow's own
        return pytest.importorskip("keras")


def keras_value(keras: Any, kind: Kind, value: Any) -> Any:
    """A clean value as Keras takes it."""
    inner = kind.of if isinstance(kind, Optional) else kind
    if isinstance(inner, Inner) and value is not None:
        kinds = CATALOGUE[value["type"]].kinds
        made = {name: keras_value(keras, kinds[name], item) for name, item in value["params"].items()}
        return getattr(keras.layers, value["type"])(**made)
    if isinstance(inner, Named) and value is not None and inner is not ACTIVATION:  # Keras knows no bare "constant"
        variant, params = inner.complete(value)
        config = {k: (v[0] if len(v) == 1 else list(v)) if isinstance(v, tuple) else v for k, v in params.items()}
        return {"class_name": variant.keras_class, "config": config}
    return value


def keras_layer(keras: Any, layer: ResolvedLayer) -> Any:
    """The Keras layer, from the catalogue's clean parameters."""
    given_params = {
        name: keras_value(keras, layer.entry.kinds[name], value)
        for name, value in layer.params.items()
        if name not in OURS
    }
    if layer.type == "Input":
        return keras.Input(**given_params, name=layer.name)
    return getattr(keras.layers, layer.type)(**given_params, name=layer.name)


def keras_model(keras: Any, resolved: Resolved) -> Any:
    tensors: dict[str, list[Any]] = {}
    for layer in resolved.layers:
        built = keras_layer(keras, layer)
        if layer.type == "Input":
            tensors[layer.name] = [built]
            continue
        ins = [tensors[ref.layer][ref.output] for ref in layer.inputs]
        if len(ins) > 1 and layer.entry.ports.call == "state":
            outs = built(ins[0], initial_state=ins[1:])
        elif layer.entry.ports.call == "args":
            outs = built(*ins)
        else:
            outs = built(ins if len(ins) > 1 else ins[0])
        tensors[layer.name] = list(outs) if isinstance(outs, list | tuple) else [outs]
    inputs = [tensors[layer.name][0] for layer in resolved.inputs]
    return keras.Model(inputs, [tensors[ref.layer][ref.output] for ref, _ in resolved.outputs])


def assert_agrees(keras: Any, spec: Spec) -> None:
    """Output shapes, and every variable's name, shape and trainability."""
    resolved = resolve(spec)
    assert resolved.problems == []
    model = keras_model(keras, resolved)
    for layer in resolved.layers:
        if layer.type == "Input":
            continue
        built = model.get_layer(layer.name)
        outs = built.output if isinstance(built.output, list | tuple) else [built.output]
        assert [list(out.shape[1:]) for out in outs] == [to_json(shape) for shape in layer.output_shapes], layer.name
        theirs = [(w.name, tuple(w.shape), w.trainable) for w in built.weights]
        ours = [(w.name.rpartition("/")[2], w.shape, w.trainable) for w in layer.weights]  # Keras has paths besides
        assert sorted(theirs) == sorted(ours), layer.name
    totals = summary(spec)
    assert totals.params == model.count_params()
    assert totals.trainable_params == sum(int(w.value.shape.num_elements()) for w in model.trainable_weights)


@pytest.mark.parametrize("name", KERAS_TYPES)
def test_defaults_are_those_of_keras(keras: Any, name: str) -> None:
    entry = CATALOGUE[name]
    made = keras.Input if entry.type == "Input" else getattr(keras.layers, entry.type).__init__
    left_out = NOT_OURS if entry.type == "Input" else {*NOT_OURS, "dtype"}
    theirs = {name: p.default for name, p in inspect.signature(made).parameters.items() if name not in left_out}
    ours = {p.name for p in entry.params} - OURS - {"trainable"}
    assert ours == set(theirs)
    derived = {name for name, _ in entry.derived}
    for param in ours - derived:
        if theirs[param] is inspect.Parameter.empty or (name, param) in {("Input", "shape"), ("Input", "dtype")}:
            continue
        assert entry.defaults[param] == entry.kinds[param].clean(theirs[param]), param
    required = {param for param in ours if theirs[param] is inspect.Parameter.empty}
    assert required | ({"shape"} if entry.type == "Input" else set()) == set(entry.required)


@pytest.mark.parametrize("name", KERAS_TYPES)
def test_the_example_of_an_entry_is_what_keras_builds(keras: Any, name: str) -> None:
    entry = CATALOGUE[name]
    assert_agrees(keras, one_layer(entry, list(entry.example.inputs), dict(entry.example.params)))


@pytest.mark.parametrize("name", [name for name in SMALL if is_plain(zoo.load(name))])
def test_a_built_in_network_is_what_keras_builds(keras: Any, name: str) -> None:
    assert_agrees(keras, zoo.load(name))


@pytest.mark.parametrize("axis", [1, 2, 3, -1, -2, -3])
def test_batch_normalisation_along_any_axis_counts_as_keras(keras: Any, axis: int) -> None:
    assert_agrees(keras, one_layer(CATALOGUE["BatchNormalization"], [(4, 5, 6)], {"axis": axis}))


@pytest.mark.parametrize(
    ("params", "states"),
    [({"units": 3}, True), ({"units": 3, "return_state": True, "return_sequences": True}, True),
     ({"units": 3, "use_bias": False, "go_backwards": True}, False)],
)  # fmt: skip
def test_an_lstm_with_and_without_initial_states_is_what_keras_builds(
    keras: Any, params: dict[str, Any], states: bool
) -> None:
    inputs = [(7, 5), (3,), (3,)] if states else [(7, 5)]
    assert_agrees(keras, one_layer(CATALOGUE["LSTM"], inputs, params))


UNITS = {"units": 3, "return_state": True}
LINES = {"filters": 2, "kernel_size": 3, "padding": "same"}
HEADS = {"num_heads": 2, "key_dim": 4}
GROUPS = {"num_query_heads": 4, "num_key_value_heads": 2, "head_dim": 3}


@pytest.mark.parametrize(
    ("type", "inputs", "params"),
    [
        ("GRU", [(7, 5), (3,)], UNITS),
        ("GRU", [(7, 5)], {"units": 3, "reset_after": False}),
        ("SimpleRNN", [(7, 5), (3,)], UNITS),
        ("ConvLSTM1D", [(7, 6, 5), (6, 2), (6, 2)], {**LINES, "return_state": True, "return_sequences": True}),
        ("ConvLSTM2D", [(7, 6, 6, 5)], {**LINES, "padding": "valid", "strides": [2, 1]}),
        ("ConvLSTM3D", [(7, 6, 6, 6, 2)], {**LINES, "dilation_rate": 2}),
        ("Bidirectional", [(7, 5), (3,), (3,)], {"layer": {"type": "GRU", "params": UNITS}, "merge_mode": None}),
        ("Attention", [(7, 5), (9, 4), (9, 5)], {"use_scale": True, "score_mode": "concat"}),
        ("AdditiveAttention", [(7, 5), (9, 4), (9, 5)], {"use_scale": False}),
        ("MultiHeadAttention", [(7, 5), (9, 4), (9, 6)], {**HEADS, "value_dim": 3, "output_shape": [2, 8]}),
        ("MultiHeadAttention", [(6, 7, 5), (6, 9, 4)], {**HEADS, "attention_axes": 2, "use_bias": False}),
        ("MultiHeadAttention", [(6, 7, 5), (6, 9, 4)], {**HEADS, "attention_axes": [-2]}),
        ("MultiHeadAttention", [(None, 5), (9, 4)], {**HEADS, "use_gate": True, "sliding_window": 2}),
        ("GroupQueryAttention", [(7, 5), (9, 5), (9, 6)], {**GROUPS, "use_gate": True}),
        ("Dot", [(7, 5), (4, 7)], {"axes": [1, -1]}),
        ("Dot", [(5,), (5,)], {"axes": 1, "normalize": True}),
    ],
)
def test_more_inputs_and_other_forms_are_what_keras_builds(
    keras: Any, type: str, inputs: list[Any], params: dict[str, Any]
) -> None:
    assert_agrees(keras, one_layer(CATALOGUE[type], inputs, params))


def test_a_frozen_layer_has_no_trainable_parameters(keras: Any) -> None:
    assert_agrees(keras, one_layer(CATALOGUE["Dense"], [(4,)], {"units": 3, "trainable": False}))


OPTIMIZERS = [
    *[{"name": name} for name in SLOTS],
    {"name": "sgd", "momentum": 0.9}, {"name": "rmsprop", "momentum": 0.5}, {"name": "rmsprop", "centered": True},
    {"name": "adam", "amsgrad": True}, {"name": "rmsprop", "momentum": 0.5, "centered": True},
]  # fmt: skip


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
def test_an_optimizer_keeps_as_many_slots_as_in_keras(keras: Any, optimizer: dict[str, Any]) -> None:
    classes = {name.lower(): getattr(keras.optimizers, name) for name in dir(keras.optimizers)}
    made = classes[optimizer["name"]](**{key: value for key, value in optimizer.items() if key != "name"})
    variable = keras.Variable([[1.0, 2.0]])
    made.build([variable])
    same_shape = [v for v in made.variables if tuple(v.shape) == tuple(variable.shape)]
    assert slots(optimizer) == len(same_shape)


def test_parameters_that_are_not_checked_against_each_other_are_at_least_cleaned() -> None:
    _clean, problems = clean_params(CATALOGUE["Conv2D"], {"filters": True, "kernel_size": [3], "padding": "SAME"})
    assert [p.where.param for p in problems] == ["filters", "kernel_size", "padding"]
