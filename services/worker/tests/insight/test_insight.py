"""What a training tells and leaves to look at: against counts by hand, TensorFlow's own reader, and formulas."""

import io
import json
import struct
import zipfile
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from PIL import Image
from visualnn_shared.spec.reading import read_spec
from visualnn_shared.training.recipe import TrainParams
from visualnn_worker.child.failures import classify
from visualnn_worker.fitting.reporting import NotFinite
from visualnn_worker.fitting.schedules import rate_of
from visualnn_worker.fitting.state import Position
from visualnn_worker.fitting.trace import Points, Trace
from visualnn_worker.insight import charts, live, tensorboard
from visualnn_worker.insight.attributes import roc_auc
from visualnn_worker.insight.classes import Judged, confusion, report
from visualnn_worker.insight.curves import curves
from visualnn_worker.insight.drawing import DARK, LIGHT, Theme
from visualnn_worker.insight.explain import why_not_finite
from visualnn_worker.kinds import weights_file

from services.worker.tests.desk import Desk, class_data, small_spec

PICTURES = {"epochs": 6, "batch_size": 10, "optimizer": {"name": "sgd", "learning_rate": 0.05}, "seed": 1}
CONV = small_spec(
    {"name": "conv", "type": "Conv2D", "params": {"filters": 6, "kernel_size": 3, "activation": "relu"}},
    {"name": "flat", "type": "Flatten"},
    inputs=[8, 8, 1],
)


def pictures():
    rng = np.random.default_rng(5)
    y = np.arange(60) % 3
    x = rng.integers(0, 60, (60, 8, 8), dtype=np.uint8)
    for place, label in enumerate(y):
        x[place, 2 * label : 2 * label + 3] += 150
    return {"x_train": x[:40], "y_train": y[:40], "x_test": x[40:], "y_test": y[40:]}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A training that is looked into at every epoch, whatever that costs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live.Live.__init__, "__defaults__", (1e9,))
        at = Desk(tmp_path_factory.mktemp("insight"), pictures())
        result, recorder = at.run(at.order("train", CONV, params=PICTURES))
    return at, result, recorder


def test_each_look_tells_of_every_layer_with_weights(trained):
    at, result, recorder = trained
    looks = recorder.of("insight")
    assert [look["epoch"] for look in looks] == [1, *range(1, 7)]
    assert [look.get("first_batch", False) for look in looks] == [True, *[False] * 6]
    assert json.loads(at.get(result, "insight.json")) == looks
    for look in looks:
        rows = {row["layer"]: row for row in look["layers"]}
        assert list(rows) == ["conv", "out"]
        assert 0 < rows["conv"]["zeros"] < 1
        assert 0 <= rows["conv"]["dead"] <= rows["conv"]["zeros"]
        for row in rows.values():
            assert 1e-6 < row["update_ratio"] < 0.5
            assert sum(row["activation"]["counts"]) > 0
            assert row["gradient"]["low"] <= row["gradient"]["high"]


def test_looking_changes_nothing(trained, tmp_path, monkeypatch):
    at, result, _ = trained
    monkeypatch.setattr(live.Live.__init__, "__defaults__", (-1.0,))
    plain, recorder = at.run(at.order("train", CONV, params=PICTURES))
    assert recorder.of("insight") == []
    assert plain.manifest["weights.safetensors"]["sha256"] == result.manifest["weights.safetensors"]["sha256"]
    assert at.get(plain, "history.json") == at.get(result, "history.json")


@pytest.mark.parametrize(
    ("quick_s", "batch_size", "seen"),
    [(1e9, 20, [(1, True), (2, False)]), (0.0, 20, [(1, True)]), (0.0, 64, [(1, True)])],
    ids=["a quick last look", "no time for another", "one batch an epoch"],
)
def test_the_shortest_training_is_looked_into(desk, monkeypatch, quick_s, batch_size, seen):
    monkeypatch.setattr(live, "QUICK_S", quick_s)
    monkeypatch.setattr(live.Live.__init__, "__defaults__", (0.0,))
    at = desk()
    hidden = {"name": "h", "type": "Dense", "params": {"units": 4}}
    _, recorder = at.run(at.order("train", small_spec(hidden), params={"epochs": 2, "batch_size": batch_size}))
    assert [(look["epoch"], look.get("first_batch", False)) for look in recorder.of("insight")] == seen
    kinds = [kind for kind, _data in recorder.events if kind in ("batch", "insight", "epoch")]
    assert kinds[:2] == ["batch", "insight"]
    assert all(row["update_ratio"] > 0 for row in recorder.of("insight")[0]["layers"])


