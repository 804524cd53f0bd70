import re

from hypothesis import example, given
from hypothesis import strategies as st
from visualnn_worker.network.names import keras_name, spec_name

ANY = (
    st.text(min_size=1)
    .filter(lambda text: "\ud800" not in text)
    .filter(lambda text: not any(0xD800 <= ord(c) <= 0xDFFF for c in text))
)


@given(ANY)
@example("conv1/bn")
@example(".a")
@example(">2F")
@example("größe")
def test_a_name_comes_back_and_is_one_that_keras_and_tensorflow_take(name):
    escaped = keras_name(name)
    assert spec_name(escaped) == name
    assert re.fullmatch(r"[A-Za-z0-9.][A-Za-z0-9_.\->]*", escaped)


@given(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]*", fullmatch=True))
def test_a_plain_name_stays(name):
    assert keras_name(name) == name


@given(ANY, ANY)
def test_different_names_stay_different(one, other):
    assert (keras_name(one) == keras_name(other)) == (one == other)
