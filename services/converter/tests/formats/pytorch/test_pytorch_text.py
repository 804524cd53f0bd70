"""The text of a written module: it compiles, declares what its state dict holds, and no name can break it."""

import ast
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st
from visualnn_converter import conversion
from visualnn_converter.formats.pytorch.names import Identifiers, identifier
from visualnn_shared import zoo
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.errors import ConversionImpossible
from visualnn_shared.spec.model import Layer, Spec

from services.converter.tests.formats.pytorch.conftest import unpacked
from shared.tests.zoo_nets import SMALL


def _text(spec: Spec, weights: Any = None) -> str:
    return unpacked(conversion.write(spec, "pytorch", weights).data)["model.py"].decode()


def _members(tree: ast.Module) -> dict[str, ast.Call]:
    """``self.name = Call(...)`` of the last class."""
    network = [node for node in tree.body if isinstance(node, ast.ClassDef)][-1]
    init = next(node for node in network.body if isinstance(node, ast.FunctionDef) and node.name == "__init__")
    found = {}
    for node in init.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            assert isinstance(node.targets[0], ast.Attribute)
            found[node.targets[0].attr] = node.value
    return found


def _sizes(value: Any, rank: int) -> tuple[int, ...]:
    return (value,) * rank if isinstance(value, int) else tuple(value)


