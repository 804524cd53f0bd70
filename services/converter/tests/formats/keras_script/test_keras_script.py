"""The script builds the net that the spec says, trains it, and keeps its form whatever names are in the spec."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from visualnn_converter import conversion
from visualnn_shared import zoo
from visualnn_shared.analysis.expand import expand
from visualnn_shared.analysis.summary import summary
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.errors import ConversionImpossible
from visualnn_shared.spec.model import Layer, Spec

from shared.tests.layer_nets import gathered

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
keras = pytest.importorskip("keras")
DRAWN = ("RandomCrop",)
"""It draws a seed of its own where none is given."""
ZOO = ("two-input", "siamese", "seq2seq", "imdb-bidirectional", "transformer-encoder", "squeezenet_1_1", "resnet18")


def _source(spec: Spec) -> str:
    return conversion.write(spec, "keras-script").data.decode()


def _built(spec: Spec) -> Any:
    space: dict[str, Any] = {"__name__": "script"}
    exec(compile(_source(spec), "train.py", "exec"), space)
    return space["build_model"]()


def _configs(model: Any) -> dict[str, Any]:
    """Of each layer; the names of layers within wrappers say nothing."""
    return {layer.name: _anonymous(layer.get_config(), top=True) for layer in model.layers}


def _anonymous(value: Any, *, top: bool = False) -> Any:
    if isinstance(value, dict):
        return {key: _anonymous(one) for key, one in value.items() if key != "build_config" and (top or key != "name")}
    return [_anonymous(one) for one in value] if isinstance(value, list | tuple) else value


@pytest.mark.parametrize("name", [*gathered(DRAWN), *ZOO])
def test_the_script_builds_the_model_of_the_keras_json(name: str) -> None:
    spec = gathered(DRAWN).get(name) or zoo.load(name)
    found = _built(spec)
    wanted = keras.models.model_from_json(conversion.write(spec, "keras").data.decode())
    assert _configs(found) == _configs(wanted)
    assert found.count_params() == wanted.count_params() == summary(expand(spec)).params
    assert [tensor.shape for tensor in found.outputs] == [tensor.shape for tensor in wanted.outputs]


def _ends(chain: Any) -> Spec:
    """Two inputs, and an output for classes and one for numbers."""
    return chain(
        ("a picture", "Input", {"shape": [6, 6, 1]}), ("c", "Conv2D", {"filters": 2, "kernel_size": 3}),
        ("f", "Flatten", {}), ("b", "Input", {"shape": [3]}), ("j", "Concatenate", {}, ["f", "b"]),
        ("class", "Dense", {"units": 4, "activation": "softmax"}), ("size", "Dense", {"units": 1}, ["j"]),
        outputs=("class", "size"),
    )  # fmt: skip


def test_the_script_trains_evaluates_and_saves(chain: Any, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(_source(_ends(chain)))
    rng = np.random.default_rng(3)
    np.savez(tmp_path / "data.npz", x_a_picture=rng.normal(size=(20, 6, 6, 1)), x_b=rng.normal(size=(20, 3)),
             y_class=rng.integers(0, 4, 20), y_size=rng.normal(size=(20, 1)))  # fmt: skip
    command = [sys.executable, "train.py", "data.npz", "--epochs", "2", "--save", "m.keras"]
    env = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1"}
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=240, env=env, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "test class_accuracy:" in done.stdout
    assert "test size_mae:" in done.stdout
    assert [layer.name for layer in conversion.read((tmp_path / "m.keras").read_bytes())[0].layers if "D" in layer.type]
    np.savez(tmp_path / "data.npz", x_b=np.zeros(3))
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=240, env=env, check=False)
    assert "must hold the arrays x_a_picture, y_class, y_size" in done.stderr


def test_layers_that_keras_lacks_are_obstacles_by_name(chain: Any) -> None:
    spec = chain(
        ("x", "Input", {"shape": [8, 8, 3]}),
        ("n", "LRN", {}),
        ("s", "SPP", {"pyramid_height": 2}),
        ("m", "Maxout", {"units": 2}),
    )
    with pytest.raises(ConversionImpossible) as error:
        _source(spec)
    assert [problem.where.layer for problem in error.value.problems] == ["n", "s", "m"]


def _form(source: str) -> list[tuple[str, ...]]:
    """What a script consists of, but for the texts and the variables in it."""
    return [
        (type(node).__name__, node.attr if isinstance(node, ast.Attribute) else "")
        for node in ast.walk(ast.parse(source))
    ]


def _named(model: str, names: list[str], equation: str = "ab,bc->ac") -> Spec:
    layers = [
        Layer(name=names[0], type="Input", params={"shape": [4]}),
        Layer(name=names[1], type="EinsumDense", params={"equation": equation, "output_shape": 4}, inputs=(names[0],)),
        Layer(name=names[2], type="Dense", params={"units": 4}, inputs=(names[1],)),
        Layer(name=names[3], type="Dense", params={"units": 4}, inputs=(names[2],), weights_of=names[2]),
        Layer(name=names[4], type="Dense", params={"units": 3, "activation": "softmax"}, inputs=(names[3],)),
    ]
    return Spec(name=model, layers=tuple(layers), outputs=(names[4],))


def _is_name(text: str) -> bool:
    """What a spec allows."""
    return 0 < len(text) <= 60 and text == text.strip() and ":" not in text and text.isprintable()


HOSTILE = st.sampled_from([
    '"', "'", '"""', "\\", "\\N{DASH}", "{model}", "{0.__class__}", "%s", "#", "import os", "keras", "layers", "model",
    "class", "None", "np", "1", "é", "日本", "\u202e", "​", "__import__('os').system('false')", "a b", "x_", "ﬁ", "ª",
])  # fmt: skip
TEXTS = st.one_of(
    HOSTILE, st.lists(HOSTILE, max_size=3).map("".join), st.text(min_size=1, max_size=20)
).filter(_is_name)  # fmt: skip


@settings(max_examples=60, deadline=None)
@example(names=['a"""\\', "b');import os;('", "{model}", "# é", "print"], model='"""')
@given(names=st.lists(TEXTS, min_size=5, max_size=5, unique=True), model=TEXTS)
def test_no_name_breaks_the_script_or_becomes_code(names: list[str], model: str) -> None:
    spec = _named(model, names)
    if resolve(spec).problems:
        return
    written = conversion.write(spec, "keras-script")
    source = written.data.decode()
    assert _form(source) == _form(_source(_named("net", ["a", "b", "c", "d", "e"])))
    texts = {node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)}
    final = {name: written.report.renamed.get(name, name) for name in names}
    assert {final[names[0]], final[names[1]], final[names[4]]} <= texts


def test_texts_in_parameters_are_literals() -> None:
    hostile = 'ab,bc->ac");import os;("'
    with pytest.raises(Exception, match="equation"):
        _source(_named("net", list("abcde"), hostile))


@pytest.mark.parametrize("text", ['"', "'", "\\", "\n", "\u202e", "é", "a\"b'c", "\ud800", "\x00", "{x}", '"""'])
def test_a_literal_reads_as_what_it_was(text: str) -> None:
    from visualnn_converter.formats.keras_script.literals import literal

    for value in (text, [text], {text: [1, 2.5, None, True]}, (1,), (1, 2), [], [[1, 2], [3, 4]]):
        read = ast.literal_eval(literal(value))
        assert json.dumps(read) == json.dumps(value)
    literal(text).encode()
