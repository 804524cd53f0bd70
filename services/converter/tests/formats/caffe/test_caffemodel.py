"""Files of weights against protobuf's own runtime, which knows Caffe's schema here and nothing of our reader."""

from typing import Any

import numpy as np
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from visualnn_converter.formats.caffe.caffemodel import Blob, parse, render
from visualnn_converter.formats.caffe.wire import varint
from visualnn_shared.catalogue.maps import Unmappable

F = descriptor_pb2.FieldDescriptorProto
SCHEMA: dict[str, list[tuple[Any, ...]]] = {
    "BlobShape": [("dim", 1, F.TYPE_INT64, "packed")],
    "BlobProto": [
        ("num", 1, F.TYPE_INT32), ("channels", 2, F.TYPE_INT32), ("height", 3, F.TYPE_INT32),
        ("width", 4, F.TYPE_INT32),
        ("data", 5, F.TYPE_FLOAT, "packed"), ("diff", 6, F.TYPE_FLOAT, "packed"), ("shape", 7, "BlobShape"),
        ("double_data", 8, F.TYPE_DOUBLE, "packed"),
    ],
    "Loose": [("data", 5, F.TYPE_FLOAT, "repeated")],
    "LayerParameter": [
        ("name", 1, F.TYPE_STRING), ("type", 2, F.TYPE_STRING), ("bottom", 3, F.TYPE_STRING, "repeated"),
        ("top", 4, F.TYPE_STRING, "repeated"), ("blobs", 7, "BlobProto", "repeated"), ("phase", 10, F.TYPE_INT32),
    ],
    "V1LayerParameter": [
        ("bottom", 2, F.TYPE_STRING, "repeated"), ("top", 3, F.TYPE_STRING, "repeated"), ("name", 4, F.TYPE_STRING),
        ("type", 5, F.TYPE_INT32), ("blobs", 6, "BlobProto", "repeated"),
    ],
    "NetParameter": [
        ("name", 1, F.TYPE_STRING), ("layers", 2, "V1LayerParameter", "repeated"),
        ("input", 3, F.TYPE_STRING, "repeated"), ("input_dim", 4, F.TYPE_INT32, "repeated"),
        ("layer", 100, "LayerParameter", "repeated"),
    ],
}  # fmt: skip


def _messages() -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(name="caffe_test.proto", package="caffe_test", syntax="proto2")
    for name, fields in SCHEMA.items():
        message = file.message_type.add(name=name)
        for field, number, kind, *label in fields:
            made = message.field.add(name=field, number=number)
            made.label = F.LABEL_REPEATED if label else F.LABEL_OPTIONAL
            if isinstance(kind, str):
                made.type, made.type_name = F.TYPE_MESSAGE, f".caffe_test.{kind}"
            else:
                made.type = kind
            if label == ["packed"]:
                made.options.packed = True
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"caffe_test.{name}")) for name in SCHEMA}


PROTO = _messages()
ARRAYS = st.lists(
    hnp.arrays(np.uint32, hnp.array_shapes(min_dims=0, max_dims=4, min_side=1, max_side=4)), min_size=1, max_size=3
)
LAYERS = st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=8), ARRAYS, min_size=1, max_size=4)
SETTINGS = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


def net(**blob: Any) -> bytes:
    """A net of one layer ``a`` with one blob."""
    made = PROTO["NetParameter"](name="net")
    made.layer.add(name="a", type="Bias").blobs.add(**blob)
    return bytes(made.SerializeToString())


@SETTINGS
@given(layers=LAYERS)
def test_protobuf_reads_what_we_write(layers: dict[str, list[Any]]) -> None:
    messages = [{"name": name, "type": "T", "bottom": ["x", "y"], "top": name} for name in layers]
    values = {name: [bits.view(np.float32) for bits in arrays] for name, arrays in layers.items()}
    found = PROTO["NetParameter"].FromString(render("né", [(one, values[one["name"]]) for one in messages]))
    assert found.name == "né"
    assert [(one.name, one.type, list(one.bottom), list(one.top)) for one in found.layer] == [
        (name, "T", ["x", "y"], [name]) for name in layers
    ]
    for one in found.layer:
        for blob, bits in zip(one.blobs, layers[one.name], strict=True):
            assert list(blob.shape.dim) == list(bits.shape)
            np.testing.assert_array_equal(np.nan_to_num(blob.data), np.nan_to_num(bits.view(np.float32).ravel()))


@pytest.mark.parametrize("old", [False, True])
@SETTINGS
@given(layers=LAYERS)
def test_we_read_what_protobuf_writes(old: bool, layers: dict[str, list[Any]]) -> None:
    made = PROTO["NetParameter"](name="net", input=["data"], input_dim=[1, 3, 8, 8])
    wanted = {}
    for name, arrays in layers.items():
        values = [np.nan_to_num(bits.view(np.float32)) for bits in arrays]
        layer = (made.layers if old else made.layer).add(name=name, top=[name])
        for array in values:
            blob = layer.blobs.add(data=array.ravel(), diff=array.ravel())
            blob.shape.dim.extend(array.shape)
            blob.shape.SetInParent()
        wanted[name] = values
    found = parse(made.SerializeToString())
    assert list(found) == list(wanted)
    for name, values in wanted.items():
        for blob, array in zip(found[name], values, strict=True):
            assert blob.shape == array.shape
            assert blob.tensor(array.shape).tobytes() == array.tobytes()


