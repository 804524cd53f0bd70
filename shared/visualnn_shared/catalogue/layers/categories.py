"""Keras' layers that turn numbers into categories: bins, hashes, places in a vocabulary, and their encodings.

What they hold is given in the spec: a net has no step that would look through a data set first. Strings are no values
of an Input, so StringLookup and TextVectorization are not here.
"""

from collections.abc import Iterator
from typing import Any

from visualnn_shared.catalogue.entry import Broken, Example, Param, Params, Ports, Shapes
from visualnn_shared.catalogue.free import Shape
from visualnn_shared.catalogue.keras_maps import keras
from visualnn_shared.catalogue.kinds import Bool, Choice, Float, Int, ListOf, Optional
from visualnn_shared.catalogue.lenses import Around, Drop, Fn
from visualnn_shared.catalogue.maps import Bag, Context, Map, Unmappable
from visualnn_shared.catalogue.onnx_maps import composed
from visualnn_shared.catalogue.ranges import LONGEST_TABLE, NumberOrNumbers
from visualnn_shared.catalogue.registry import layer

INTEGERS = ("int32",)
NO_HASH = "ONNX has no hash function; use IntegerLookup, or hash the numbers before they enter the net"
MODES_DOC = "int: the number; one_hot: a 1 in its place; multi_hot, count: one row for all numbers of a sample."


def _mode(*values: str, default: str = "int") -> Param:
    return Param("output_mode", Choice(values), default, MODES_DOC)


def _encoded(mode: str, shape: Shape, depth: int) -> list[Shape]:
    """What Keras makes of numbers: one_hot replaces a last axis of 1 or adds one, the others make one row of a list."""
    if mode == "int":
        return [shape]
    if mode == "one_hot":
        return [(*shape[:-1], depth)] if shape and shape[-1] == 1 else [(*shape, depth)]
    if len(shape) != 1:
        rule = "the input must have 1 axis (a list of numbers) besides the batch where output_mode makes one row of it"
        raise Broken(rule, shape)
    return [(depth,)]


def _boundaries(p: Params) -> Iterator[Broken]:
    if p["num_bins"] is not None:
        yield Broken("num_bins must be null: give bin_boundaries", p["num_bins"], param="num_bins")
    boundaries = p["bin_boundaries"]
    if boundaries is None:
        yield Broken("bin_boundaries must be given", None, param="bin_boundaries")
    elif list(boundaries) != sorted(set(boundaries)):
        yield Broken("bin_boundaries must ascend", boundaries, param="bin_boundaries")


layer(
    "Discretization",
    doc="The number of the bin that each value is in, counted from 0.",
    group="preprocessing",
    params=[
        Param(
            "bin_boundaries",
            Optional(ListOf(Float(), 1, LONGEST_TABLE)),
            None,
            "Where one bin ends and the next begins.",
        ),
        Param("num_bins", Optional(Int(0)), None, "Keras finds this many bins in data; a spec gives bin_boundaries."),
        Param("epsilon", Float(0, above=True), 0.01, "How exactly Keras finds bins in data; without effect in a spec."),
        _mode("int", "one_hot", "multi_hot", "count"),
    ],
    shape=lambda p, ins: _encoded(p["output_mode"], ins[0], len(p["bin_boundaries"]) + 1),
    rules=_boundaries,
    maps={
        "keras": [keras("Discretization")],
        "onnx": [
            composed(
                "GreaterOrEqual",
                "binned",
                "bin_boundaries",
                "num_bins",
                "output_mode",
                training=("epsilon",),
                layout="plain",
            )
        ],
    },
    example=Example(((8,),), {"bin_boundaries": [-1.0, 0.0, 1.0]}),
)


def _tokens(p: Params) -> Iterator[Broken]:
    if p["num_tokens"] is None:
        yield Broken("num_tokens must be given", None, param="num_tokens")


layer(
    "CategoryEncoding",
    doc="Whole numbers from 0 as rows of zeros and ones, or of counts.",
    group="preprocessing",
    params=[
        Param("num_tokens", Optional(Int(1)), None, "Number of different numbers: the largest that occurs, plus 1."),
        _mode("multi_hot", "one_hot", "count", default="multi_hot"),
    ],
    shape=lambda p, ins: _encoded(p["output_mode"], ins[0], p["num_tokens"]),
    rules=_tokens,
    maps={
        "keras": [keras("CategoryEncoding")],
        "onnx": [composed("OneHot", "category_rows", "num_tokens", "output_mode", layout="plain")],
    },
    example=Example(((4,),), {"num_tokens": 6}, INTEGERS),
)

