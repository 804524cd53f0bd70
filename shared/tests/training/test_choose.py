from typing import Any

import numpy as np
import pytest
from visualnn_shared.datasets.schema import DatasetSchema, FeatureSchema, LabelSchema
from visualnn_shared.errors import Invalid, SpecInvalid
from visualnn_shared.spec.model import Layer, Spec
from visualnn_shared.training.choose import Plan, plan
from visualnn_shared.training.doubts import doubts
from visualnn_shared.training.recipe import TrainParams
from visualnn_shared.training.scores import scores
from visualnn_shared.training.serving import Cast, OneHot, Reshape, Scale
from visualnn_shared.zoo import load

BY_INDEX = ("sparse_categorical_crossentropy", "accuracy", "classification")
CROSS, SPARSE = "categorical_crossentropy", "sparse_categorical_crossentropy"
YES_NO = ("binary_crossentropy", "accuracy", "binary")
INDEX = (Cast(dtype="int32"),)
FLOAT_ONE = (Cast(dtype="float32"), Reshape(shape=(1,)))


def feature(
    shape: tuple[int, ...], dtype: Any = "float32", name: str = "x", top: float = 1, **other: Any
) -> FeatureSchema:
    return FeatureSchema(name=name, shape=shape, dtype=dtype, min=other.get("low", 0), max=top,
                         whole=other.get("whole", dtype != "float32"))  # fmt: skip


def classes(count: int, **other: Any) -> LabelSchema:
    known: dict[str, Any] = {
        "name": "y", "shape": (), "dtype": "int64", "kind": "class", "n_classes": count,
        "min": 0, "max": count - 1, "whole": True,
    }  # fmt: skip
    return LabelSchema(**{**known, **other})


def numbers(low: float = -3, top: float = 7, shape: tuple[int, ...] = (), **other: Any) -> LabelSchema:
    known: dict[str, Any] = {"name": "y", "shape": shape, "dtype": "float64", "kind": "real", "min": low, "max": top}
    return LabelSchema(**{**known, "whole": False, **other})


def names(*text: str) -> LabelSchema:
    return classes(len(text), classes=text, dtype="int32")


def schema(label: LabelSchema | None, *features: FeatureSchema) -> DatasetSchema:
    return DatasetSchema(features=features or (feature((4,)),), label=label)


def dense(units: int, activation: str = "linear", shape: Any = (4,), **more: Any) -> Spec:
    layers = [
        Layer(name="in", type="Input", params={"shape": list(shape), **more}),
        Layer(name="out", type="Dense", params={"units": units, "activation": activation}, inputs=("in",)),
    ]
    return Spec(name="net", layers=tuple(layers), outputs=("out",))


def planned(net: Spec, data: DatasetSchema, samples: int = 100, **params: Any) -> Plan:
    return plan(net, data, {"train": samples}, TrainParams(**params))


def refused(net: Spec, data: DatasetSchema, samples: int = 100, **params: Any) -> list[str]:
    with pytest.raises(Invalid) as caught:
        planned(net, data, samples, **params)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("net", "label", "loss", "metrics", "task", "steps", "class_names"),
    [
        (dense(3, "softmax"), classes(3), *BY_INDEX, INDEX, "012"),
        (dense(4, "softmax"), classes(3), *BY_INDEX, INDEX, "0123"),
        (dense(3, "softmax"), names("a", "b"), *BY_INDEX, INDEX, "ab2"),
        (dense(3, "softmax"), numbers(0, 2, n_classes=3, whole=True), *BY_INDEX, INDEX, "012"),
        (dense(3, "softmax"), numbers(0, 1, (3,)), "categorical_crossentropy", "accuracy", "classification",
         (Cast(dtype="float32"),), "012"),
        (dense(1, "sigmoid"), classes(2), *YES_NO, FLOAT_ONE, "01"),
        (dense(1, "sigmoid"), names("no", "yes"), *YES_NO, FLOAT_ONE, ("no", "yes")),
        (dense(1, "sigmoid"), numbers(0, 1, n_classes=2, whole=True), *YES_NO,
         FLOAT_ONE, "01"),
        (dense(1, "sigmoid"), numbers(0.1, 0.9), "mse", "mae", "regression", FLOAT_ONE, None),
        (dense(3, "sigmoid"), numbers(0, 1, (3,)), "binary_crossentropy", "accuracy", "regression",
         (Cast(dtype="float32"),), None),
        (dense(3, "sigmoid"), classes(3), "binary_crossentropy", "accuracy", "classification",
         (*INDEX, OneHot(classes=3)), "012"),
        (dense(1), numbers(), "mse", "mae", "regression", FLOAT_ONE, None),
        (dense(1), classes(9), "mse", "mae", "regression", FLOAT_ONE, None),
        (dense(1, "relu"), numbers(0, 5, n_classes=6, whole=True), "mse", "mae", "regression", FLOAT_ONE, None),
        (dense(3, "tanh"), numbers(-1, 1, (3,), dtype="float32"), "mse", "mae", "regression", (), None),
    ],
)  # fmt: skip
def test_head_and_labels_choose_the_loss(
    net: Spec, label: LabelSchema, loss: str, metrics: str, task: str, steps: Any, class_names: Any
) -> None:
    found = planned(net, schema(label))
    assert (found.params.loss, found.params.metrics, found.serving.task) == (loss, (metrics,), task)
    assert found.serving.labels == steps
    assert found.serving.classes == (None if class_names is None else tuple(class_names))
    assert all(entry["why"] for entry in found.chosen.values())
    assert {"optimizer", "learning_rate", "loss", "metrics"} <= set(found.chosen)


