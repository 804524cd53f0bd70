"""A layer type of the user's own: one file, named in ``VISUALNN_PLUGINS``, and every part knows it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PLUGIN = '''
"""A layer of our own: each value times a learnt factor for its channel."""

from visualnn_shared.catalogue.common import variable
from visualnn_shared.catalogue.entry import Example, Param, Weight
from visualnn_shared.catalogue.kinds import Float
from visualnn_shared.catalogue.registry import layer
from visualnn_shared.catalogue.shapes import same_shape

layer(
    "Louder",
    doc="Each value times a learnt factor for its channel, and a fixed gain.",
    group="activation",
    params=[Param("gain", Float(0), 2.0, "What all values are multiplied by."), *variable("factor", "ones")],
    shape=same_shape,
    weights=[Weight("factor", lambda _p, ins: (ins[0][-1],), initializer="factor_initializer")],
    keras_class="louder:Louder",
    example=Example(((4, 3),), {"gain": 3.0}),
)


def Louder(gain, factor_initializer, factor_regularizer, factor_constraint, trainable, name):
    import keras

    class Layer(keras.layers.Layer):
        def build(self, shape):
            self.factor = self.add_weight(
                shape=(shape[-1],), name="factor", initializer=factor_initializer, regularizer=factor_regularizer,
                constraint=factor_constraint,
            )

        def call(self, x):
            return gain * x * self.factor

    return Layer(name=name, trainable=trainable)
'''
SPEC = {
    "visualnn": 1, "name": "net", "outputs": ["loud"],
    "layers": [
        {"name": "x", "type": "Input", "params": {"shape": [4, 3]}},
        {"name": "loud", "type": "Louder", "params": {"gain": 3.0}, "inputs": ["x"]},
    ],
}  # fmt: skip
GATEWAY = """
import json, sys
import warnings
warnings.simplefilter("ignore")  # Starlette's about its own test client
from starlette.testclient import TestClient
from visualnn_api.main import create_app
from visualnn_api.settings import ApiSettings
client = TestClient(create_app(ApiSettings()), base_url="http://127.0.0.1:8000")
spec = json.load(sys.stdin)
layers = client.get("/api/v1/layers").json()
spec["layers"][1]["params"]["gain"] = -1
wrong = client.post("/api/v1/check", json=spec)
spec["layers"][1]["params"]["gain"] = 3
print(json.dumps({
    "listed": [one["params"][0]["name"] for one in layers["items"] if one["type"] == "Louder"],
    "wrong": [wrong.status_code, wrong.json()["problems"][0]["where"]["param"]],
    "check": client.post("/api/v1/check", json=spec).status_code,
    "summary": client.post("/api/v1/summary", json=spec).json()["params"],
}))
"""
WORKER = """
import json, sys
import numpy as np
from visualnn_shared.spec.reading import read_spec
from visualnn_worker.network.build import build
from visualnn_worker.network.weights import read_weights
network = build(read_spec(sys.stdin.read()))
found = {name: value.tolist() for name, value in read_weights(network).items()}
print(json.dumps({"weights": found, "value": float(np.asarray(network.model(np.ones((1, 4, 3), "float32")))[0, 0, 0])}))
"""


@pytest.fixture
def plugin(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "louder.py").write_text(PLUGIN)
    paths = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    return {**os.environ, "PYTHONPATH": paths, "VISUALNN_PLUGINS": "louder", "VISUALNN_DATA_DIR": str(tmp_path)}


def run(plugin: dict[str, str], *command: str) -> str:
    told = subprocess.run(
        [sys.executable, *command], env=plugin, input=json.dumps(SPEC), capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr
    return told.stdout.strip().splitlines()[-1]


def test_the_gateway_lists_checks_and_sums_up_a_layer_from_one_file(plugin: dict[str, str]) -> None:
    assert json.loads(run(plugin, "-c", GATEWAY)) == {
        "listed": ["gain"], "wrong": [422, "gain"], "check": 200, "summary": 3,
    }  # fmt: skip


def test_the_worker_builds_it(plugin: dict[str, str]) -> None:
    assert json.loads(run(plugin, "-c", WORKER)) == {"weights": {"loud/factor": [1.0, 1.0, 1.0]}, "value": 3.0}


def test_the_documentation_and_the_command_line_show_it(plugin: dict[str, str]) -> None:
    page = subprocess.run(
        [sys.executable, "tools/layer_page.py"], env=plugin, capture_output=True, text=True, check=True
    ).stdout
    assert "### Louder" in page
    listed = subprocess.run(
        [sys.executable, "-m", "visualnn.cli.main", "layers", "--json"], env=plugin, capture_output=True, text=True,
        check=True,
    ).stdout  # fmt: skip
    assert "Louder" in [one["type"] for one in json.loads(listed)]


def test_a_plugin_that_is_not_there_is_named(plugin: dict[str, str]) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "visualnn.cli.main", "layers"], env={**plugin, "VISUALNN_PLUGINS": "nowhere"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode != 0
    assert "VISUALNN_PLUGINS" in told.stderr
    assert "nowhere" in told.stderr
    assert "Traceback" not in told.stderr
