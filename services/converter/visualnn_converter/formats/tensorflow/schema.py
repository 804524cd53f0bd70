"""GraphDef as protobuf messages, described here: no TensorFlow is needed, and nothing is generated.

Field names and numbers are those of tensorflow/core/framework (graph, node_def, attr_value, tensor, tensor_shape,
types, versions, function). Maps are written as the repeated entries that they are on the wire.
"""

from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory  # type: ignore[import-untyped, unused-ignore]

_KINDS = {"int32": 5, "int64": 3, "uint64": 4, "uint32": 13, "bool": 8, "string": 9, "bytes": 12, "float": 2,
          "double": 1}  # fmt: skip
_ENUM, _MESSAGE = 14, 11
_FIELDS: dict[str, str] = {
    "GraphDef": "*NodeDef node 1, VersionDef versions 4, int32 version 3, FunctionDefLibrary library 2",
    "VersionDef": "int32 producer 1, int32 min_consumer 2, *int32 bad_consumers 3",
    "NodeDef": "string name 1, string op 2, *string input 3, string device 4, *AttrEntry attr 5",
    "AttrEntry": "string key 1, AttrValue value 2",
    "AttrValue": "bytes s 2, int64 i 3, float f 4, bool b 5, DataType type 6, TensorShapeProto shape 7, "
                 "TensorProto tensor 8, ListValue list 1, NameAttrList func 10, string placeholder 9",
    "ListValue": "*bytes s 2, *int64 i 3, *float f 4, *bool b 5, *DataType type 6, *TensorShapeProto shape 7, "
                 "*TensorProto tensor 8, *NameAttrList func 9",
    "NameAttrList": "string name 1, *AttrEntry attr 2",
    "TensorShapeProto": "*Dim dim 2, bool unknown_rank 3",
    "Dim": "int64 size 1, string name 2",
    "TensorProto": "DataType dtype 1, TensorShapeProto tensor_shape 2, int32 version_number 3, "
                   "bytes tensor_content 4, *int32 half_val 13, *float float_val 5, *double double_val 6, "
                   "*int32 int_val 7, *bytes string_val 8, *float scomplex_val 9, *int64 int64_val 10, "
                   "*bool bool_val 11, *double dcomplex_val 12, "
                   "*ResourceHandleProto resource_handle_val 14, *VariantTensorDataProto variant_val 15, "
                   "*uint32 uint32_val 16, *uint64 uint64_val 17, bytes float8_val 18",
    "ResourceHandleProto": "string device 1, string container 2, string name 3, uint64 hash_code 4, "
                           "string maybe_type_name 5",
    "VariantTensorDataProto": "string type_name 1, bytes metadata 2, *TensorProto tensors 3",
    "FunctionDefLibrary": "*FunctionDef function 1, *GradientDef gradient 2",
    "GradientDef": "string function_name 1, string gradient_func 2",
    "FunctionDef": "OpDef signature 1, *NodeDef node_def 3",
    "OpDef": "string name 1",
}  # fmt: skip
"""``kind name number``: a star marks what is repeated. Fields that are left out here are skipped as unknown."""
DATA_TYPES = (
    "INVALID", "FLOAT", "DOUBLE", "INT32", "UINT8", "INT16", "INT8", "STRING", "COMPLEX64", "INT64", "BOOL", "QINT8",
    "QUINT8", "QINT32", "BFLOAT16", "QINT16", "QUINT16", "UINT16", "COMPLEX128", "HALF", "RESOURCE", "VARIANT",
    "UINT32", "UINT64", "FLOAT8_E5M2", "FLOAT8_E4M3FN",
)  # fmt: skip
"""Names behind ``DT_`` by number; 100 more is a reference to a variable, ``_REF``."""
NUMPY = {1: "float32", 2: "float64", 3: "int32", 4: "uint8", 5: "int16", 6: "int8", 9: "int64", 10: "bool",
         17: "uint16", 19: "float16", 22: "uint32", 23: "uint64"}  # fmt: skip
"""Number of a type -> NumPy's name, for those with values that we read."""
NUMBERS = {name: number for number, name in NUMPY.items()}
PACKAGE = "visualnn.tensorflow"


@cache
def graph_def() -> Any:
    """The class of GraphDef messages, for binary and for protobuf's text format."""
    pool = descriptor_pool.DescriptorPool()
    pool.Add(_file())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.GraphDef"))


def _file() -> Any:
    found = descriptor_pb2.FileDescriptorProto(name="visualnn_graph.proto", package=PACKAGE, syntax="proto3")
    kinds = found.enum_type.add(name="DataType")
    for number, name in enumerate(DATA_TYPES):
        kinds.value.add(name=f"DT_{name}", number=number)
    for number, name in enumerate(DATA_TYPES[1:], start=101):
        kinds.value.add(name=f"DT_{name}_REF", number=number)
    for name, fields in _FIELDS.items():
        message = found.message_type.add(name=name)
        if name == "AttrValue":
            message.oneof_decl.add(name="value")
        for said in fields.split(", "):
            _field(message, said)
    return found


def _field(message: Any, said: str) -> None:
    kind, name, number = said.split()
    repeated, kind = kind.startswith("*"), kind.removeprefix("*")
    field = message.field.add(name=name, number=int(number), label=3 if repeated else 1)
    field.type = _KINDS.get(kind, _ENUM if kind == "DataType" else _MESSAGE)
    if kind not in _KINDS:
        field.type_name = f".{PACKAGE}.{kind}"
    if message.name == "AttrValue":
        field.oneof_index = 0