@pytest.mark.parametrize(
    ("net", "label", "loss", "steps"),
    [
        (dense(3, "softmax"), classes(3), "categorical_crossentropy", (*INDEX, OneHot(classes=3))),
        (dense(3, "softmax"), classes(3), "mse", (*INDEX, OneHot(classes=3))),
        (dense(3, "softmax"), classes(3), "kl_divergence", (*INDEX, OneHot(classes=3))),
        (dense(3), classes(3), "categorical_hinge", (*INDEX, OneHot(classes=3))),
        (dense(1), classes(2), "hinge", FLOAT_ONE),
        (dense(1, "tanh"), numbers(-1, 1, whole=True), "squared_hinge",
         (*FLOAT_ONE, Scale(factor=0.5, offset=0.5))),
        (dense(1, "sigmoid"), classes(2), "mse", FLOAT_ONE),
        (dense(1), numbers(), "huber", FLOAT_ONE),
        (dense(1, "softplus"), numbers(0, 3), "poisson", FLOAT_ONE),
    ],
)  # fmt: skip
def test_a_given_loss_is_kept_and_labels_are_prepared_for_it(
    net: Spec, label: LabelSchema, loss: str, steps: Any
) -> None:
    found = planned(net, schema(label), loss=loss)
    assert found.params.loss == loss
    assert found.serving.labels == steps
    assert "loss" not in found.chosen


@pytest.mark.parametrize(
    ("label", "class_names"),
    [(classes(2), ("0", "1")), (names("no", "yes"), ("no", "yes")), (numbers(-1, 1, whole=True), ("-1", "1"))],
)
def test_a_margin_tells_two_classes(label: LabelSchema, class_names: Any) -> None:
    found = planned(dense(1, "tanh"), schema(label), loss="hinge", class_weight=(1.0, 2.0))
    served = found.serving
    assert (served.task, served.scores_by, served.classes) == ("binary", "margin", class_names)
    assert found.params.metrics == ("accuracy",)
    assert scores(served, np.array([[-2.0], [-0.5], [0.0], [3.0]])).tolist() == [[0.0], [0.25], [0.5], [1.0]]


def test_several_margins_have_no_class_but_an_accuracy() -> None:
    found = planned(dense(3), schema(numbers(0, 1, (3,), whole=True)), loss="squared_hinge")
    assert (found.serving.task, found.serving.scores_by, found.params.metrics) == ("regression", None, ("accuracy",))


