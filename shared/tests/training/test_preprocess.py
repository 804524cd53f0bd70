import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from visualnn_shared.training.preprocess import apply, apply_inputs
from visualnn_shared.training.serving import Cast, OneHot, Reshape, Scale, Serving, TensorSpec

PICTURES = arrays(np.uint8, st.tuples(st.integers(1, 4), st.just(2), st.just(3)))


@given(PICTURES)
def test_pictures_are_flattened_and_scaled(pictures: np.ndarray) -> None:
    before = pictures.copy()
    found = apply((Reshape(shape=(6,)), Scale(factor=1 / 255)), pictures)
    expected = [[value / 255 for row in picture for value in row] for picture in pictures.tolist()]
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    np.testing.assert_array_equal(pictures, before)


@given(PICTURES, st.floats(-3, 3, width=32), st.floats(-3, 3, width=32))
def test_scale_has_a_factor_and_an_offset(pictures: np.ndarray, factor: float, offset: float) -> None:
    found = apply((Scale(factor=factor, offset=offset),), pictures)
    np.testing.assert_allclose(found, pictures.astype(np.float64) * factor + offset, rtol=1e-5, atol=1e-4)


@given(arrays(np.int64, st.integers(1, 9), elements=st.integers(0, 4)))
def test_labels_become_rows_with_a_single_one(labels: np.ndarray) -> None:
    found = apply((OneHot(classes=5),), labels)
    np.testing.assert_array_equal(found, np.eye(5, dtype=np.float32)[labels])


def test_one_hot_of_several_labels_a_sample_adds_an_axis() -> None:
    labels = np.array([[0, 1], [2, 2]], np.float32)
    np.testing.assert_array_equal(apply((OneHot(classes=3),), labels), np.eye(3)[labels.astype(int)])


def test_cast_keeps_an_array_that_fits() -> None:
    tokens = np.array([1, 2], np.int32)
    assert apply((Cast(dtype="int32"),), tokens) is tokens
    assert apply((Cast(dtype="float32"),), tokens).dtype == np.float32


def test_each_input_has_its_own_steps() -> None:
    spec = TensorSpec(name="a", shape=(2,), dtype="uint8")
    serving = Serving(
        inputs=(spec, spec.model_copy(update={"name": "b"})),
        outputs=(TensorSpec(name="y", shape=(1,), dtype="float32"),),
        preprocessing={"a": (Scale(factor=0.5),)},
        task="regression",
    )
    raw = np.array([[2, 4]], np.uint8)
    found = apply_inputs(serving, {"a": raw, "b": raw, "more": raw})
    assert {name: array.tolist() for name, array in found.items()} == {"a": [[1, 2]], "b": [[2, 4]]}
