"""The text parser: values, lines, and errors with line and column."""

import contextlib
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from visualnn_converter import conversion
from visualnn_converter.formats.caffe.prototxt import MAX_DEPTH, START, parse, render
from visualnn_shared.catalogue.maps import Unmappable, Word, plain
from visualnn_shared.errors import Invalid, TooLarge

VALUES = [
    ("1", 1), ("-7", -7), ("1e-3", 1e-3), (".5", 0.5), ("2.f", 2.0), ("true", True), ("false", False), ("MAX", "MAX"),
    ('"a b"', "a b"), ("'it'", "it"), (r'"a\"b\\c\n"', 'a"b\\c\n'), (r'"\101\x42"', "AB"), ('"a" \'b\'', "ab"),
     ("inf", float("inf")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_values(text: str, value: object) -> None:
    found = parse(f"key: {text}").one("key")
    assert found == value
    assert isinstance(found, Word) == (text == "MAX")


@pytest.mark.parametrize(
    "text",
    [
        "a { b: 1 b: 2 }",
        "a: { b: [1, 2] }",
        "a < b: 1; b: 2, >",
        "# comment {\na {b:1 # }\n b:2}",
        "a\n{ # x\nb\n:\n1 b : 2 }",
    ],
)
def test_spellings_of_one_message(text: str) -> None:
    assert plain(parse(text)) == {"a": {"b": [1, 2]}}


def test_an_empty_list_is_no_field() -> None:
    """Found by the fuzzer: a field without values had no last one."""
    assert plain(parse("a: [] b: 1")) == {"b": 1}


def test_every_field_knows_its_line() -> None:
    root = parse('name: "n"\n\nlayer {\n  type: "ReLU"\n  relu_param {\n    slope: 1\n  }\n}')
    layer = root.one("layer")
    assert root.line("name") == 1
    assert (layer.line(START), layer.line("type"), layer.one("relu_param").line("slope")) == (3, 4, 6)


@pytest.mark.parametrize(
    ("text", "line", "column", "rule"),
    [
        ("a {\n b: 1\n", 1, 1, "every { must be closed by a }"),
        ("a: 1\n}", 2, 1, "a closing brace must close a message"),
        ("a { b: 1 >", 1, 10, "the message opened by { in line 1 must be closed"),
        ("a: 1\nb 3", 2, 1, "a field must be `name: value` or `name { ... }`"),
        ('a: "unclosed\n', 1, 1, "a field must be `name: value` or `name { ... }`"),
        ("a: [1, 2", 1, 9, "a list must be `[value, value]`"),
        ("a: 1\n  b: 12x", 2, 6, "a value must be a number, a word, or a quoted string"),
        ("a{" * (MAX_DEPTH + 1), 1, 2 * MAX_DEPTH + 1, f"messages must be nested at most {MAX_DEPTH} deep"),
    ],
)
def test_errors_name_line_and_column(text: str, line: int, column: int, rule: str) -> None:
    with pytest.raises(Unmappable) as error:
        parse(text)
    where = error.value.problem(None).where
    assert (where.line, where.column, error.value.rule) == (line, column, rule)


TREES = st.recursive(
    st.one_of(st.integers(-(10**15), 10**15), st.floats(allow_nan=False), st.booleans(), st.text(max_size=8),
     st.just(Word("MAX"))),
    lambda inner: st.dictionaries(st.sampled_from(["a", "b_c", "_d9", "E"]), st.lists(inner,
     min_size=1, max_size=3)),
    max_leaves=6,
).filter(lambda tree: isinstance(tree, dict))  # fmt: skip


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tree=TREES)
def test_what_is_rendered_is_parsed_again(tree: dict[str, object]) -> None:
    def one(value: object) -> object:
        """A list of one is a scalar."""
        if isinstance(value, dict):
            return {key: one(item) for key, item in value.items()}
        if isinstance(value, list):
            return [one(item) for item in value] if len(value) > 1 else one(value[0])
        return value

    text = render(tree)
    assert _values(parse(text)) == one(tree)


def _values(message: object) -> object:
    if hasattr(message, "as_dict"):
        return {key: _values(list(item) if len(item) > 1 else item[0]) for key, item in message.as_dict().items()}
    return [_values(item) for item in message] if isinstance(message, list) else message


def test_a_long_comment_or_blank_costs_linear_time() -> None:
    with pytest.raises(Unmappable):
        parse(("#" + " " * 50 + "\n") * 20_000 + "?")


H = 'input: "data" input_dim: 1 input_dim: 3 input_dim: 12 input_dim: 12\n'
LONG = {
    "layers of one name": H + 'layer { name: "q" type: "ReLU" bottom: "data" top: "data" }\n' * 6_000,
    "layers without a name": H + 'layer { type: "Nothing" bottom: "data" top: "a" }\n' * 6_000,
    "pools that are none": H + 'layer { type: "Pooling" bottom: "data" pooling_param { pool: MAXX } }\n' * 4_000,
    "comments": H + "layer {" + "# x\n" * 100_000 + "}",
    "pieces of a string": H + "layer { name: " + '"a" ' * 100_000 + "}",
    "a list": H + "layer { x: [" + "1," * 150_000 + "1] }",
    "blanks": " " * 400_000 + "?",
    "messages within messages": "layer {" * 10_000,
    "200 MB": "x: 1\n" * 40_000_000,
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", LONG)
def test_a_long_text_takes_time_in_proportion(name: str) -> None:
    """Names that repeat once took the square of their number; the fuzzer found it."""
    start = time.process_time()
    with contextlib.suppress(Invalid, TooLarge):
        conversion.read(LONG[name].encode(), "caffe")
    assert time.process_time() - start < 5