SALT = Optional(NumberOrNumbers(Int(0)))
SALT_DOC = "Key of the hash: one number, or two; null takes a hash without a key."


def _salted(p: Params) -> Iterator[Broken]:
    if isinstance(p["salt"], tuple) and len(p["salt"]) != 2:
        yield Broken("salt must be one number, or two", p["salt"], param="salt")


def _hashed(p: Params, ins: Shapes) -> list[Shape]:
    if p["output_mode"] == "one_hot" and (not ins[0] or ins[0][-1] not in (1,)):
        # Keras announces (..., num_bins) for every input, but gives (..., n, num_bins) where the last axis is longer.
        raise Broken("the input's last axis must be 1 where output_mode is 'one_hot'", ins[0])
    return _encoded(p["output_mode"], ins[0], p["num_bins"])


layer(
    "Hashing",
    doc="Numbers spread over bins by a hash; TensorFlow computes it, whatever the backend.",
    group="preprocessing",
    params=[
        Param("num_bins", Int(1), doc="Number of bins."),
        Param("mask_value", Optional(Int()), None, "The number that alone goes to bin 0; null: none."),
        Param("salt", SALT, None, SALT_DOC),
        _mode("int", "one_hot", "multi_hot", "count"),
    ],
    shape=_hashed,
    rules=_salted,
    maps={
        "keras": [keras("Hashing")],
    },
    unsaid={"onnx": NO_HASH},
    example=Example(((4,),), {"num_bins": 8}, INTEGERS),
)


def _crossed(p: Params, ins: Shapes) -> list[Shape]:
    if len(set(ins)) > 1 or ins[0] not in ((), (1,)):
        raise Broken("the inputs must be one number each, of the same shape: [] or [1]", list(ins))
    return _encoded(p["output_mode"], ins[0], p["num_bins"])


layer(
    "HashedCrossing",
    doc="Pairs of numbers, each pair a category of its own, spread over bins by a hash; TensorFlow computes it.",
    group="preprocessing",
    params=[Param("num_bins", Int(1), doc="Number of bins."), _mode("int", "one_hot")],
    ports=Ports(2, 2, ("first", "second")),
    shape=_crossed,
    maps={
        "keras": [keras("HashedCrossing")],
    },
    unsaid={"onnx": NO_HASH},
    example=Example(((1,), (1,)), {"num_bins": 8}, ("int32", "int32")),
)


def special_numbers(p: Params) -> list[int]:
    """Numbers that stand before the vocabulary: the mask's, where places are given, and those of the unknown."""
    mask = [p["mask_token"]] if p["mask_token"] is not None and p["output_mode"] == "int" else []
    return mask + [p["oov_token"]] * p["num_oov_indices"]


def words(p: Params) -> tuple[int, ...]:
    """The vocabulary without the special numbers that it may begin with."""
    special, vocabulary = special_numbers(p), p["vocabulary"]
    begins = list(vocabulary[: len(special)]) == special
    found: tuple[int, ...] = vocabulary[len(special) :] if begins else vocabulary
    return found


def _looked_up(p: Params, ins: Shapes) -> list[Shape]:
    size = len(special_numbers(p)) + len(words(p))
    return _encoded(p["output_mode"], ins[0], p["max_tokens"] if p["pad_to_max_tokens"] else size)


def _vocabulary(p: Params) -> Iterator[Broken]:
    if p["vocabulary"] is None:
        yield Broken("vocabulary must be given", None, param="vocabulary")
        return
    found = words(p)
    if not found or len(set(found)) != len(found):
        yield Broken("vocabulary must hold different numbers, at least one", p["vocabulary"], param="vocabulary")
    if p["mask_token"] in found:
        yield Broken("mask_token must not be in the vocabulary", p["mask_token"], param="mask_token")
    if p["invert"] and p["oov_token"] in found:
        yield Broken("oov_token must not be in the vocabulary where invert is true", p["oov_token"], param="oov_token")
    if p["max_tokens"] is not None and len(special_numbers(p)) + len(found) > p["max_tokens"]:
        yield Broken("max_tokens must hold the vocabulary and its special numbers", p["max_tokens"], param="max_tokens")


