import base64
import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import helper
from PIL import Image
from visualnn_predictor.pictures import read_picture
from visualnn_predictor.tensors import NotNumbers
from visualnn_shared.training.serving import Cast, Fill, Meaning, Numbers, Serving, TensorSpec

from tests.predictor.served import RNG, Served, dense, floats, onnx_file, serving, softmax

PREDICT = "/predict/digits"
PIXELS = [[0, 51, 102], [153, 204, 255]]
FLAT = [0, 51, 102, 153, 204, 255]


def encoded(pixels: Any, kind: str = "PNG", mode: str | None = None, **options: Any) -> str:
    picture = Image.fromarray(np.asarray(pixels, np.uint8))
    file = io.BytesIO()
    (picture.convert(mode) if mode else picture).save(file, kind, **options)
    return base64.b64encode(file.getvalue()).decode()


@pytest.mark.parametrize(
    "sample",
    [
        PIXELS,
        FLAT,
        [[value] for value in FLAT],
        [0.0, 51.0, 102.0, 153.0, 204.0, 255.0],
        {"b64": encoded(PIXELS)},
        {"b64": "data:image/png;base64," + encoded(PIXELS)},
        {"b64": encoded(PIXELS, mode="RGB")},
        {"b64": encoded(PIXELS, mode="RGBA")},
    ],
)
def test_a_sample_may_be_written_in_many_ways(digits: Any, sample: Any) -> None:
    served, kernel, bias = digits
    scores = softmax(np.array([FLAT], "f") / 255 @ kernel + bias)[0]
    answer = served.post(PREDICT, {"inputs": [sample]}).json()
    (prediction,) = answer["predictions"]
    best = int(scores.argmax())
    assert (answer["operator"], answer["version"]) == ("digits", 1)
    assert (prediction["class"], prediction["index"]) == (("zero", "one", "two")[best], best)
    np.testing.assert_allclose(prediction["scores"], scores, rtol=1e-5)
    assert prediction["score"] == max(prediction["scores"])


def test_numbers_and_pictures_mix_in_their_order(digits: Any) -> None:
    served, kernel, bias = digits
    samples = [RNG.integers(0, 256, (2, 3)) for _ in range(5)]
    body = [s.tolist() if i % 2 else {"b64": encoded(s)} for i, s in enumerate(samples)]
    answer = served.post(PREDICT, {"inputs": body}).json()
    expected = softmax(np.stack(samples).reshape(5, 6) / 255 @ kernel + bias)
    np.testing.assert_allclose([p["scores"] for p in answer["predictions"]], expected, rtol=1e-4)


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        ([], ["JSON object with inputs"]),
        ({}, ["JSON object with inputs"]),
        ({"inputs": []}, ["at least one sample"]),
        ({"inputs": "x"}, ["list of samples"]),
        ({"inputs": {"z": [FLAT], "x": [FLAT]}}, ["must be one of x"]),
        ({"inputs": {}}, ["every input must be given"]),
        ({"inputs": [FLAT], "input": 1}, ["must be known"]),
        ({"inputs": [FLAT[:5]]}, ["must have 6 values, as in the shape [2, 3]", "5 values", "inputs.0"]),
        ({"inputs": [FLAT, [[1, 2, 3], [4, 5]]]}, ["same length", "inputs.1"]),
        ({"inputs": [FLAT, [0, 1, 2, 3, 4, 256]]}, ["from 0 to 255", "inputs.1"]),
        ({"inputs": [FLAT, [0, 1, 2, 3, 4, "5"]]}, ["must be numbers", "inputs.1"]),
        ({"inputs": [FLAT, [0, 1, 2, 3, 4, True]]}, ["must be numbers", "True", "inputs.1"]),
        ({"inputs": [FLAT, [0, 1, 2, 3, 4, [5]]]}, ["same depth", "inputs.1"]),
        ({"inputs": [None]}, ["must have 6 values"]),
        ({"inputs": [FLAT] * 20_000}, ["at most 16,384 samples"]),
        ({"inputs": [{"b64": "%%%"}]}, ["must be base64", "inputs.0"]),
        ({"inputs": [{"b64": 7}]}, ["b64 must be a text"]),
        ({"inputs": [{"png": "AAAA"}]}, ["an object with b64"]),
        ({"inputs": [{"b64": base64.b64encode(b"hello").decode()}]}, ["whole PNG or JPEG"]),
        ({"inputs": [{"b64": encoded(np.zeros((3, 3)))}]}, ["must be 3 x 2 pixels", "3 x 3 pixels", "resize it"]),
        ({"inputs": [{"b64": encoded(np.zeros((2, 3, 4)))}]}, ["must not be transparent"]),
        ({"inputs": [{"b64": encoded(PIXELS, "GIF")}]}, ["whole PNG or JPEG"]),
    ],
)
def test_a_broken_rule_is_a_problem_with_its_place(digits: Any, body: Any, texts: list[str]) -> None:
    served, _, _ = digits
    answer = served.post(PREDICT, body)
    assert answer.status_code == 422
    found = [f"{p['rule']}; {p['received']}; {p['where']['field']}; {p['hint']}" for p in answer.json()["problems"]]
    assert len(found) == 1
    assert all(text in found[0] for text in texts), found