@pytest.mark.parametrize(
    ("net", "label", "params", "texts"),
    [
        (dense(7, "softmax"), classes(10), {"loss": CROSS}, ["at most 7", "10 classes", "10 units"]),
        (dense(7, "softmax"), classes(10), {}, ["at most 7", "10 classes"]),
        (dense(7, "softmax"), classes(8, min=1), {}, ["subtract 1 from the labels"]),
        (dense(3, "softmax"), names(*"abcd"), {}, ["at most 3", "4 classes"]),
        (dense(3, "softmax"), numbers(), {}, ["whole numbers from 0 to 2", "-3 to 7"]),
        (dense(3, "softmax"), numbers(0, 1, (4,)), {}, ["one class for each sample"]),
        (dense(3, "softmax"), numbers(0, 2, (3,)), {}, ["from 0 to 1", "0 to 2"]),
        (dense(1, "softmax"), classes(2), {}, ["more than one unit", "use sigmoid"]),
        (dense(1, "sigmoid"), classes(3), {}, ["at most 2", "3 units", "softmax"]),
        (dense(1, "sigmoid"), numbers(0, 5.5), {}, ["from 0 to 1", "0 to 5.5"]),
        (dense(10), classes(10), {}, ["as many values as out", "activation softmax"]),
        (dense(1), names("a", "b"), {}, ["softmax head of 2 units, or one sigmoid unit"]),
        (dense(2), numbers(), {}, ["as many values as out gives, 2", "a single value"]),
        (dense(3, "relu"), classes(3), {"loss": SPARSE}, ["(softmax)", "'relu'", "params.loss"]),
        (dense(1), numbers(), {"loss": "binary_crossentropy"}, ["(sigmoid or softmax)", "'linear'"]),
        (dense(3, "softmax"), classes(3), {"loss": "hinge"}, ["linear or tanh"]),
        (dense(1), numbers(), {"loss": "hinge"}, ["0 and 1, or -1 and 1"]),
        (dense(1, "softplus"), numbers(), {"loss": "poisson"}, ["must not be negative"]),
        (dense(1), numbers(0, 3), {"loss": "poisson"}, ["above 0", "'linear'", "softplus or exponential"]),
        (dense(1, "tanh"), numbers(0, 3), {"loss": "poisson"}, ["above 0", "'tanh'"]),
        (dense(2), names("a", "b"), {"loss": CROSS}, ["activation softmax, or the loss", CROSS, "from_logits"]),
        (dense(2), names("a", "b"), {}, ["activation softmax, or the loss", SPARSE, "from_logits"]),
        (dense(1), names("a", "b"), {"loss": "mse"}, ["activation sigmoid", "mse of its shares"]),
        (dense(1, "sigmoid"), classes(2), {"loss": "cosine_similarity"}, ["must mean something", "these fit"]),
        (dense(3, "softmax"), numbers(0, 1, (3,)), {"loss": SPARSE}, ["must mean something"]),
        (dense(1), numbers(), {"metrics": ["accuracy"]}, ["real numbers", "params.metrics.0", "these fit: mae, mse"]),
        (dense(3, "softmax"), classes(3), {"metrics": ["auc"]}, ["class numbers", "categorical_crossentropy"]),
        (dense(3, "softmax"), classes(3), {"metrics": ["top_5_accuracy"]}, ["more than 5 classes"]),
        (dense(9, "softmax"), classes(3), {"metrics": ["accuracy", "accuracy"]}, ["must differ", "params.metrics.1"]),
        (dense(1), None, {}, ["must have labels"]),
        (dense(1), numbers(), {"validation_split": 0.999}, ["validation_split must leave samples"]),
        (dense(1), numbers(), {"validation_split": 1e-20}, ["validation_split must leave samples"]),
        (dense(1), numbers(), {"optimizer": {"name": "sgd", "momentum": 2}}, ["from 0 to 1", "optimizer.momentum"]),
        (dense(1), numbers(), {"optimizer": {"name": "adam", "momentun": 1}}, ["must have a parameter of this name"]),
        (dense(1), numbers(), {"optimizer": {"name": "adamw", "weight_decay": None}}, ["weight_decay must be"]),
        (dense(1), numbers(), {"optimizer": {"name": "sgd", "learning_rate": 1}, "learning_rate": 2}, ["given once"]),
        (dense(1), numbers(), {"optimizer": {"name": "adam", "clipnorm": 1, "clipvalue": 1}}, ["only one of clipnorm"]),
        (dense(1), numbers(), {"optimizer": {"name": "sgd", "nesterov": True}}, ["momentum above 0"]),
        (dense(1), numbers(), {"frozen": ["*"]}, ["must leave weights", "field params.frozen", "fewer"]),
        (dense(1), numbers(), {"optimizer": {"name": "sgd", "gradient_accumulation_steps": 21}, "epochs": 5},
         ["at most 20, the batches of the job", "received 21"]),
        (dense(1), numbers(), {"snapshots": [4, 11]}, ["from 1 to 10", "params.snapshots"]),
        (dense(1), numbers(), {"snapshots": [4, 4]}, ["different epochs"]),
        (dense(1), numbers(), {"snapshots": [4], "early_stopping": {}}, ["without early_stopping"]),
    ],
)  # fmt: skip
def test_a_contradiction_is_a_problem(
    net: Spec, label: LabelSchema | None, params: dict[str, Any], texts: list[str]
) -> None:
    found = refused(net, schema(label), **params)
    assert len(found) == 1
    assert all(text in found[0] for text in texts), found