def test_a_ratio_is_the_step_over_the_weights():
    before = {"fc": np.array([3.0, 4.0]), "zero": np.zeros(2)}
    after = {"fc": np.array([3.0, 4.5]), "zero": np.ones(2)}
    assert live.ratios(before, after) == {"fc": pytest.approx(0.1)}
    large = np.full(3, 1e30, np.float32)
    assert live.ratios({"fc": large}, {"fc": large * 2}) == {"fc": pytest.approx(1.0)}
    assert live.ratios({"fc": large}, {"fc": np.full(3, np.inf)}) == {}


def test_a_histogram_counts_every_finite_value():
    found = live.histogram(np.array([0.0, 1.0, 1.0, 2.0, np.nan, np.inf]))
    assert (found["low"], found["high"], sum(found["counts"])) == (0.0, 2.0, 4)
    assert (found["counts"][0], found["counts"][-1]) == (1, 1)
    assert sum(live.histogram(np.full(7, 0.25))["counts"]) == 7
    assert live.histogram(np.array([np.nan]))["counts"] == []


def test_the_pictures_are_there_and_are_large_enough_to_read(trained):
    at, result, _ = trained
    for name in ("filters.png", "gallery.png", "worst.png", "confusion.png", "curves.png"):
        with Image.open(io.BytesIO(at.get(result, name))) as found:
            assert found.format == "PNG"
            assert min(found.size) >= 80, name
            assert len(found.convert("L").getcolors(256) or []) > 5, name
            light = found.convert("RGB")
        with Image.open(io.BytesIO(at.get(result, name.replace(".png", "-dark.png")))) as found:
            dark = found.convert("RGB")
        assert (light.size, light.getpixel((1, 1)), dark.getpixel((1, 1))) == (dark.size, LIGHT.paper, DARK.paper)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_what_is_written_in_a_picture_stands_out_from_its_paper(theme):
    for ink in (theme.ink, theme.faint, theme.wrong):
        assert contrast(ink, theme.paper) >= 4.5
    for cell in theme.cells:
        assert contrast(theme.on_cells, cell) >= 4.5


def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """As WCAG 2.2 counts it, from 1 to 21."""
    lights = sorted(np.dot([0.2126, 0.7152, 0.0722], [linear(value / 255) for value in each]) for each in (one, other))
    return float((lights[1] + 0.05) / (lights[0] + 0.05))


def linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4


def test_the_class_report_is_what_the_weights_say(trained):
    at, result, _ = trained
    found = json.loads(at.get(result, "classes.json"))
    (at.folder / "w").write_bytes(at.get(result, "weights.safetensors"))
    (at.folder / "m.keras").write_bytes(at.get(result, "model.keras"))
    _tensors, about = weights_file.read(at.folder / "w")
    x = pictures()["x_test"].reshape(20, 8, 8, 1).astype(np.float32) * np.float32(1 / 255)
    shares = keras.saving.load_model(at.folder / "m.keras").predict(x, verbose=0)
    said, actual = shares.argmax(1), pictures()["y_test"]
    assert found["split"] == "test"
    assert found["accuracy"] == pytest.approx((said == actual).mean())
    assert found["confusion"] == [[int(((actual == a) & (said == b)).sum()) for b in range(3)] for a in range(3)]
    worst = found["worst"][0]
    assert worst["sample"] == int(shares[np.arange(20), actual].argmin())
    assert about.serving.classes == tuple(found["names"])


def test_precision_and_recall_are_those_of_the_counts():
    actual, predicted = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 1, 1])
    shares = np.eye(3)[predicted] * 0.8 + 0.1
    judged = Judged("test", ("a", "b", "c"), actual, predicted, shares)
    np.testing.assert_array_equal(confusion(judged), [[2, 1, 0], [0, 2, 0], [0, 1, 0]])
    rows = {row["class"]: row for row in report(judged)["classes"]}
    assert (rows["a"]["precision"], rows["a"]["recall"], rows["a"]["f1"]) == (1.0, pytest.approx(2 / 3), 0.8)
    assert (rows["b"]["precision"], rows["b"]["recall"]) == (0.5, 1.0)
    assert (rows["c"]["precision"], rows["c"]["recall"], rows["c"]["f1"]) == (None, 0.0, 0.0)
    assert report(judged)["worst"][0]["sample"] in (2, 5)


