import pytest
from visualnn_shared.spec.refs import Ref, split_ref


@pytest.mark.parametrize(
    ("text", "layer", "output"),
    [
        ("conv", "conv", 0), ("slice:1", "slice", 1), ("slice:0", "slice", 0), ("a:b:2", "a:b", 2),
        ("a:b", "a:b", 0), ("a:", "a:", 0), (":1", ":1", 0), ("a:-1", "a:-1", 0), ("a:9999999", "a:9999999", 0),
        ("a:²", "a:²", 0), ("", "", 0),
    ],
)  # fmt: skip
def test_only_digits_after_the_last_colon_name_an_output(text: str, layer: str, output: int) -> None:
    assert split_ref(text) == (layer, output)


@pytest.mark.parametrize("text", ["conv", "slice:1"])
def test_a_reference_is_written_as_it_is_read(text: str) -> None:
    assert str(split_ref(text)) == text


def test_the_first_output_needs_no_number() -> None:
    assert str(Ref("slice", 0)) == "slice"