WORDS = FeatureSchema(name="x", shape=(), dtype="text", min=1, max=90, whole=True)


@pytest.mark.parametrize(
    ("data", "params", "field", "said"),
    [
        (schema(classes(3)), {"split_seed": 4}, "params.split_seed", "without a validation_split"),
        (schema(classes(3)), {"loss": "binary_crossentropy"}, "params.loss", "shares of a softmax sum to 1"),
        (schema(classes(3), WORDS), {}, None, "begin the net with an Embedding"),
    ],
)
def test_what_may_be_meant_is_told_and_not_refused(
    data: DatasetSchema, params: dict[str, Any], field: str | None, said: str
) -> None:
    given = TrainParams.model_validate(params)
    (only,) = doubts(dense(3, "softmax"), planned(dense(3, "softmax"), data, **params), given)
    assert only.where.field == field
    assert said in str(only)


def test_an_ordinary_job_raises_no_doubt() -> None:
    for net, label, params in (
        (dense(3, "softmax"), classes(3), {"split_seed": 4, "validation_split": 0.5}),
        (dense(3, "sigmoid"), classes(3), {"loss": "binary_crossentropy"}),
        (dense(1), numbers(), {"optimizer": {"name": "sgd", "gradient_accumulation_steps": 20}, "epochs": 5}),
    ):
        assert not doubts(net, planned(net, schema(label), **params), TrainParams.model_validate(params))


def test_all_contradictions_are_listed_at_once() -> None:
    found = refused(
        dense(3, "softmax", (9,)), schema(classes(5)), samples=0,
        optimizer={"name": "sgd", "momentum": "high", "rho": 1}, validation_split=0.5,
    )  # fmt: skip
    assert len(found) == 5


@pytest.mark.parametrize(
    ("shape", "have", "dtype", "steps"),
    [
        ((784,), (28, 28), "uint8", (Reshape(shape=(784,)), Scale(factor=1 / 255))),
        ((28, 28, 1), (784,), "float32", (Reshape(shape=(28, 28, 1)),)),
        ((28, 28, 1), (28, 28), "uint8", (Reshape(shape=(28, 28, 1)), Scale(factor=1 / 255))),
        ((3, 3), (3, 3), "float32", ()),
        ((4,), (4,), "float64", (Cast(dtype="float32"),)),
        ((4,), (4,), "int32", (Cast(dtype="float32"),)),
        ((1,), (), "float32", (Reshape(shape=(1,)),)),
        ((None, 4), (7, 4), "float32", ()),
    ],
)
def test_samples_are_reshaped_scaled_and_cast_as_the_input_needs(
    shape: Any, have: Any, dtype: Any, steps: tuple[Any, ...]
) -> None:
    net = dense(2, shape=shape)
    label = numbers(shape=(*(have if None in shape else shape)[:-1], 2))
    found = planned(net, schema(label, feature(have, dtype)))
    assert found.serving.preprocessing.get("in", ()) == steps
    assert found.serving.inputs[0].shape == have
    assert found.features == {"in": "x"}
    assert ("preprocessing" in found.chosen) == bool(steps)


@pytest.mark.parametrize(
    ("shape", "have", "text"),
    [
        ((5,), (4,), "as many values as input in takes (5); received '4 values, 4'"),
        ((32, 32, 3), (3, 32, 32), "transpose the array"),
        ((None, 4), (5,), "must have the shape of input in, ? x 4"),
    ],
)
def test_samples_of_another_size_or_order_are_refused(shape: Any, have: Any, text: str) -> None:
    assert text in "\n".join(refused(dense(1, shape=shape), schema(numbers(), feature(have))))


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (feature((80,), "int64", top=19_999), None),
        (feature((80,), "float32", top=19_999, whole=True), None),
        (feature((80,), "uint8", top=255), None),
        (feature((80,), "int32", top=20_000), "tokens from 0 to 19999, because embedding has input_dim 20000"),
        (feature((80,), "int32", top=5, low=-1), "received '-1 to 5'"),
        (feature((80,), "float32", top=5), "must hold whole numbers"),
    ],
)
def test_tokens_stay_whole_numbers_in_the_range_of_the_embedding(given: FeatureSchema, text: str | None) -> None:
    net, data = load("imdb-lstm"), schema(classes(2), given)
    if text is None:
        assert planned(net, data).serving.preprocessing["words"] == (Cast(dtype="int32"),)
    else:
        assert text in "\n".join(refused(net, data))