@pytest.mark.parametrize("dtype", [np.int64, bool])
def test_each_attribute_is_judged_as_scikit_learn_judges_it(desk, dtype):
    measures = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(3)
    x = rng.normal(size=(160, 4)).astype(np.float32)
    y = x[:, :3] + rng.normal(0, 0.7, (160, 3)) > [0, 0.5, 1.2]
    at = desk({"x_train": x[:80], "y_train": y[:80].astype(dtype), "x_test": x[80:], "y_test": y[80:].astype(dtype)})
    spec = read_spec({
        "visualnn": 1, "name": "tags", "outputs": ["y"],
        "layers": [
            {"name": "x", "type": "Input", "params": {"shape": [4]}},
            {"name": "y", "type": "Dense", "params": {"units": 3, "activation": "sigmoid"}, "inputs": ["x"]},
        ],
    })  # fmt: skip
    result, _ = at.run(at.order("train", spec, params={"epochs": 5, "learning_rate": 0.05}))
    found = json.loads(at.get(result, "attributes.json"))
    (at.folder / "m.keras").write_bytes(at.get(result, "model.keras"))
    shares = keras.saving.load_model(at.folder / "m.keras").predict(x[80:], verbose=0)
    said, actual = shares >= 0.5, y[80:]
    told = measures.precision_recall_fscore_support(actual, said, zero_division=np.nan)
    for place, row in enumerate(found["attributes"]):
        values = [np.nan if row[key] is None else row[key] for key in ("precision", "recall", "f1", "support")]
        np.testing.assert_allclose(values, [each[place] for each in told], rtol=1e-9)
    aucs = measures.roc_auc_score(actual, shares, average=None)
    np.testing.assert_allclose([row["roc_auc"] for row in found["attributes"]], aucs, rtol=1e-9)
    assert found["micro"]["f1"] == pytest.approx(measures.f1_score(actual, said, average="micro"))
    assert found["micro"]["roc_auc"] == pytest.approx(measures.roc_auc_score(actual, shares, average="micro"))
    assert found["accuracy"] == pytest.approx(result.metrics["test_accuracy"], rel=1e-6)
    assert found["all_right"] == pytest.approx(measures.accuracy_score(actual, said))
    with Image.open(io.BytesIO(at.get(result, "attributes.png"))) as picture:
        assert picture.size[0] > 900


def test_equal_shares_count_by_half_in_the_area_under_the_curve():
    assert roc_auc(np.array([True, False]), np.array([0.5, 0.5])) == 0.5
    assert roc_auc(np.array([True, True]), np.array([0.5, 0.1])) is None


def test_regression_has_no_classes(desk):
    at = desk({"x_train": np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32),
               "y_train": np.linspace(0, 1.5, 20)})  # fmt: skip
    spec = read_spec({
        "visualnn": 1, "name": "line", "outputs": ["y"],
        "layers": [
            {"name": "x", "type": "Input", "params": {"shape": [4]}},
            {"name": "y", "type": "Dense", "params": {"units": 1}, "inputs": ["x"]},
        ],
    })  # fmt: skip
    result, _ = at.run(at.order("train", spec, params={"epochs": 1}))
    assert not {"classes.json", "confusion.png"} & set(result.manifest)


def test_checksums_are_castagnolis():
    assert tensorboard.crc32c(b"123456789") == 0xE3069283  # RFC 3720's check value


@pytest.fixture(scope="module")
def board_folder(trained, tmp_path_factory):
    """TensorBoard's runs of the training, unpacked."""
    at, result, _ = trained
    folder = tmp_path_factory.mktemp("board")
    with zipfile.ZipFile(io.BytesIO(at.get(result, "tensorboard.zip"))) as zipped:
        zipped.extractall(folder)
    return folder / "job-1"


def told_by(run):
    """By TensorFlow's own reader, which checks every checksum: (tag, step) -> (wall time, value)."""
    tf = pytest.importorskip("tensorflow")
    (path,) = run.glob("events.out.tfevents.*")
    events = list(tf.compat.v1.train.summary_iterator(str(path)))
    assert events[0].file_version == "brain.Event:2"
    return {(value.tag, one.step): (one.wall_time, value) for one in events[1:] for value in one.summary.value}


