"""Weight steps: exact inverses, and the layouts they stand for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.catalogue.steps import Depthwise, Gates, HalfZero, Lead, Perm, Without, read_blob, write_blob
from visualnn_shared.spec.model import Layer, Spec

BLOBS = [
    (entry.type, format, number)
    for entry in CATALOGUE.values()
    for format, maps in entry.maps.items()
    for number, found in enumerate(maps)
    if found.blobs
]


@pytest.mark.parametrize(("type", "format", "number"), BLOBS)
@given(seed=st.integers(0, 2**32 - 1))
def test_every_blob_of_every_map_reads_what_it_wrote_bit_for_bit(
    type: str, format: str, number: int, seed: int
) -> None:
    entry = CATALOGUE[type]
    inputs = [
        Layer(name=f"x{i}", type="Input", params={"shape": shape}) for i, shape in enumerate(entry.example.inputs)
    ]
    names = tuple(layer.name for layer in inputs)
    layer = Layer(name="y", type=type, params=dict(entry.example.params), inputs=names)
    resolved = resolve(Spec(name="s", layers=(*inputs, layer), outputs=("y",))).layers[-1]
    rng = np.random.default_rng(seed)
    shapes = {variable.name: variable.shape for variable in resolved.weights}
    checked = 0
    for weight, steps in entry.maps[format][number].weight_steps():
        if weight in shapes:
            bits = rng.integers(0, 2**32, [int(n) for n in shapes[weight]], dtype=np.uint32)
            values = bits.view(np.float32)
            again = read_blob(write_blob(values, steps, resolved.params), steps, resolved.params)
            np.testing.assert_array_equal(again.view(np.uint32), bits)
            checked += 1
    assert checked


def test_perm_names_the_axes() -> None:
    x = np.arange(24).reshape(1, 2, 3, 4)
    assert Perm("hwio", "oihw").write(x, {}).shape == (4, 3, 1, 2)
    assert Perm("io", "oi").write(x[0, 0], {})[3, 2] == x[0, 0, 2, 3]


def test_gates_reorder_blocks_along_the_last_axis() -> None:
    x = np.array([["i", "i", "f", "f", "c", "c", "o", "o"]])
    assert "".join(Gates("ifco", "iofc").write(x, {})[0]) == "iiooffcc"


def test_axes_that_are_shared_are_left_out() -> None:
    step, x = Without("shared_axes"), np.arange(3.0).reshape(1, 1, 3)
    assert step.write(x, {"shared_axes": [2, 1]}).shape == (3,)
    assert step.write(x[..., :1], {"shared_axes": [1, 2, 3]}).shape == ()
    assert step.read(x.ravel(), {"shared_axes": [2, 1]}).shape == (1, 1, 3)
    assert step.read(x.ravel(), {"shared_axes": None}).shape == (3,)


def test_half_zero_writes_one_of_two_biases_and_reads_their_sum() -> None:
    step = HalfZero()
    np.testing.assert_array_equal(step.write(np.array([1.0, 2.0]), {}), [1, 2, 0, 0])
    np.testing.assert_array_equal(step.read(np.array([1.0, 2.0, 10.0, 20.0]), {}), [11, 22])


def test_lead_adds_the_axis_of_directions() -> None:
    assert Lead().write(np.zeros((3, 2)), {}).shape == (1, 3, 2)


def test_depthwise_keeps_a_channels_filters_together() -> None:
    x = np.arange(2 * 2 * 3 * 2).reshape(2, 2, 3, 2)
    written = Depthwise().write(x, {"depth_multiplier": 2})
    assert written.shape == (6, 1, 2, 2)
    for channel in range(3):
        for m in range(2):
            np.testing.assert_array_equal(written[channel * 2 + m, 0], x[:, :, channel, m])


def test_a_written_blob_is_contiguous_and_a_scalar_stays_one() -> None:
    assert write_blob(np.zeros((2, 3)), [Perm("io", "oi")]).flags.c_contiguous
    assert write_blob(np.float32(1), []).shape == ()