@pytest.mark.parametrize(
    ("features", "pairs"),
    [
        ({"left": 8, "right": 4}, {"left": "left", "right": "right"}),
        ({"right": 4, "left": 8}, {"left": "left", "right": "right"}),
        ({"a": 8, "b": 4}, {"left": "a", "right": "b"}),
        ({"a": 4, "b": 8}, {"left": "b", "right": "a"}),
    ],
)
def test_two_inputs_are_fed_by_name_or_where_only_one_order_fits(
    features: dict[str, int], pairs: dict[str, str]
) -> None:
    data = schema(classes(3), *(feature((size,), name=name) for name, size in features.items()))
    assert planned(load("two-input"), data).features == pairs


@pytest.mark.parametrize(
    ("features", "text"),
    [
        ({"x": 12}, "a feature for each of the net's inputs (left: 8, right: 4)"),
        ({"a": 8, "b": 8}, "no order of them fits"),
        ({"left": 4, "right": 8}, "as many values as input left takes"),
    ],
)
def test_two_inputs_that_cannot_be_fed_are_a_problem(features: dict[str, int], text: str) -> None:
    data = schema(classes(3), *(feature((size,), name=name) for name, size in features.items()))
    assert text in "\n".join(refused(load("two-input"), data))


def test_equal_inputs_are_fed_by_name_only() -> None:
    layers = (
        Layer(name="a", type="Input", params={"shape": [2]}),
        Layer(name="b", type="Input", params={"shape": [2]}),
        Layer(name="sum", type="Add", inputs=("a", "b")),
        Layer(name="out", type="Dense", params={"units": 1}, inputs=("sum",)),
    )
    net = Spec(name="net", layers=layers, outputs=("out",))
    data = schema(numbers(), feature((2,), name="p"), feature((2,), name="q"))
    assert "2 orders of them fit" in "\n".join(refused(net, data))


def test_a_net_that_scales_its_input_itself_gets_8_bit_values() -> None:
    layers = (
        Layer(name="in", type="Input", params={"shape": [4]}),
        Layer(name="scale", type="Scale", inputs=("in",)),
        Layer(name="out", type="Dense", params={"units": 1}, inputs=("scale",)),
    )
    net = Spec(name="net", layers=layers, outputs=("out",))
    data = schema(numbers(), feature((4,), "uint8", top=255))
    assert planned(net, data).serving.preprocessing == {"in": (Cast(dtype="float32"),)}


@pytest.mark.parametrize(
    ("last", "loss"),
    [
        ({"type": "HierarchicalSoftmax", "params": {"classes": 6, "classes_per_cluster": 3}}, SPARSE),
        ({"type": "Sigmoid"}, "binary_crossentropy"),
    ],
)
def test_a_head_may_be_a_layer_that_is_a_function_itself(last: dict[str, Any], loss: str) -> None:
    units = 6 if loss == SPARSE else 1
    layers = [
        Layer(name="in", type="Input", params={"shape": [4]}),
        Layer(name="fc", type="Dense", params={"units": units}, inputs=("in",)),
        Layer(name="out", **last, inputs=("fc",)),
    ]
    net = Spec(name="net", layers=tuple(layers), outputs=("out",))
    assert planned(net, schema(classes(6 if loss == SPARSE else 2))).params.loss == loss


def test_a_batch_is_no_larger_than_the_samples() -> None:
    found = planned(dense(1), schema(numbers()), samples=6, batch_size=128)
    assert found.params.batch_size == 6
    assert found.chosen["batch_size"]["value"] == 6
    found = planned(dense(1), schema(numbers()), samples=10, batch_size=128, validation_split=0.25)
    assert found.params.batch_size == 7


def test_the_plan_is_complete_and_planning_again_changes_nothing() -> None:
    first = planned(dense(1), schema(numbers()), optimizer={"name": "sgd", "momentum": 1}, learning_rate=1)
    again = plan(
        dense(1), schema(numbers()), {"train": 100}, TrainParams.model_validate(first.params.model_dump(mode="json"))
    )
    assert again.params == first.params
    assert again.serving == first.serving
    assert first.params.optimizer is not None
    assert first.params.optimizer.model_dump() == {"name": "sgd", "momentum": 1.0, "learning_rate": 1.0}  # type: ignore[union-attr]


