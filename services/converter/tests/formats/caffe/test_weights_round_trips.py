"""Weights of Caffe nets, whatever their bits: out and back; a damaged file gives problems and nothing else."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from visualnn_converter import conversion
from visualnn_converter.formats.caffe import normal
from visualnn_converter.formats.caffe.caffemodel import parse
from visualnn_converter.report import Report
from visualnn_shared import zoo
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.errors import ConversionImpossible
from visualnn_shared.spec.model import Layer, Spec

SETTINGS = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
Weights = dict[str, np.ndarray]


def bits(spec: Spec, seed: int) -> Weights:
    """Any bits for every variable, also those of numbers that are none."""
    rng, made = np.random.default_rng(seed), {}
    for layer in resolve(spec).layers:
        for variable in layer.weights if layer.weights_of is None else ():
            values = rng.integers(0, 2**32, [int(n) for n in variable.shape], dtype=np.uint32)
            made[f"{layer.name}/{variable.name}"] = values.view(np.float32)
    return made


def values(file: bytes) -> list[bytes]:
    """Every blob of a file, in its order."""
    return [blob.values.tobytes() for blobs in parse(file).values() for blob in blobs]


SMALL = st.integers(1, 3)
CONV = {"kernel_size": SMALL, "strides": st.integers(1, 2), "use_bias": st.booleans()}
LAYERS: dict[str, st.SearchStrategy[Any]] = {
    "Conv2D": st.fixed_dictionaries({**CONV, "filters": st.sampled_from([1, 4, 6]), "groups": st.integers(1, 2)}),
    "DepthwiseConv2D": st.fixed_dictionaries({**CONV, "depth_multiplier": SMALL}),
    "Conv2DTranspose": st.fixed_dictionaries({"kernel_size": st.sampled_from([2, 4]), "strides": st.just(2),
                                              "filters": SMALL, "use_bias": st.booleans()}),
    "BatchNormalization": st.fixed_dictionaries({"scale": st.booleans(), "center": st.booleans()}),
    "Scale": st.fixed_dictionaries({"use_bias": st.booleans()}),
    "BiasAdd": st.just({}),
    "PReLU": st.fixed_dictionaries({"shared_axes": st.sampled_from([None, [1], [1, 2], [1, 2, 3]])}),
    "Dense": st.fixed_dictionaries({"units": SMALL, "use_bias": st.booleans(),
                                    "activation": st.sampled_from(["linear", "relu"])}),
    "ReLU": st.just({}),
    "Flatten": st.just({}),
}  # fmt: skip


@st.composite
def nets(draw: st.DrawFn) -> Spec:
    """Chains that Caffe can say; a layer may have the weights of the one before it."""
    made = [Layer(name="x", type="Input", params={"shape": draw(st.sampled_from([[5, 4, 3], [6, 6, 1], [6]]))})]
    for number in range(draw(st.integers(1, 6))):
        last, type = made[-1], draw(st.sampled_from(list(LAYERS)))
        name = f"y{number}"
        again = CATALOGUE[last.type].has_weights and draw(st.booleans())
        type, params = (last.type, last.params) if again else (type, draw(LAYERS[type]))
        owner = (last.weights_of or last.name) if again else None
        new = [Layer(name=name, type=type, params=params, inputs=(last.name,), weights_of=owner)]
        if type == "Dense" and not again and len(resolve(_net(made)).outputs[0][1]) == 3:
            flat = Layer(name=f"{name}/flatten", type="Flatten", inputs=(last.name,))
            new = [flat, new[0].model_copy(update={"inputs": (flat.name,)})]
        try:
            if not resolve(_net([*made, *new])).problems:
                conversion.write(_net([*made, *new]), "caffe")
                made += new
        except ConversionImpossible:
            continue
    return _net(made)


def _net(layers: list[Layer]) -> Spec:
    return Spec(name="net", layers=tuple(layers), outputs=(layers[-1].name,))


@SETTINGS
@given(spec=nets().filter(lambda spec: len(spec.layers) > 1), seed=st.integers(0, 2**32 - 1))
def test_any_weights_come_back_bit_for_bit(spec: Spec, seed: int) -> None:
    weights = bits(spec, seed)
    text, file = conversion.write(spec, "caffe").data, conversion.write_weights(spec, "caffe", weights)
    again, found, report = conversion.read(text, "caffe", weights_file=file)
    assert found is not None
    assert not report.dropped
    # A bare BatchNormalization takes the Scale behind it: names move. As many groups as channels are read as depthwise.
    wanted = bits(normal(spec, Report(source="native", target="caffe")), 0)
    assert found.keys() == wanted.keys()
    assert {name: x.shape for name, x in found.items()} == {name: x.shape for name, x in bits(again, 0).items()}
    for name in wanted.keys() & weights.keys():
        assert found[name].tobytes() == weights[name].tobytes()
    assert sorted(x.tobytes() for x in found.values()) == sorted(x.tobytes() for x in weights.values())
    assert values(conversion.write_weights(again, "caffe", found)) == values(file)


@pytest.mark.parametrize("name", ["lenet", "squeezenet_1_1", "googlenet", "two-input"])
def test_networks_of_the_zoo_come_back(name: str, random_weights: Callable[[Spec], Weights]) -> None:
    spec = zoo.load(name)
    weights = random_weights(spec)
    file = conversion.write_weights(spec, "caffe", weights)
    _, found, _ = conversion.read(conversion.write(spec, "caffe").data, "caffe", weights_file=file)
    assert found is not None
    assert found.keys() == weights.keys()
    assert all(np.array_equal(found[one], weights[one]) for one in weights)


OF_CORPUS = {"GoogleNet": None, "Squeezenet": [227, 227, 3], "densenet": None, "resnet101": None, "lenet": [28, 28, 1]}


@pytest.mark.parametrize("name", OF_CORPUS)
def test_weights_of_published_nets_come_back(
    name: str, corpus: Path, random_weights: Callable[[Spec], Weights]
) -> None:
    text = (corpus / "caffe" / f"{name}.prototxt").read_bytes()
    spec, _, _ = conversion.read(text, "caffe", input_shape=OF_CORPUS[name])
    weights = random_weights(spec)
    file = conversion.write_weights(spec, "caffe", weights)
    _, found, report = conversion.read(conversion.write(spec, "caffe").data, "caffe", weights_file=file)
    assert found is not None
    assert found.keys() == weights.keys()
    assert all(np.array_equal(found[one], weights[one]) for one in weights)
    assert "its weights" not in [one.what for one in report.dropped]


ZOO = zoo.load("mnist-cnn")
TEXT, FILE = conversion.write(ZOO, "caffe").data, conversion.write_weights(ZOO, "caffe", bits(ZOO, 1))


@SETTINGS
@given(place=st.integers(0, len(FILE)), length=st.integers(0, 9), new=st.binary(max_size=9), cut=st.booleans())
def test_a_file_with_other_bytes_gives_weights_or_problems(place: int, length: int, new: bytes, cut: bool) -> None:
    file = FILE[:place] + new + (b"" if cut else FILE[place + length :])
    try:
        _, weights, _ = conversion.read(TEXT, "caffe", weights_file=file)
        answer = set(weights or ())
    except ConversionImpossible as error:
        answer = {problem.rule for problem in error.problems}
        assert answer
    else:
        assert answer == set(bits(ZOO, 0))


def test_memory_stays_within_three_times_the_file() -> None:
    x = Layer(name="x", type="Input", params={"shape": [8, 8, 32]})
    flat = Layer(name="d/flatten", type="Flatten", inputs=("x",))
    spec = _net([x, flat, Layer(name="d", type="Dense", params={"units": 2000}, inputs=("d/flatten",))])
    weights = bits(spec, 0)
    text = conversion.write(spec, "caffe").data
    tracemalloc.start()
    file = conversion.write_weights(spec, "caffe", weights)
    written = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    conversion.read(text, "caffe", weights_file=file)
    read_ = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert written < 3.2 * len(file)
    assert read_ < 3.2 * len(file)