def test_a_bare_sample_gets_a_hint(digits: Any) -> None:
    served, _, _ = digits
    problems = served.post(PREDICT, {"inputs": FLAT}).json()["problems"]
    assert "put a single sample in a list too" in problems[0]["hint"]


def test_a_number_may_stand_for_a_sample_of_one_value(served: Served) -> None:
    file, kernel, bias = dense(1, 1)
    served.register("line", file, serving((1,), (1,)))
    answer = served.post("/predict/line", {"inputs": [10, [20], [[30]]]}).json()
    expected = np.array([[10], [20], [30]], "f") @ kernel + bias
    np.testing.assert_allclose([p["values"] for p in answer["predictions"]], expected, rtol=1e-5)
    assert served.post("/predict/line", {"inputs": {"x": [10]}}).status_code == 200


def test_a_binary_operator_gives_the_class_and_its_score(served: Served) -> None:
    nodes = [helper.make_node("Sigmoid", ["x"], ["y"])]
    file = onnx_file(nodes, [floats("x", 1)], [floats("y", 1)], {})
    served.register("mail", file, serving((1,), (1,), "binary", classes=("ham", "spam")))
    first, second = served.post("/predict/mail", {"inputs": [2, -2]}).json()["predictions"]
    p = 1 / (1 + np.exp(-2.0))
    assert (first["class"], first["index"], second["class"], second["index"]) == ("spam", 1, "ham", 0)
    np.testing.assert_allclose([first["score"], *first["scores"]], [p, 1 - p, p], rtol=1e-5)
    np.testing.assert_allclose([second["score"], *second["scores"]], [p, p, 1 - p], rtol=1e-5)


def test_an_operator_of_margins_gives_the_class_by_the_sign(served: Served) -> None:
    file = onnx_file([helper.make_node("Identity", ["x"], ["y"])], [floats("x", 1)], [floats("y", 1)], {})
    told = serving((1,), (1,), "binary", classes=("-1", "1")).model_copy(update={"scores_by": "margin"})
    served.register("svm", file, told)
    found = served.post("/predict/svm", {"inputs": [3, 0.5, -0.5]}).json()["predictions"]
    assert [(one["class"], one["score"]) for one in found] == [("1", 1.0), ("1", 0.75), ("-1", 0.75)]


def test_every_output_answers_in_its_own_words(served: Served) -> None:
    nodes = [helper.make_node("Sigmoid", ["x"], ["kind"]), helper.make_node("Neg", ["x"], ["size"]),
             helper.make_node("Identity", ["x"], ["unknown"])]  # fmt: skip
    outputs = [floats(name, 1) for name in ("size", "kind", "unknown")]
    file = onnx_file(nodes, [floats("x", 1)], outputs, {})
    told = serving((1,), (1,), "regression")
    specs = tuple(TensorSpec(name=name, shape=(1,), dtype="float32") for name in ("size", "kind", "unknown"))
    kind = Meaning(label="kind", task="binary", classes=("cat", "dog"))
    served.register("both", file, told.model_copy(update={"outputs": specs, "others": {"kind": kind}}))
    answer = served.post("/predict/both", {"inputs": [0, 50]}).json()
    assert answer["predictions"] == [{"values": [0.0]}, {"values": [-50.0]}]
    assert list(answer["answers"]) == ["kind"]  # what the third means, nobody has told
    assert answer["answers"]["kind"][1] == {"class": "dog", "index": 1, "score": 1.0, "scores": [0.0, 1.0]}
    assert set(answer["outputs"]) == {"kind", "unknown"}


