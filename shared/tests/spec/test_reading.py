import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from visualnn_shared import zoo
from visualnn_shared.errors import SpecInvalid
from visualnn_shared.spec.model import Layer, Spec
from visualnn_shared.spec.reading import MAX_BYTES, MAX_DEPTH, canonical_json, etag, parse, read_spec, spec_schema

IN = {"name": "in", "type": "Input", "params": {"shape": [1]}}


def text(**changes: Any) -> str:
    return json.dumps({"visualnn": 1, "name": "x", "layers": [IN], "outputs": ["in"], **changes})


CASES: list[tuple[str | bytes, list[str]]] = [
    ("", ["a spec must be JSON; received 'the end of the text'; line 1; Expecting value, at column 1"]),
    (
        '{"name": "x",\n "layers": [,]}',
        ["""a spec must be JSON; received '"layers": [,]}'; line 2; Expecting value, at column 13"""],
    ),
    ("[1]", ["""a spec must be a JSON object; received [1]; {"visualnn": 1, ...}"""]),
    (b"\xff\xfe{", ["a spec must be JSON in UTF-8"]),
    ("1" * 5000, ["a spec must be JSON in UTF-8"]),
    ("[" * 100_000, [f"a spec must be nested at most {MAX_DEPTH} levels deep; received 'more levels'"]),
    (" " * (MAX_BYTES + 1), ["a spec must be at most 16,777,216 bytes; received '16,777,217 bytes'"]),
    (text(visualnn=0), ["visualnn must be 1; received 0; field visualnn"]),
    (
        text(visualnn=2),
        ["visualnn must be 1; received 2; field visualnn; a newer VisualNN made this: update this one to open it"],
    ),
    (text(name=""), ["name must not be empty; received ''; field name"]),
    (text(name="x" * 201), ["name must have at most 200 characters; received 'xxx"]),
    (text(name=None), ["name must be a text; received None; field name"]),
    (text(layers={}), ["layers must be a list; received {}; field layers"]),
    (text(layers=[IN, 3]), ["layers[1] must be an object; received 3; field layers[1]"]),
    (text(outputs="in"), ["outputs must be a list; received 'in'; field outputs"]),
    (text(layers=[IN] * 20_001), ["layers must hold at most 20000 items; received '20001 items'; field layers"]),
    (
        '{"visualnn": 1}',
        ["name must be given; received None; field name", "layers must be given; received None; field layers"],
    ),
    (
        text(color="red", output=[]),
        [
            "a key must be one that a spec has; received 'color'; field color; "
            "known are visualnn, name, layers, outputs",
            "a key must be one that a spec has; received 'output'; field output; did you mean 'outputs'?",
        ],
    ),
    (
        text(layers=[{**IN, "config": {}, "input": [], "type": 4}]),
        [
            "type must be a text; received 4; layer in, field layers[0].type",
            "a key must be one that a layer has; received 'config'; layer in, field layers[0].config; "
            "parameters stand in params",
            "a key must be one that a layer has; received 'input'; layer in, field layers[0].input; "
            "did you mean 'inputs'?",
        ],
    ),
    (
        '{"visualnn": 1, "name": "a", "name": "b", "layers": []}',
        ["a key must occur once in an object; received 'name'; field name"],
    ),
    (
        '{"visualnn": 1, "name": "a", "layers": [{"name": "n", "type": "t", "params": {"x": NaN}}]}',
        ["a number must be finite; received 'NaN'; layer n, field layers[0].params.x"],
    ),
    (
        '{"visualnn": 1, "name": "a", "layers": [{"name": "n", "type": "t", "params": {"x": [1, {"y": -Infinity}]}}]}',
        ["a number must be finite; received '-Infinity'; layer n, field layers[0].params.x[1].y"],
    ),
]


@pytest.mark.parametrize(("document", "expected"), CASES, ids=[expected[0][:60] for _, expected in CASES])
def test_every_fault_of_form_is_reported_in_our_words(document: str | bytes, expected: list[str]) -> None:
    with pytest.raises(SpecInvalid) as caught:
        read_spec(document)
    found = [str(problem) for problem in caught.value.problems]
    assert len(found) == len(expected)
    assert all(a.startswith(b) for a, b in zip(found, expected, strict=True)), found


def test_parameters_nested_beyond_any_meaning_are_refused() -> None:
    value: Any = 1
    for _ in range(MAX_DEPTH + 2):
        value = [value]
    (problem,) = parse({"visualnn": 1, "name": "x", "layers": [{**IN, "params": {"a": value}}]}).problems
    assert problem.where.layer == "in"
    assert "levels deep" in problem.rule