def _lookup_rules(p: Params) -> Iterator[Broken]:
    yield from _salted(p)
    yield from _vocabulary(p)
    if p["invert"] and p["output_mode"] != "int":
        yield Broken("output_mode must be 'int' where invert is true", p["output_mode"], param="output_mode")
    if p["pad_to_max_tokens"] and p["max_tokens"] is None:
        yield Broken("max_tokens must be given where pad_to_max_tokens is true", None, param="max_tokens")
    if p["salt"] is not None and p["oov_method"] != "farmhash":
        yield Broken("salt must be null unless oov_method is 'farmhash'", p["salt"], param="salt")
    weights, known = p["idf_weights"], p["vocabulary"] or ()
    if (weights is not None) != (p["output_mode"] == "tf_idf"):
        yield Broken("idf_weights must be given for output_mode 'tf_idf', and only then", weights, param="idf_weights")
    elif weights is not None and len(weights) != len(known):
        yield Broken(f"idf_weights must be one for each of the {len(known)} words", weights, param="idf_weights")


def _write_unknown(p: Params, _bag: Bag, _ctx: Context) -> None:
    """What ONNX cannot do for numbers that are not in the vocabulary. Raises ``Unmappable``."""
    if p["num_oov_indices"] == 0 and not p["invert"]:
        rule = "num_oov_indices must be at least 1 in this format, which cannot fail for an unknown number"
        raise Unmappable(rule, 0, "num_oov_indices")
    if p["oov_method"] == "farmhash" and p["num_oov_indices"] > 1:
        rule = "oov_method must be 'floormod' in this format, which has no hash"
        raise Unmappable(rule, p["oov_method"], "oov_method")


def _read_nothing(_bag: Bag, _p: dict[str, Any], _ctx: Context) -> None:
    """The map is not read."""


LOOKUP = Map(
    "Equal",
    [
        Fn(("num_oov_indices", "oov_method", "salt"), _read_nothing, _write_unknown),
        Around((
            "max_tokens", "mask_token", "oov_token", "vocabulary", "vocabulary_dtype", "idf_weights", "invert",
            "output_mode", "pad_to_max_tokens",
        )),
    ],
    around="looked_up",
    layout="plain",
    reads=False,
)  # fmt: skip

layer(
    "IntegerLookup",
    doc="The place of each number in a vocabulary; others share the first places. TensorFlow computes it.",
    group="preprocessing",
    params=[
        Param("max_tokens", Optional(Int(2)), None, "Largest size of the vocabulary with its special numbers."),
        Param(
            "num_oov_indices", Int(0), 1, "Places for numbers that are not in the vocabulary; without one they fail."
        ),
        Param("mask_token", Optional(Int()), None, "The number that marks a place without a value; it becomes 0."),
        Param("oov_token", Int(), -1, "What a number that was unknown becomes where invert is true."),
        Param(
            "vocabulary", Optional(ListOf(Int(), 1, LONGEST_TABLE)), None, "The numbers, in the order of their places."
        ),
        Param("vocabulary_dtype", Choice(("int64",)), "int64", "Type of the vocabulary; Keras knows only int64."),
        Param("idf_weights", Optional(ListOf(Float(), 1, LONGEST_TABLE)), None, "Weight of each word, for tf_idf."),
        Param("invert", Bool(), False, "Whether places become numbers instead."),
        _mode("int", "one_hot", "multi_hot", "count", "tf_idf"),
        Param("pad_to_max_tokens", Bool(), False, "Whether rows are max_tokens long, however long the vocabulary."),
        Param("oov_method", Choice(("floormod", "farmhash")), "floormod", "How unknown numbers share their places."),
        Param("salt", SALT, None, SALT_DOC),
    ],
    shape=_looked_up,
    rules=_lookup_rules,
    maps={
        "keras": [keras("IntegerLookup", Drop(("vocabulary_size",)))],
        "onnx": [LOOKUP],
    },
    example=Example(((4,),), {"vocabulary": [12, 36, 42]}, INTEGERS),
)