def test_a_head_is_seen_through_layers_that_keep_values() -> None:
    layers = (
        Layer(name="in", type="Input", params={"shape": [4]}),
        Layer(name="fc", type="Dense", params={"units": 3}, inputs=("in",)),
        Layer(name="soft", type="Softmax", inputs=("fc",)),
        Layer(name="drop", type="Dropout", params={"rate": 0.1}, inputs=("soft",)),
        Layer(name="out", type="Activation", params={"activation": "linear"}, inputs=("drop",)),
    )
    found = planned(Spec(name="net", layers=layers, outputs=("out",)), schema(classes(3)))
    assert found.params.loss == "sparse_categorical_crossentropy"


def test_a_net_whose_outputs_do_not_fit_or_that_has_no_weights_is_refused() -> None:
    both = dense(3).model_copy(update={"outputs": ("out", "in")})
    assert "as many values as in gives" in "\n".join(refused(both, schema(classes(3))))
    layers = (Layer(name="in", type="Input", params={"shape": [3]}), Layer(name="s", type="Softmax", inputs=("in",)))
    bare = Spec(name="net", layers=layers, outputs=("s",))
    assert "weights that can be trained" in "\n".join(refused(bare, schema(classes(3), feature((3,)))))


def test_a_net_whose_weights_no_gradient_reaches_is_refused() -> None:
    layers = (
        Layer(name="in", type="Input", params={"shape": [3]}),
        Layer(name="fc", type="Dense", params={"units": 4}, inputs=("in",)),
        Layer(name="best", type="ArgMax", inputs=("fc",)),
    )
    told = "\n".join(refused(Spec(name="net", layers=layers, outputs=("best",)), schema(numbers(), feature((3,)))))
    assert "no gradient passes this layer" in told
    assert "best" in told


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"early_stopping": {"monitor": "val_loss"}}, "monitor must be one of loss, accuracy"),
        ({"schedule": {"name": "plateau", "monitor": "mae"}}, "params.schedule.monitor"),
        ({"schedule": {"name": "cosine", "warmup_epochs": 10.0}}, "less than the training's epochs, 10"),
        ({"class_weight": (1.0, 2.0)}, "one weight for each of 3 classes"),
        ({"class_weight": (0.0, 0.0, 0.0)}, "a weight above 0"),
        ({"frozen": ("outt",)}, "did you mean 'out'?"),
        ({"frozen": ("in",)}, "layers with weights of their own"),
        ({"frozen": ("o*",)}, "weights that can be trained"),
    ],
)
def test_what_a_recipe_cannot_mean_is_refused_with_its_place(params: dict[str, Any], told: str) -> None:
    assert told in "\n".join(refused(dense(3, "softmax"), schema(classes(3)), **params))


def test_weights_of_classes_need_classes() -> None:
    found = refused(dense(1), schema(numbers()), class_weight="balanced")
    assert "labels that are class numbers" in "\n".join(found)


def test_what_is_kept_follows_from_stopping_early() -> None:
    net, data = dense(3, "softmax"), schema(classes(3))
    assert planned(net, data).params.keep == "last"
    stopped = planned(net, data, early_stopping={"patience": 2})
    assert (stopped.params.keep, stopped.chosen["keep"]["value"]) == ("best", "best")
    assert planned(net, data, early_stopping={}, keep="last").params.keep == "last"


def test_frozen_layers_are_found_by_name_and_pattern() -> None:
    net = load("mnist-dnn")
    data = schema(classes(10), feature((784,)))
    names = [layer.name for layer in net.layers if layer.type == "Dense"]
    assert planned(net, data, frozen=(names[0],)).frozen == {names[0]}
    assert planned(net, data, frozen=(f"{names[0][:2]}*",)).frozen <= set(names)


def test_a_broken_spec_is_refused_as_such() -> None:
    with pytest.raises(SpecInvalid):
        planned(dense(0), schema(numbers()))


def test_a_schema_from_a_stored_row_is_taken() -> None:
    row = schema(classes(3)).model_dump(mode="json")
    assert plan(dense(3, "softmax"), row, {"train": 9}, TrainParams()).serving.task == "classification"