def test_what_has_only_unknown_keys_too_many_is_read_for_further_checks() -> None:
    parsed = parse(text(colour="red", layers=[{**IN, "colour": "red"}]))
    assert len(parsed.problems) == 2
    assert parsed.spec == read_spec(text())


@pytest.mark.parametrize("form", [str, str.encode, json.loads], ids=["text", "bytes", "object"])
def test_text_bytes_and_objects_are_read_alike(form: Any) -> None:
    assert read_spec(form(text())) == Spec(
        name="x", layers=(Layer(name="in", type="Input", params={"shape": [1]}),), outputs=("in",)
    )


@pytest.mark.parametrize("name", zoo.NAMES)
def test_a_canonical_form_reads_back_to_the_same_spec(name: str) -> None:
    spec = zoo.load(name)
    assert read_spec(canonical_json(spec)) == spec


def test_the_canonical_form_does_not_depend_on_the_order_of_keys() -> None:
    document = json.loads(text())
    turned = dict(reversed(document.items()))
    assert canonical_json(read_spec(document)) == canonical_json(read_spec(turned))
    assert etag(read_spec(document)) == hashlib.sha256(canonical_json(read_spec(turned))).hexdigest()


def test_the_canonical_form_has_sorted_keys_and_no_spaces() -> None:
    spec = Spec(name="ü", layers=())
    assert canonical_json(spec).decode() == '{"layers":[],"name":"ü","outputs":[],"visualnn":1}'


@given(st.text(min_size=1, max_size=10), st.dictionaries(st.text(), st.integers() | st.text() | st.booleans()))
def test_what_differs_has_another_etag(name: str, params: dict[str, Any]) -> None:
    spec = Spec(name="x", layers=(Layer(name=name, type="Dense", params=params),))
    other = spec.model_copy(
        update={"layers": (spec.layers[0].model_copy(update={"params": {**params, "one more": 1}}),)}
    )
    assert (etag(spec) == etag(other)) == (spec == other)


def test_the_schema_describes_every_key() -> None:
    schema = spec_schema()
    assert set(schema["properties"]) == set(Spec.model_fields)
    assert schema["additionalProperties"] is False
    assert set(schema["$defs"]["Layer"]["properties"]) == set(Layer.model_fields)


@pytest.mark.parametrize("name", ["two\nlines", "a\rb", "tab\t", "\x1b[31mred", "bell\x07", "\x85", "a\u2028b", "a\n"])
def test_a_models_name_is_one_line_without_control_characters(name: str) -> None:
    parsed = parse({"visualnn": 1, "name": name, "layers": [], "outputs": []})
    (one,) = parsed.problems
    assert (one.rule, one.where.field) == ("name must be one line without control characters", "name")
    assert parsed.spec is not None


@pytest.mark.parametrize("name", ["Ziffern, zweiter Versuch ✓", "数字", "a\xa0b", "👩\u200d🔬"])
def test_other_names_are_free(name: str) -> None:
    assert read_spec({"visualnn": 1, "name": name, "layers": [], "outputs": []}).name == name


GROUPED = {"name": "encoder", "layers": ["in"], "folded": True}


def test_notes_and_groups_are_kept_and_are_part_of_the_document() -> None:
    noted = read_spec(text(layers=[{**IN, "note": "pixels, 0 to 1"}], groups=[GROUPED]))
    assert noted.layers[0].note == "pixels, 0 to 1"
    assert noted.groups[0].model_dump() == {**GROUPED, "layers": ("in",)}
    assert read_spec(canonical_json(noted)) == noted
    assert etag(noted) != etag(read_spec(text()))


def test_a_spec_without_notes_and_groups_has_the_form_that_it_always_had() -> None:
    plain = read_spec(text(layers=[{**IN, "note": ""}], groups=[]))
    assert json.loads(canonical_json(plain)) == {
        "visualnn": 1, "name": "x", "layers": [{**IN, "inputs": [], "weights_of": None}], "outputs": ["in"],
    }  # fmt: skip
    assert set(plain.model_dump()) == {"visualnn", "name", "layers", "outputs"}


@pytest.mark.parametrize(
    ("group", "told"),
    [
        ({"layers": ["in"]}, "name must be given"),
        ({"name": "a", "layers": []}, "groups[0].layers"),
        ({**GROUPED, "fold": True}, "a key must be one that a group has; received 'fold'"),
        ({**GROUPED, "folded": "perhaps"}, "folded"),
    ],
)
def test_what_is_wrong_with_a_group_is_told(group: dict[str, Any], told: str) -> None:
    parsed = parse(text(groups=[group]))
    assert parsed.spec is None
    assert [told in str(problem) for problem in parsed.problems] == [True], parsed.problems


def test_a_note_is_short_enough_to_be_read() -> None:
    assert parse(text(layers=[{**IN, "note": "x" * 2001}])).problems[0].where.layer == "in"