def test_tensorboards_runs_hold_the_history_batch_by_batch_each_at_its_time(trained, board_folder):
    at, result, _ = trained
    train, test = told_by(board_folder / "train"), told_by(board_folder / "test")
    history = json.loads(at.get(result, "history.json"))
    for entry in history:
        for name in ("loss", "accuracy"):
            assert train[f"epoch_{name}", entry["epoch"]][1].simple_value == pytest.approx(entry[name], rel=1e-6)
        assert train["epoch_learning_rate", entry["epoch"]][1].simple_value == pytest.approx(0.05)
    batches = [train["batch_loss", step] for step in range(1, 25)]
    assert batches[3][1].simple_value == pytest.approx(history[0]["loss"], rel=1e-6)  # a mean since the epoch's begin
    times = [at for at, _value in batches]
    assert times == sorted(times)
    assert times[-1] > times[0]
    found = json.loads(at.get(result, "evaluation.json"))["metrics"]
    assert test["epoch_loss", 6][1].simple_value == pytest.approx(found["loss"], rel=1e-6)


def test_tensorboards_runs_hold_what_the_looks_and_the_pictures_show(trained, board_folder):
    at, result, recorder = trained
    train, test = told_by(board_folder / "train"), told_by(board_folder / "test")
    for look in recorder.of("insight"):
        step = look["epoch"] - bool(look.get("first_batch"))
        for row in look["layers"]:
            assert train[f"update_ratio/{row['layer']}", step][1].simple_value == pytest.approx(row["update_ratio"])
            for ours, tag in (("weights", "weights"), ("activation", "activations"), ("gradient", "gradients")):
                histo = train[f"{row['layer']}/{tag}", step][1].histo
                assert list(histo.bucket) == [0, *row[ours]["counts"]]
                assert (histo.min, histo.max) == (row[ours]["low"], row[ours]["high"])
                assert histo.num == sum(row[ours]["counts"])
                assert len(histo.bucket_limit) == len(histo.bucket)
                assert list(histo.bucket_limit) == sorted(histo.bucket_limit)
    assert train["filters", 6][1].image.encoded_image_string == at.get(result, "filters.png")
    assert test["confusion", 6][1].image.encoded_image_string == at.get(result, "confusion.png")
    about = told_by(board_folder)
    assert b"sparse_categorical_crossentropy" in about["recipe", 0][1].tensor.string_val[0]


def test_tensorboard_itself_reads_the_runs(board_folder):
    """Where it is installed: pip install tensorboard."""
    loading = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    found = loading.EventAccumulator(str(board_folder / "train"))
    found.Reload()
    assert {"epoch_loss", "batch_loss", "batch_learning_rate", "update_ratio/conv"} <= set(found.Tags()["scalars"])
    assert "conv/gradients" in found.Tags()["histograms"]
    assert [event.step for event in found.Scalars("epoch_loss")] == list(range(1, 7))


def test_the_recipe_is_in_the_words_of_tensorboards_hparams():
    found = tensorboard.hparams({"rate": 0.5, "shuffle": True, "loss": "mse"}, "job-1", 1.0, 2.0)
    assert b"_hparams_/session_start_info" in found
    half = b"\x11" + struct.pack("<d", 0.5)
    for name, value in (("rate", half), ("shuffle", b"\x20\x01"), ("loss", b"\x1a\x03mse")):
        assert name.encode() + b"\x12" + bytes([len(value)]) + value in found


def test_the_curves_are_there_as_columns_and_as_a_picture(trained):
    at, result, _ = trained
    found = json.loads(at.get(result, "curves.json"))
    history = json.loads(at.get(result, "history.json"))
    assert found["epochs"]["loss"] == [entry["loss"] for entry in history]
    assert found["batches"]["step"] == list(range(1, 25))
    assert found["batches"]["epoch"] == [step / 4 for step in range(1, 25)]
    assert found["batches"]["learning_rate"] == [0.05] * 24
    assert {len(column) for column in found["batches"].values()} == {24}
    with Image.open(io.BytesIO(at.get(result, "curves.png"))) as picture:
        assert picture.size[0] > 700
        assert picture.size[1] > 600


def _falling(count, first):
    """A value that begins far above all that follows."""
    ys = [first, *(1 + 0.5**n for n in range(count - 1))]
    return [(n, y) for n, y in enumerate(ys)]


@pytest.mark.parametrize(("first", "cut"), [(350.0, True), (2.5, False)])
def test_an_axis_shows_what_follows_a_beginning_far_off(first, cut):
    low, high = charts.bounds(charts.Chart("ink_loss", [charts.Line("training", "line", _falling(21, first))]))
    assert (high < first) is cut
    assert high >= 1.5
    assert low <= 1
    assert high - low <= 10 or not cut