@pytest.mark.parametrize(
    ("blob", "shape", "fits"),
    [
        ({"num": 1, "channels": 1, "height": 2, "width": 3, "data": [1] * 6}, (1, 1, 2, 3), [(2, 3), (1, 1, 2, 3)]),
        ({"num": 1, "channels": 1, "height": 1, "width": 3, "data": [1] * 3}, (1, 1, 1, 3), [(3,)]),
        ({"num": 2, "channels": 3, "height": 1, "width": 1, "data": [1] * 6}, (2, 3, 1, 1), [(2, 3, 1, 1)]),
        ({"data": [1] * 3}, (3,), [(3,), (1, 3)]),
        ({"shape": {"dim": [2, 1]}, "double_data": [1, 1]}, (2, 1), [(2, 1)]),
        ({"shape": {}, "data": [1]}, (), [(), (1,)]),
        ({"shape": {"dim": [0, 4]}}, (0, 4), [(0, 4)]),
    ],
)
def test_every_way_to_tell_a_shape_is_read(blob: Any, shape: Any, fits: list[Any]) -> None:
    found = parse(net(**blob))["a"][0]
    assert found.shape == shape
    for one in fits:
        assert found.fits(one)
        assert found.tensor(one).dtype == np.float32
    assert not found.fits((7,))
    assert not found.fits((*shape, 1)) or found.values.size < 2


def test_of_two_layers_of_a_name_the_later_counts_and_those_without_blobs_do_not() -> None:
    made = PROTO["NetParameter"]()
    for values in ([1.0], [2.0], []):
        layer = made.layer.add(name="a")
        if values:
            layer.blobs.add(data=values)
    assert parse(made.SerializeToString())["a"][0].values.tolist() == [2.0]


def test_values_are_not_copied() -> None:
    data = net(data=[1.0, 2.0])
    values = parse(data)["a"][0].values
    assert not values.flags.owndata
    assert not values.flags.writeable


def _loose() -> bytes:
    blob = PROTO["Loose"](data=[1.0, 2.0]).SerializeToString()
    layer = b"\x0a\x01a\x3a" + varint(len(blob)) + blob
    return b"\xa2\x06" + varint(len(layer)) + layer


HUGE = varint(2**63 - 1)
DAMAGED = {
    "empty": (b"", "hold layers"),
    "a text": (b'name: "net"', "binary"),
    "an HDF5 file": (b"\x89HDF\r\n\x1a\n", "HDF5"),
    "half a file": (net(data=[1.0] * 99)[:200], "be whole"),
    "a length beyond the end": (b"\xa2\x06" + HUGE, "be whole"),
    "a number without its end": (b"\xff" * 30, "without its end"),
    "a group": (b"\x0b\x0c", "binary"),
    "a blob of the wrong size": (net(data=[1.0], shape={"dim": [2]}), "as many values"),
    "a blob of a huge size": (net(data=[1.0], shape={"dim": [2**40, 2**40]}), "as many values"),
    "a blob of a negative size": (net(data=[1.0], shape={"dim": [-1]}), "as many values"),
    "a blob of many axes": (net(data=[1.0], shape={"dim": [1] * 40}), "at most 32 axes"),
    "many layers": (b"\xa2\x06\x00" * 20_001, "at most 20,000 layers"),
    "many blobs": (b"\xa2\x06" + varint(2 * 65) + b"\x3a\x00" * 65, "at most 64 blobs"),
    "many fields": (b"\x08\x00" * 500_001, "at most 500,000 fields"),
    "values that are not packed": (_loose(), "packed"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_refused_with_its_place(name: str) -> None:
    data, said = DAMAGED[name]
    with pytest.raises(Unmappable) as caught:
        parse(data)
    assert said in str(caught.value.problem(None))


FILE = net(num=1, channels=1, height=2, width=3, data=[1.0] * 6, diff=[0.0] * 6)


def _read(data: bytes) -> None:
    """The promise: blobs, or an error that says where."""
    try:
        found = parse(data)
    except Unmappable:
        return
    assert all(isinstance(blob, Blob) for blobs in found.values() for blob in blobs)


@SETTINGS
@given(place=st.integers(0, len(FILE)), length=st.integers(0, 8), new=st.binary(max_size=12))
@example(place=0, length=0, new=b"\xa2\x06" + HUGE)
def test_a_file_with_other_bytes_is_read_or_refused(place: int, length: int, new: bytes) -> None:
    _read(FILE[:place] + new + FILE[place + length :])


@SETTINGS
@given(data=st.binary(max_size=200))
def test_random_bytes_are_read_or_refused(data: bytes) -> None:
    _read(data)