def test_two_inputs_are_given_by_name(served: Served) -> None:
    nodes = [helper.make_node("Sub", ["a", "b"], ["y"])]
    file = onnx_file(nodes, [floats("a", 2), floats("b", 2)], [floats("y", 2)], {})
    spec = [TensorSpec(name=name, shape=(2,), dtype="float32") for name in ("a", "b", "y")]
    served.register("pair", file, Serving(inputs=tuple(spec[:2]), outputs=(spec[2],), task="regression"))
    answer = served.post("/predict/pair", {"inputs": {"b": [[1, 2]], "a": [[10, 20]]}}).json()
    assert answer["predictions"] == [{"values": [9.0, 18.0]}]
    text = served.post("/predict/pair", {"inputs": [[1, 2]]}).text
    assert "object with the operator's inputs (a, b)" in text
    assert "same number of samples" in served.post("/predict/pair", {"inputs": {"a": [[1, 2]], "b": [[1, 2]] * 2}}).text


def test_free_sizes_are_the_same_within_a_request(served: Served) -> None:
    from tests.predictor.served import embedding

    served.register("words", embedding(), serving((None,), (2,), dtype="int32"))
    answer = served.post("/predict/words", {"inputs": [[0, 1, 2], [4, 4, 4]]}).json()
    assert [p["values"] for p in answer["predictions"]] == [[2.0, 3.0], [8.0, 9.0]]
    assert "same shape" in served.post("/predict/words", {"inputs": [[0, 1], [4]]}).text
    assert "shape [-1]" in served.post("/predict/words", {"inputs": [[[0, 1]]]}).text


def test_pictures_go_to_8_bit_inputs_only(served: Served) -> None:
    served.register("floats", dense(6, 2)[0], serving((6,), (2,)))
    text = served.post("/predict/floats", {"inputs": [{"b64": encoded(PIXELS)}]}).text
    assert "trained on 8-bit values" in text


GREY, COLOUR = TensorSpec(name="x", shape=(4, 5), dtype="uint8"), TensorSpec(name="x", shape=(4, 5, 3), dtype="uint8")
FLAT_GREY = TensorSpec(name="x", shape=(20,), dtype="uint8")
PHOTO = RNG.integers(0, 256, (4, 5, 3), np.uint8)


def test_colour_and_grey_are_converted_and_lossless_values_kept() -> None:
    np.testing.assert_array_equal(read_picture(encoded(PHOTO), COLOUR), PHOTO)
    grey = np.asarray(Image.fromarray(PHOTO).convert("L"))
    np.testing.assert_array_equal(read_picture(encoded(PHOTO), GREY), grey)
    np.testing.assert_array_equal(read_picture(encoded(grey), FLAT_GREY), grey.reshape(-1))
    np.testing.assert_array_equal(read_picture(encoded(grey), COLOUR), np.repeat(grey[..., None], 3, axis=2))
    channel = GREY.model_copy(update={"shape": (4, 5, 1)})
    np.testing.assert_array_equal(read_picture(encoded(grey), channel), grey[..., None])


def test_jpeg_is_read_as_pillow_reads_it() -> None:
    text = encoded(PHOTO, "JPEG", quality=90)
    expected = np.asarray(Image.open(io.BytesIO(base64.b64decode(text))))
    np.testing.assert_array_equal(read_picture(text, COLOUR), expected)