def _declared(call: ast.Call) -> dict[str, tuple[int, ...]]:
    """Names and shapes that PyTorch gives a module of these arguments; by PyTorch's documentation."""
    module = ast.unparse(call.func)
    args = [ast.literal_eval(arg) for arg in call.args]
    given = {arg.arg or "": ast.literal_eval(arg.value) for arg in call.keywords}
    if module == "nn.Linear":
        shapes = {"weight": (args[1], args[0]), "bias": (args[1],)}
    elif module.startswith("nn.Conv") and module[-1] == "d":
        rank = int(module[-2])
        pair = (args[1], args[0] // given.get("groups", 1))
        pair = (args[0], args[1]) if "Transpose" in module else pair
        shapes = {"weight": (*pair, *_sizes(given["kernel_size"], rank)), "bias": (args[1],)}
    elif module.startswith("nn.BatchNorm"):
        shapes = dict.fromkeys(("running_mean", "running_var", "weight", "bias"), (args[0],))
        shapes["num_batches_tracked"] = ()
        if not given.get("affine", True):
            del shapes["weight"], shapes["bias"]
    elif module == "nn.Embedding":
        shapes = {"weight": (args[0], args[1])}
    else:
        assert not call.args or module.startswith(("nn.Dropout", "nn.AlphaDropout")) or "Pool" in module, module
        return {}
    if not given.get("bias", True):
        del shapes["bias"]
    return shapes


PLAIN = ["lenet", "squeezenet_1_1", "all-cnn", "snn-8", "mobilenet"]
"""Networks of layers whose weights PyTorch's own modules hold."""


@pytest.mark.parametrize("name", PLAIN)
def test_the_state_dict_has_the_names_and_shapes_that_the_text_declares(name: str, random_weights: Any) -> None:
    spec = zoo.load(name)
    files = unpacked(conversion.write(spec, "pytorch", random_weights(spec)).data)
    declared = {
        f"{name}.{key}": shape
        for name, call in _members(ast.parse(files["model.py"])).items()
        for key, shape in _declared(call).items()
    }
    tensors = safetensors.numpy.load(files["model.safetensors"])
    assert {key: tensor.shape for key, tensor in tensors.items()} == declared


@pytest.mark.parametrize("name", SMALL)
def test_every_small_network_compiles_and_names_each_layer_once(name: str) -> None:
    spec = zoo.load(name)
    tree = ast.parse(_text(spec))
    compile(tree, "model.py", "exec")
    weighty = [layer for layer in resolve(spec).layers if layer.weights and layer.weights_of is None]
    assert len(_members(tree)) >= len([layer for layer in weighty if layer.type != "Bidirectional"])


@pytest.mark.parametrize("type", [entry.type for entry in CATALOGUE.values() if entry.maps.get("torch")])
def test_every_layer_with_a_map_compiles(type: str, random_weights: Any) -> None:
    entry = CATALOGUE[type]
    layers = [
        Layer(name=f"x{i}", type="Input", params={"shape": list(shape)}) for i, shape in enumerate(entry.example.inputs)
    ]
    layers.append(
        Layer(name="y", type=type, params=dict(entry.example.params), inputs=tuple(layer.name for layer in layers))
    )
    spec = Spec(name="net", layers=tuple(layers), outputs=("y",))
    weights = random_weights(spec)
    files = unpacked(conversion.write(spec, "pytorch", weights).data)
    compile(files["model.py"], "model.py", "exec")
    assert ("model.safetensors" in files) == bool(weights)


ANYTHING = st.one_of(
    st.text(min_size=1, max_size=40),
    st.sampled_from([
        '"""\nimport os\nos.system("x")\n"""', "'); import os #", "x\\", "self", "forward", "__class__", "None",
        "nn", "F",
        "x\nimport os", "\u202e", "lambda", "training", "_parameters", "load", "T", "数", "a/b:c", "{name}", "%s", "3",
        "');import os#", '""";import os;"""', "x\\\\", "#", "`os`", "${x}", "\\N{BELL}",
    ]),
)  # fmt: skip
HOSTILE = ANYTHING.map(lambda name: "".join(c for c in name if c.isprintable() and c != ":").strip()).filter(bool)
"""Names that a layer may have."""


@settings(max_examples=30, deadline=None)
@given(names=st.lists(HOSTILE, min_size=4, max_size=4, unique=True), title=ANYTHING)
def test_no_name_breaks_the_text_or_becomes_code(names: list[str], title: str) -> None:
    one, two, three, four = names
    spec = Spec(
        name=title,
        layers=(
            Layer(name=one, type="Input", params={"shape": [4, 4, 3]}),
            Layer(name=two, type="Conv2D", params={"filters": 2, "kernel_size": 2}, inputs=(one,)),
            Layer(name=three, type="Flatten", inputs=(two,)),
            Layer(name=four, type="Dense", params={"units": 2}, inputs=(three,)),
        ),
        outputs=(four,),
    )
    files = unpacked(conversion.write(spec, "pytorch").data)
    tree = ast.parse(files["model.py"])
    compile(tree, "model.py", "exec")
    kinds = [type(node).__name__ for node in tree.body]
    assert kinds == ["Expr", "ImportFrom", "Import", "ImportFrom", "ClassDef", "FunctionDef"], kinds
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert len(_members(tree)) == 2
    network = next(node for node in tree.body if isinstance(node, ast.ClassDef))
    own = {f"self.{name}" for name in _members(tree)} | {f"super().{'__init__'}", network.name}
    usual = {"nn.Conv2d", "nn.Linear", "torch.flatten", "super", "load_file", "Path", "net.load_state_dict", "net.eval"}
    usual |= {"Path(__file__).with_name"}
    assert calls <= own | usual, calls - own - usual
    assert "\n```\n" in files["README.md"].decode()


@given(names=st.lists(HOSTILE, max_size=6))
def test_identifiers_are_all_different_and_ascii(names: list[str]) -> None:
    taken = Identifiers()
    found = [taken.fresh(name) for name in names]
    assert len({name.casefold() for name in found}) == len(names)
    assert all(name.isidentifier() and name.isascii() and not name.startswith("_") for name in found)


def test_no_attribute_of_a_module_can_be_taken() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: it is no dependency")
    for name in dir(torch.nn.Module()):
        assert identifier(name) != name, name


def test_names_are_written_as_identifiers_and_both_are_reported(chain: Callable[..., Spec]) -> None:
    spec = chain(("in put", "Input", {"shape": [4]}), ("3x3", "Dense", {"units": 2}), ("3-x3", "ReLU", {}))
    report = conversion.write(spec, "pytorch").report
    assert report.renamed == {"in put": "in_put", "3x3": "layer_3x3", "3-x3": "layer_3_x3"}


def test_a_chain_reads_as_people_write_it(chain: Callable[..., Spec]) -> None:
    spec = chain(
        ("image", "Input", {"shape": [32, 32, 3]}),
        ("conv", "Conv2D", {"filters": 8, "kernel_size": 3, "padding": "same", "activation": "relu"}),
        ("pool", "MaxPooling2D", {}),
        ("flat", "Flatten", {}),
        ("logits", "Dense", {"units": 10}),
    )
    text = _text(spec)
    assert "self.conv = nn.Conv2d(3, 8, kernel_size=3, padding=1)" in text
    forward = text[text.index("def forward") : text.index("def load")]
    assert [line.split("#")[0].strip() for line in forward.splitlines()[1:] if line.strip()] == [
        "x = F.relu(self.conv(image))",
        "x = self.pool(x)",
        "x = torch.flatten(x, 1)",
        "x = self.logits(x)",
        "return x",
    ]
    assert "image: float32 (N, 3, 32, 32): batch, channels, height, width" in text


def test_shared_layers_are_one_module_called_twice(chain: Callable[..., Spec]) -> None:
    spec = chain(
        ("a", "Input", {"shape": [5]}),
        ("b", "Input", {"shape": [5]}),
        ("d", "Dense", {"units": 3}, ["a"]),
        ("d@1", "Dense", {"units": 3}, ["b"], "d"),
        ("diff", "Subtract", {}, ["d", "d@1"]),
    )
    text = _text(spec)
    assert text.count("nn.Linear(") == 1
    assert text.count("self.d(") == 2


def test_every_obstacle_is_told_at_once(chain: Callable[..., Spec]) -> None:
    spec = chain(
        ("x", "Input", {"shape": [8, 8, 3]}),
        ("up", "UpSampling2D", {"interpolation": "bicubic"}),
        ("turn", "RandomRotation", {"factor": 0.1}),
        ("c", "Conv2D", {"filters": 2, "kernel_size": 3}),
    )
    with pytest.raises(ConversionImpossible) as caught:
        conversion.write(spec, "pytorch", {"c/kernel": np.zeros((1, 1, 3, 2), np.float32)})
    assert [problem.where.layer for problem in caught.value.problems] == ["c", "c", "up", "turn"]


def test_the_same_model_gives_the_same_bytes(random_weights: Any) -> None:
    spec = zoo.load("lenet")
    weights = random_weights(spec)
    first, second = (conversion.write(spec, "pytorch", weights).data for _ in range(2))
    assert first == second
