"""Preprocessing: what is refused before a job is queued, and what fitting finds, against other libraries."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pydantic import TypeAdapter
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from visualnn_shared.datasets.schema import DatasetSchema, FeatureSchema, LabelSchema
from visualnn_shared.datasets.splitting import divide
from visualnn_shared.errors import Invalid
from visualnn_shared.spec.model import Spec
from visualnn_shared.training import filling
from visualnn_shared.training.choose import Plan, plan
from visualnn_shared.training.learning import learn
from visualnn_shared.training.pipeline import pipe
from visualnn_shared.training.pixels import channels, resize
from visualnn_shared.training.preprocess import apply
from visualnn_shared.training.recipe import TrainParams
from visualnn_shared.training.serving import Numbers, Scale, Serving, Step, Tokens, with_gaps
from visualnn_shared.training.steps import RecipeStep, Tokenise
from visualnn_shared.training.words import split
from visualnn_shared.zoo import load

RANDOM = np.random.default_rng(5)
TABLE = (RANDOM.normal(3, 2, (2500, 6)) @ RANDOM.normal(0, 1, (6, 6))).astype(np.float32)
LABEL = LabelSchema(
    name="y", shape=(), dtype="int64", kind="class", n_classes=10, min=0, max=9, whole=True
)  # fmt: skip
_STEP: TypeAdapter[Any] = TypeAdapter(RecipeStep)


def recipe(step: str, **params: Any) -> Any:
    return _STEP.validate_python({"step": step, **params})


def feature(shape: tuple[int, ...], dtype: Any = "float32", low: float = 0, top: float = 255) -> FeatureSchema:
    whole = dtype not in ("float32", "float64")
    return FeatureSchema(name="x", shape=shape, dtype=dtype, min=low, max=top, whole=whole)


def fitted(array: np.ndarray, *steps: Any) -> tuple[Step, ...]:
    dtype = "text" if array.dtype == object else str(array.dtype)
    ends = (0.0, 9.0) if dtype == "text" else (float(array.min()), float(array.max()))
    piped = pipe(feature(array.shape[1:], dtype, *ends), steps, "params.preprocessing")
    assert not piped.problems, piped.problems
    found = learn(piped.steps, lambda which: array[which], len(array))
    made = apply(found, array[:3])
    assert made.shape[1:] == piped.feature.shape
    return found


GAPS = np.where(RANDOM.random((1100, 5)) < 0.2, np.nan, RANDOM.integers(-4, 5, (1100, 5)) * 0.5).astype(np.float32)


@pytest.mark.parametrize("strategy", ["mean", "median", "most_frequent", "constant"])
@pytest.mark.parametrize("at_once", [2**24, 2200], ids=["all places at once", "two places at a time"])
def test_filling_is_scikit_learns(strategy: str, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "_AT_ONCE", at_once)
    given = {"fill_value": 7.0} if strategy == "constant" else {}
    asked = [recipe("fill", strategy=strategy, **given), recipe("standardise")]
    one = feature((5,), "float32", -2, 2).model_copy(update={"missing": int(np.isnan(GAPS).sum())})
    piped = pipe(one, asked, "params.preprocessing")
    assert (piped.problems, piped.feature.missing) == ((), 0)
    steps = learn(piped.steps, lambda which: GAPS[which], len(GAPS))
    imputer = SimpleImputer(strategy=strategy, **given)
    expected = imputer.fit_transform(GAPS)
    np.testing.assert_allclose(apply(steps[:1], GAPS), expected, atol=1e-6)
    np.testing.assert_allclose(apply(steps, GAPS), StandardScaler().fit_transform(expected), atol=2e-5)
    later = np.full((2, 5), np.nan, np.float32)
    np.testing.assert_allclose(apply(steps[:1], later), imputer.transform(later), atol=1e-6)
    assert np.isnan(later).all()  # the argument is not changed


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
@pytest.mark.parametrize("strategy", ["mean", "median", "most_frequent"])
def test_whole_numbers_are_filled_like_others(strategy: str, dtype: Any) -> None:
    """Nothing is missing in training; later a sample lacks what whole numbers have no sign for."""
    array = RANDOM.integers(50, 100, (40, 4)).astype(dtype)
    piped = pipe(feature((4,), dtype, 50, 99), [recipe("fill", strategy=strategy)], "params.preprocessing")
    steps = learn(piped.steps, lambda which: array[which], len(array))
    assert piped.feature.dtype == apply(steps, array).dtype.name == with_gaps(dtype)
    later = np.array([[92, np.nan, 75, 63], [np.nan] * 4])
    expected = SimpleImputer(strategy=strategy).fit(array.astype(float)).transform(later)
    np.testing.assert_allclose(apply(steps, later), expected, rtol=1e-6)
    np.testing.assert_array_equal(apply(steps, array), array)


def test_what_no_training_sample_has_is_filled_with_the_value_that_was_given() -> None:
    array = np.array([[1.0, np.nan], [3.0, np.nan]], np.float32)
    for strategy in ("mean", "median", "most_frequent"):
        steps = learn((recipe("fill", strategy=strategy, fill_value=-1.0),), lambda which: array[which], 2)
        assert apply(steps, array)[:, 1].tolist() == [-1, -1]


def test_standardising_is_scikit_learns() -> None:
    steps = fitted(TABLE, recipe("standardise"))
    np.testing.assert_allclose(apply(steps, TABLE), StandardScaler().fit_transform(TABLE), atol=2e-5)


def test_min_max_is_scikit_learns() -> None:
    steps = fitted(TABLE, recipe("min_max", low=-1.0, high=2.0))
    np.testing.assert_allclose(apply(steps, TABLE), MinMaxScaler((-1, 2)).fit_transform(TABLE), atol=2e-5)


@pytest.mark.parametrize("components", [6, 2])
def test_principal_components_are_scikit_learns(components: int) -> None:
    ours = apply(fitted(TABLE, recipe("pca", components=components)), TABLE)
    theirs = PCA(components, svd_solver="full").fit_transform(TABLE)
    sign = np.sign((ours * theirs).sum(0))
    np.testing.assert_allclose(ours, theirs * sign, atol=5e-4)


def test_whitening_leaves_no_correlation_and_zca_stays_near() -> None:
    for method in ("pca", "zca"):
        white = apply(fitted(TABLE, recipe("whiten", method=method, epsilon=0.0)), TABLE)
        np.testing.assert_allclose(np.cov(white.T), np.eye(6), atol=2e-3)
        theirs = PCA(whiten=True, svd_solver="full").fit_transform(TABLE)
        if method == "pca":
            np.testing.assert_allclose(np.abs(white), np.abs(theirs), atol=2e-3)
        else:
            centred = TABLE - TABLE.mean(0)
            assert all(np.corrcoef(white[:, i], centred[:, i])[0, 1] > 0.1 for i in range(6))


@pytest.mark.parametrize(("over", "axis"), [("feature", 0), ("channel", (0, 1, 2)), ("all", None)])
def test_means_are_over_what_is_asked_for(over: str, axis: Any) -> None:
    pictures = RANDOM.integers(0, 256, (1500, 4, 5, 3), np.uint8)
    steps = fitted(pictures, recipe("subtract_mean", over=over))
    np.testing.assert_allclose(apply(steps, pictures), pictures - pictures.mean(axis), atol=1e-4)
    steps = fitted(pictures, recipe("standardise", over=over))
    wanted = (pictures - pictures.mean(axis)) / pictures.std(axis)
    np.testing.assert_allclose(apply(steps, pictures), wanted, atol=1e-4)


def test_what_is_constant_becomes_zero_and_not_infinite() -> None:
    table = np.concatenate([TABLE, np.full((len(TABLE), 1), 0.1, np.float32)], 1)
    for step in (recipe("standardise"), recipe("min_max"), recipe("whiten", epsilon=0.0), recipe("pca")):
        assert np.isfinite(apply(fitted(table, step), table)).all()
    assert not apply(fitted(table, recipe("standardise")), table)[:, 6].any()


@pytest.mark.parametrize("size", [(7, 9), (28, 28), (5, 31), (1, 1), (13, 4)])
def test_resizing_is_pillows(size: tuple[int, int]) -> None:
    pictures = RANDOM.integers(0, 256, (2, 13, 11, 3), np.uint8)
    ours = resize(pictures, *size, "bilinear")
    for number in range(2):
        for channel in range(3):
            plane = Image.fromarray(pictures[number, :, :, channel].astype(np.float32))
            theirs = np.asarray(plane.resize(size[::-1], Image.Resampling.BILINEAR))
            np.testing.assert_allclose(ours[number, :, :, channel], theirs, atol=1e-2)
    near = resize(pictures, *size, "nearest")
    theirs = np.asarray(Image.fromarray(pictures[0]).resize(size[::-1], Image.Resampling.NEAREST))
    assert np.array_equal(near[0], theirs)
    assert np.array_equal(resize(pictures[..., 0], *size, "bilinear"), ours[..., 0])


def test_channels_go_where_they_are_asked_to() -> None:
    pictures = RANDOM.integers(0, 256, (2, 4, 5, 3), np.uint8)
    assert np.array_equal(channels(pictures, "reverse")[..., 0], pictures[..., 2])
    assert np.array_equal(channels(channels(pictures, "first"), "last"), pictures)
    grey = np.asarray(Image.fromarray(pictures[0]).convert("L"))
    np.testing.assert_allclose(channels(pictures, "grey")[0, ..., 0], grey, atol=1)
    assert channels(pictures[..., 0], "colour").shape == (2, 4, 5, 3)


TEXTS = np.array(["A good film, a GOOD one", "bad film", "film", "", "don't"], object)


def test_words_are_numbered_by_how_often_they_come_in_training() -> None:
    (step,) = fitted(TEXTS, Tokenise(step="tokenise", words=6, length=4))
    assert isinstance(step, Tokens)
    assert step.vocabulary == ("film", "a", "good", "bad")
    rows = apply((step,), np.array(["good film unheard", "a b c d film", ""], object))
    assert rows.tolist() == [[0, 4, 2, 1], [1, 1, 1, 2], [0, 0, 0, 0]]
    (step,) = fitted(TEXTS, Tokenise(step="tokenise", words=6, length=4, padding="post", truncating="post"))
    rows = apply((step,), np.array(["good film unheard", "a b c d film"], object))
    assert rows.tolist() == [[4, 2, 1, 0], [3, 1, 1, 1]]


def test_padding_and_cutting_are_kerass() -> None:
    import keras

    (step,) = fitted(TEXTS, Tokenise(step="tokenise", words=9, length=3))
    numbers = {word: number for number, word in enumerate(step.vocabulary, 2)}  # type: ignore[union-attr]
    lists = [[numbers[word] for word in split(text, True)] for text in TEXTS]
    assert np.array_equal(apply((step,), TEXTS), keras.utils.pad_sequences(lists, 3))


def test_what_was_fitted_survives_json_bit_for_bit() -> None:
    step = fitted(TABLE, recipe("standardise"))[0]
    serving = Serving(inputs=(), outputs=(), preprocessing={"x": (step,)}, task="regression")
    again = Serving.model_validate_json(serving.model_dump_json())
    assert again == serving
    assert np.array_equal(apply(again.preprocessing["x"], TABLE), apply((step,), TABLE))
    with pytest.raises(ValueError, match="as many as the shape"):
        Numbers(shape=(3,), data="AAAA")


STEPS = [
    {"step": "standardise", "over": "channel"}, {"step": "min_max"}, {"step": "whiten", "method": "zca"},
    {"step": "pca", "components": 3}, {"step": "resize", "height": 3, "width": 2}, {"step": "scale"},
]  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(rows=st.integers(1, 40), chosen=st.lists(st.sampled_from(STEPS), max_size=2), seed=st.integers(0, 99))
def test_a_sample_is_the_same_alone_and_among_others(rows: int, chosen: list[dict[str, Any]], seed: int) -> None:
    pictures = np.random.default_rng(seed).integers(0, 256, (rows + 5, 4, 4, 3), np.uint8)
    piped = pipe(feature((4, 4, 3), "uint8"), [recipe(**one) for one in chosen], "p")
    steps = learn(piped.steps, lambda which: pictures[which], len(pictures))
    together = apply(steps, pictures)
    alone = np.concatenate([apply(steps, pictures[i : i + 1]) for i in range(len(pictures))])
    np.testing.assert_allclose(alone, together, rtol=1e-6, atol=1e-6)


def net(shape: list[int], dtype: str = "float32") -> Spec:
    return Spec.model_validate(
        {
            "visualnn": 1,
            "name": "net",
            "layers": [
                {"name": "in", "type": "Input", "params": {"shape": shape, "dtype": dtype}, "inputs": []},
                {"name": "flat", "type": "Flatten", "inputs": ["in"]},
                {"name": "out", "type": "Dense", "params": {"units": 10, "activation": "softmax"}, "inputs": ["flat"]},
            ],
            "outputs": ["out"],
        }
    )


def planned(spec: Spec, one: FeatureSchema, **params: Any) -> Plan:
    schema = DatasetSchema(features=(one,), label=LABEL)
    return plan(spec, schema, {"train": 100}, TrainParams.model_validate(params))


LACKING = feature((25,)).model_copy(update={"missing": 3, "missing_in": ("age", "income")})


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ([], ["x that are missing must be filled in", "3 missing in the columns age, income", '{"step": "fill"}']),
        ([{"step": "standardise"}], ["must be filled in before a net takes them", "params.preprocessing"]),
        ([{"step": "standardise"}, {"step": "fill"}], ["fill must be the first step", "params.preprocessing.1"]),
    ],
)
def test_missing_values_are_refused_with_the_way_out(steps: list[Any], told: list[str]) -> None:
    with pytest.raises(Invalid) as caught:
        planned(net([25]), LACKING, preprocessing=steps)
    said = "\n".join(str(one) for one in caught.value.problems)
    assert all(part in said for part in told), said


def test_a_recipe_that_fills_takes_them_and_one_may_fill_where_nothing_is_missing_yet() -> None:
    for one in (LACKING, feature((25,)), feature((25,), "uint8")):
        found = planned(net([25]), one, preprocessing=[recipe("fill", strategy="median")])
        assert found.preprocessing["in"][0].step == "fill"


def test_steps_come_first_and_the_rest_follows() -> None:
    found = planned(net([27]), feature((5, 5, 3), "uint8"), preprocessing=[recipe("resize", height=3, width=3)])
    kinds = [step.step for step in found.serving.preprocessing["in"]]
    assert kinds == ["resize", "reshape", "scale"]
    assert not found.waits
    found = planned(net([25]), feature((25,)), preprocessing={"in": [recipe("standardise")]})
    assert found.waits
    assert found.serving.preprocessing == {}
    assert [step.step for step in found.preprocessing["in"]] == ["standardise"]


@pytest.mark.parametrize(
    ("steps", "kinds"),
    [
        (["subtract_mean"], ["subtract_mean", "scale"]),
        (["pca"], ["pca", "scale"]),
        (["subtract_mean", "pca"], ["subtract_mean", "pca", "scale"]),
        (["standardise"], ["standardise"]),
        (["min_max"], ["min_max"]),
        (["whiten"], ["whiten"]),
        (["scale", "subtract_mean"], ["scale", "subtract_mean"]),
        (["subtract_mean", "standardise"], ["subtract_mean", "standardise"]),
    ],
)
def test_8_bit_values_are_scaled_unless_a_step_does_so(steps: list[str], kinds: list[str]) -> None:
    found = planned(net([25]), feature((25,), "uint8"), preprocessing=[recipe(step) for step in steps])
    assert [step.step for step in found.preprocessing["in"]] == kinds
    told = found.chosen["preprocessing"]
    assert [one["step"] for one in told["value"]["in"]] == kinds
    assert ("scaled from 0-255 to 0-1" in told["why"]) == (kinds != steps)


def test_pictures_of_another_size_are_resized_and_told() -> None:
    found = planned(load("mnist-dnn"), feature((8, 8), "uint8"))
    assert [step.step for step in found.serving.preprocessing["input"]] == ["resize", "reshape", "scale"]
    assert "resized" in found.chosen["preprocessing"]["why"]
    colour = planned(net([12, 12, 3]), feature((8, 8), "uint8"))
    assert [step.step for step in colour.serving.preprocessing["in"]] == ["channels", "resize", "scale"]


def test_numbers_of_another_size_are_still_refused() -> None:
    with pytest.raises(Invalid, match="as many values"):
        planned(net([25]), feature((24,)))


def test_texts_are_tokenised_by_what_the_net_takes() -> None:
    text = FeatureSchema(name="text", shape=(), dtype="text", min=1, max=90, whole=True)
    label = LABEL.model_copy(update={"n_classes": 2, "max": 1})
    found = plan(load("imdb-lstm"), DatasetSchema(features=(text,), label=label), {"train": 9}, TrainParams())
    (step,) = found.preprocessing["words"]
    assert isinstance(step, Tokenise)
    assert (step.words, step.length) == (20_000, 80)
    assert found.serving.inputs[0].dtype == "text"
    assert "20,000 most frequent words" in found.chosen["preprocessing"]["why"]


REFUSED: list[tuple[Any, FeatureSchema, str, str]] = [
    ([{"step": "pca", "components": 30}], feature((25,)), "params.preprocessing.0", "at most 25"),
    ([{"step": "resize", "height": 5, "width": 5}], feature((25,)), "params.preprocessing.0", "pictures"),
    ([{"step": "resize", "height": 5, "width": 5}], feature((3, 8, 8)), "params.preprocessing.0", "pictures"),
    ([{"step": "whiten"}], feature((64, 64, 3)), "params.preprocessing.0", "at most 4,096"),
    ([{"step": "pca"}], feature((1500,)), "params.preprocessing.0", "operators carry it"),
    ([{"step": "one_hot"}], feature((5,)), "params.preprocessing.0", "whole numbers"),
    ([{"step": "one_hot", "classes": 9}], feature((5,), "int64"), "params.preprocessing.0", "above 255"),
    ([{"step": "scale", "factor": 0}], feature((25,)), "params.preprocessing.0", "factor must not be 0"),
    ([{"step": "min_max", "low": 1.0, "high": 1.0}], feature((25,)), "params.preprocessing.0", "below high"),
    ([{"step": "scale"}, {"step": "tokenise"}], feature((25,)), "params.preprocessing.1", "must not be asked"),
    ([{"step": "channels", "order": "grey"}], feature((5, 5)), "params.preprocessing.0", "grey"),
    ([{"step": "reshape", "shape": [4, 6]}], feature((25,)), "params.preprocessing.0", "number of values"),
    ({"im": [{"step": "scale"}]}, feature((25,)), "params.preprocessing.im", "inputs of the net"),
]


@pytest.mark.parametrize(("steps", "one", "where", "rule"), REFUSED)
def test_steps_that_cannot_be_done_are_refused_where_they_stand(
    steps: Any, one: FeatureSchema, where: str, rule: str
) -> None:
    with pytest.raises(Invalid) as caught:
        planned(net([25]), one, preprocessing=steps)
    (found,) = [found for found in caught.value.problems if found.where.field == where]
    assert rule in found.rule
    assert found.received is not None


@pytest.mark.parametrize(
    ("change", "one", "rule"),
    [
        ({"step": "flip"}, feature((25,)), "pictures"),
        ({"step": "crop"}, feature((25,)), "pictures"),
        ({"step": "noise"}, feature((25,), "int64"), "numbers"),
    ],
)
def test_augmentation_without_pictures_is_refused(change: Any, one: FeatureSchema, rule: str) -> None:
    with pytest.raises(Invalid) as caught:
        planned(net([25]), one, augmentation=[change])
    assert any(found.where.field == "params.augmentation.0" and rule in found.rule for found in caught.value.problems)


def test_stratify_needs_classes_and_a_share() -> None:
    with pytest.raises(Invalid, match="validation_split"):
        planned(net([25]), feature((25,)), stratify=True)


@settings(max_examples=50, deadline=None)
@given(
    st.integers(2, 300), st.floats(0.01, 0.99), st.integers(0, 9), st.booleans(), st.integers(1, 5)
)  # fmt: skip
def test_a_division_loses_nothing_and_keeps_the_shares(
    count: int, share: float, seed: int, stratify: bool, kinds: int
) -> None:
    labels = np.random.default_rng(seed).integers(0, kinds, count)
    large, small = divide(count, share, seed, labels if stratify else None)
    assert sorted([*large, *small]) == list(range(count))
    assert len(small) >= 1
    assert len(large) >= 1
    assert abs(len(small) - count * share) <= 1
    if stratify:
        for kind in range(kinds):
            have = int((labels == kind).sum())
            assert abs(int((labels[small] == kind).sum()) - have * len(small) / count) <= 1.001


def test_scale_is_what_it_was() -> None:
    assert pipe(feature((3,)), [recipe("scale")], "p").steps == (Scale(factor=1 / 255),)