def test_a_photo_is_turned_as_its_camera_says() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    text = encoded(np.swapaxes(PHOTO, 0, 1), "PNG", exif=exif)
    found = read_picture(text, COLOUR)
    np.testing.assert_array_equal(found, np.rot90(np.swapaxes(PHOTO, 0, 1), -1))


def test_16_bit_pictures_are_refused() -> None:
    file = io.BytesIO()
    Image.fromarray(np.zeros((4, 5), np.uint16)).save(file, "PNG")
    with pytest.raises(NotNumbers, match="8 bits"):
        read_picture(base64.b64encode(file.getvalue()).decode(), GREY)


def test_a_bomb_is_refused_by_its_announced_size() -> None:
    small = bytearray(base64.b64decode(encoded(np.zeros((4, 5)))))
    small[16:24] = struct.pack(">II", 20_000, 20_000)  # width and height in the header chunk, then its checksum
    small[29:33] = struct.pack(">I", zlib.crc32(small[12:29]))
    text = base64.b64encode(small).decode()
    with pytest.raises(NotNumbers, match="must"):
        read_picture(text, GREY)
    with pytest.raises(NotNumbers, match="must"):
        read_picture(text, GREY.model_copy(update={"shape": (None, None)}))


WHOLE = {kind: base64.b64decode(encoded(PHOTO, kind)) for kind in ("PNG", "JPEG")}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(["PNG", "JPEG"]),
    where=st.integers(0, 10**5),
    value=st.binary(max_size=5),
    cut=st.integers(0, 9),
)
def test_damaged_pictures_are_read_or_a_broken_rule(kind: str, where: int, value: bytes, cut: int) -> None:
    data = WHOLE[kind]
    start = where % len(data)
    data = data[:start] + value + (data[start + len(value) :] if cut else b"")
    try:
        found = read_picture(base64.b64encode(data).decode(), COLOUR)
    except NotNumbers:
        return
    assert found.shape == (4, 5, 3)


def test_a_value_may_be_missing_where_the_operator_fills_it(served: Served) -> None:
    file, kernel, bias = dense(2, 1)
    served.register("fills", file, serving((2,), (1,), steps=(Fill(values=Numbers.of(np.array([7.0, -2.0]))),)))
    served.register("takes-all", file, serving((2,), (1,)))
    asked = {"inputs": [[1.5, None], [None, 3], [4, 5]]}
    known = np.array([[1.5, -2], [7, 3], [4, 5]], "f") @ kernel + bias
    answer = served.post("/predict/fills", asked).json()
    np.testing.assert_allclose(np.reshape(answer["predictions"][0]["values"], -1), known[0], rtol=1e-5)
    np.testing.assert_allclose([one["values"][0] for one in answer["predictions"]], known[:, 0], rtol=1e-5)
    tensor = {"name": "x", "shape": [3, 2], "datatype": "FP32", "data": [1.5, None, None, 3, 4, 5]}
    found = served.post("/v2/models/fills/infer", {"inputs": [tensor]}).json()
    np.testing.assert_allclose(found["outputs"][0]["data"], known[:, 0], rtol=1e-5)
    for dtype, kind in (("int64", "INT64"), ("uint8", "UINT8")):  # what fills in is a fraction all the same
        steps = (Fill(values=Numbers.of(np.array([7.5, -2.0]))), Cast(dtype="float32"))
        served.register(dtype, file, serving((2,), (1,), dtype=dtype, steps=steps))
        whole = np.array([[7.5, 3], [4, -2]], "f") @ kernel + bias
        answer = served.post(f"/predict/{dtype}", {"inputs": [[None, 3], [4, None]]}).json()
        np.testing.assert_allclose([one["values"][0] for one in answer["predictions"]], whole[:, 0], rtol=1e-5)
        tensor = {"name": "x", "shape": [2, 2], "datatype": kind, "data": [None, 3, 4, None]}
        found = served.post(f"/v2/models/{dtype}/infer", {"inputs": [tensor]}).json()
        np.testing.assert_allclose(found["outputs"][0]["data"], whole[:, 0], rtol=1e-5)
    refused = served.post("/predict/takes-all", asked)
    assert refused.status_code == 422
    assert "values must be numbers" in refused.text