@pytest.mark.parametrize(("low", "high"), [(0.41, 0.92), (170, 230), (-1e-5, 2e-5), (0.4999, 0.5001), (1, 350)])
def test_an_axis_has_two_ticks_at_least(low, high):
    found = charts.ticks(low, high, 4)
    assert 2 <= len(found) <= 12
    assert all(low <= value <= high for value, _label in found)
    assert len({label for _value, label in found}) == len(found)


def test_every_curve_is_drawn_or_named(monkeypatch):
    names = [f"head{n}_loss" for n in range(30)]
    seen = SimpleNamespace(batches=[], epochs=[{"epoch": e, "step": e, "time": 0.0, "loss": 2.0 / e,
                                                **dict.fromkeys(names, 1.0 / e)} for e in (1, 2)])  # fmt: skip
    said = []
    say = Theme.say
    monkeypatch.setattr(Theme, "say", lambda self, text, **v: said.append(say(self, text, **v)) or said[-1])
    assert curves(seen, "many").size[0] > 1500  # two columns
    assert len({*names} & {*said}) == 22
    (left,) = [text for text in said if text.startswith("not drawn: ")]
    assert "head22_loss" in left


def test_points_are_kept_evenly_and_go_on_after_a_resume():
    points = Points(4)
    for number in range(11):
        if number == 6:
            points = Points(4, json.loads(json.dumps(points.state)))
        points.add({"n": number})
    assert [point["n"] for point in points.all] == [0, 4, 8, 10]


@pytest.mark.parametrize(
    "schedule",
    [{"name": "constant"}, {"name": "cosine", "warmup_epochs": 1.0}, {"name": "one_cycle"}],
    ids=lambda schedule: schedule["name"],
)
def test_the_rate_that_is_told_is_the_optimizers(schedule):
    params = TrainParams(epochs=3, learning_rate=0.1, schedule=schedule)
    trace, rate = Trace(params, 5, Position(), {}), rate_of(params, 5)
    for step in range(15):
        trace.on_train_batch_end(step % 5, {"loss": 1.0})
        assert trace.rate == pytest.approx(float(rate(step)), rel=1e-5, abs=1e-9)


GOOD = np.ones((2, 3))
PARAMS = {"loss": "mse", "optimizer": "sgd", "learning_rate": 0.5}


@pytest.mark.parametrize(
    ("params", "inputs", "losses", "cause", "step"),
    [
        ({}, np.array([[1.0, np.nan]]), [1.0], "1 values of the batch's inputs", "Remove those samples"),
        ({}, GOOD, [], "no step has been taken", "Scale the data"),
        ({"precision": "mixed_float16"}, GOOD, [1.0], "beyond float16", "mixed_bfloat16"),
        ({}, GOOD, [2.0, 1.0, 400.0], "grown from 1 to 400: the learning rate 0.5", "learning rate to 0.01"),
        ({"loss": "poisson"}, GOOD, [1.0, 0.9], "logarithm", "softplus"),
        ({"loss": "poisson"}, GOOD, [], "logarithm", "softplus"),
        ({"loss": "poisson"}, GOOD, [1.0, 90.0], "too high", "learning rate to 0.01"),
        ({"learning_rate": 100.0}, GOOD, [1.0, 90.0], "too high", "learning rate to 0.01"),
        ({"learning_rate": 0.05}, GOOD, [1.0, 90.0], "too high", "learning rate to 0.005"),
        ({}, GOOD, [1.0, 0.9], "beyond all numbers", "clip gradients"),
    ],
)  # fmt: skip
def test_a_loss_that_is_no_number_is_explained(params, inputs, losses, cause, step):
    found = why_not_finite(TrainParams(**{**PARAMS, **params}), inputs, np.zeros(2), losses)
    assert cause in found[0]
    assert step in found[1]


def test_the_explanation_reaches_the_jobs_error(desk):
    data = class_data()
    at = desk({**data, "x_train": data["x_train"] * np.float32(1e30)})
    spec = small_spec({"name": "h", "type": "Dense", "params": {"units": 4}})
    with pytest.raises(NotFinite) as caught:
        at.run(at.order("train", spec, params={"epochs": 2, "batch_size": 8, "optimizer": "sgd"}))
    error = classify(caught.value)
    assert error.code == "nan-loss"
    assert f"{caught.value}: {caught.value.cause}" == error.detail
    assert error.next_step == caught.value.next_step
