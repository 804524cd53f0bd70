"""Nets, weights and references that the converter's tests share."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.spec.model import Layer, Spec

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
CORPUS = Path(__file__).parents[4] / "shared" / "corpus"
Weights = dict[str, np.ndarray]


def _chain(*layers: tuple[Any, ...], outputs: tuple[str, ...] = ()) -> Spec:
    """``(name, type, params)`` one after the other; a fourth item names the inputs, a fifth whose weights it shares."""
    made: list[Layer] = []
    for name, type, params, *rest in layers:
        default = [made[-1].name] if made and type != "Input" else []
        inputs = rest[0] if rest else default
        made.append(
            Layer(name=name, type=type, params=params, inputs=tuple(inputs), weights_of=rest[1] if rest[1:] else None)
        )
    return Spec(name="net", layers=tuple(made), outputs=outputs or (made[-1].name,))


@pytest.fixture(scope="session")
def chain() -> Callable[..., Spec]:
    """Builds a spec from tuples."""
    return _chain


@pytest.fixture(scope="session")
def random_weights() -> Callable[[Spec], Weights]:
    """Seeded weights for every variable; variances are positive."""

    def make(spec: Spec) -> Weights:
        rng = np.random.default_rng(7)
        made = {}
        for layer in resolve(spec).layers:
            for variable in layer.weights if layer.weights_of is None else ():
                values = rng.normal(0, 0.5, [int(n) for n in variable.shape])
                made[f"{layer.name}/{variable.name}"] = np.float32(
                    np.abs(values) + 0.5 if "variance" in variable.name else values
                )
        return made

    return make


@pytest.fixture(scope="session")
def random_inputs() -> Callable[..., Weights]:
    """Seeded samples for every input; free sizes are 7, whole numbers below 5."""

    def make(spec: Spec, batch: int = 3) -> Weights:
        rng = np.random.default_rng(8)
        made = {}
        for layer in resolve(spec).inputs:
            shape = [batch, *(7 if n is None else n for n in layer.params["shape"])]
            whole = "int" in layer.params["dtype"]
            values = rng.integers(0, 5, shape) if whole else rng.normal(0, 1, shape)
            made[layer.name] = values.astype(layer.params["dtype"])
        return made

    return make


@pytest.fixture(scope="session")
def keras_model() -> Callable[[Spec, Weights], Any]:
    """The Keras model of a spec, by way of Keras JSON, with these weights."""
    keras = pytest.importorskip("keras")
    from visualnn_converter import conversion

    def make(spec: Spec, weights: Weights) -> Any:
        written = conversion.write(spec, "keras")
        model = keras.models.model_from_json(written.data.decode())
        renamed = written.report.renamed
        for layer in spec.layers:
            own = {
                name.rpartition("/")[2]: value
                for name, value in weights.items()
                if name.rpartition("/")[0] == layer.name
            }
            if own:
                built = model.get_layer(renamed.get(layer.name, layer.name))
                variables = {variable.path.rpartition("/")[2]: variable for variable in built.variables}
                for name, value in own.items():
                    variables[name].assign(value)
        return model

    return make


@pytest.fixture(scope="session")
def keras_outputs(keras_model: Callable[..., Any]) -> Callable[..., list[np.ndarray]]:
    """What Keras answers, one array for each output."""

    def answer(spec: Spec, weights: Weights, inputs: Weights) -> list[np.ndarray]:
        model = keras_model(spec, weights)
        found = model(list(inputs.values()) if len(inputs) > 1 else next(iter(inputs.values())), training=False)
        return [np.asarray(one) for one in (found if isinstance(found, list | tuple) else [found])]

    return answer


@pytest.fixture(scope="session")
def worker_outputs() -> Callable[..., list[np.ndarray]]:
    """What the network that the worker builds of a spec answers, also for layers that Keras' own files cannot say."""
    pytest.importorskip("keras")
    from visualnn_worker.network.build import build
    from visualnn_worker.network.weights import set_weights

    def answer(spec: Spec, weights: Weights, inputs: Weights) -> list[np.ndarray]:
        network = build(spec)
        set_weights(network, weights)
        found = network.model(list(inputs.values()) if len(inputs) > 1 else next(iter(inputs.values())), training=False)
        return [np.asarray(one) for one in (found if isinstance(found, list | tuple) else [found])]

    return answer


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Real files of other people's networks; not part of the repository."""
    if not CORPUS.is_dir():
        pytest.skip(f"no corpus of model files at {CORPUS}")
    return CORPUS
