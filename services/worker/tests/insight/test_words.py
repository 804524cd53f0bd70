"""Words in pictures: every sentence has its Chinese, and letters have a font."""

import ast
import string
from pathlib import Path

import pytest
from PIL import Image
from visualnn_worker.insight import fonts
from visualnn_worker.insight.charts import Row, bars
from visualnn_worker.insight.drawing import LIGHT, themes
from visualnn_worker.insight.words import CHINESE


def sentences() -> set[str]:
    """What the code gives to ``say`` as it stands there."""
    found = set()
    for path in Path(fonts.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "say" and node.args:
                text = node.args[0]
                found |= {text.value} if isinstance(text, ast.Constant) else set()
    return found


def test_every_sentence_has_its_chinese_with_the_same_places() -> None:
    assert len(sentences()) > 10
    assert sentences() <= set(CHINESE)

    def places(text: str) -> set[str | None]:
        return {name for _text, name, _spec, _how in string.Formatter().parse(text) if name}

    for text, said in CHINESE.items():
        assert places(said) == places(text), text


def test_without_a_font_pictures_are_english_and_names_in_chinese_spoil_nothing(monkeypatch) -> None:
    monkeypatch.setattr("visualnn_worker.insight.drawing.wide_font", lambda: None)
    monkeypatch.setattr(fonts, "wide_font", lambda: None)
    fonts.font.cache_clear()
    found = themes(["\u732b"])
    assert set(found) == {"", "-dark"}
    drawn = bars([Row("\u732b", 3, [0.5])], ["attribute", "samples", "precision"], "\u732b", "", found[""])
    fonts.font.cache_clear()
    assert isinstance(drawn, Image.Image)


@pytest.mark.parametrize("wide", [False, True])
def test_no_letter_is_drawn_as_an_empty_box(wide) -> None:
    """Where the font lacks a letter stands one that it has."""
    font = fonts.font(13, wide)
    box = font._drawn(fonts._NO_LETTER)
    for text, plain in (("cat \U0001f600", "cat ?"), ("\U0001f469\u200d\U0001f52c", "??"), ("0.5", "0.5")):
        assert font._written(text) == plain
        assert font.getlength(text) == font.getlength(plain)
        assert bytes(font.getmask(text)) == bytes(font.getmask(plain))
    for text, plain in (("caf\u00e9 \u2013 na\u00efve", "cafe - naive"), ("\u0416\u732b", "??")):
        written = font._written(text)
        assert written in (text, plain)
        assert all(font._drawn(letter) != box for letter in written)


@pytest.mark.skipif(fonts.wide_font() is None, reason="this machine has no font with Chinese letters")
def test_with_a_font_chinese_letters_differ_from_each_other() -> None:
    found = themes([])
    assert set(found) == {"", "-dark", ".zh-CN", "-dark.zh-CN"}
    assert found[".zh-CN"].say("Confusion of {name}", name="x") == "x \u7684\u6df7\u6dc6\u77e9\u9635"
    assert themes(["cat", "\u732b"])[""].wide
    assert not themes(["cat"])[""].wide
    letters = {bytes(found[".zh-CN"].font(20).getmask(letter)) for letter in "\u732b\u72d7\u9e1f"}
    boxes = {bytes(LIGHT.font(20).getmask(letter)) for letter in "\u732b\u72d7\u9e1f"}
    assert (len(letters), len(boxes)) == (3, 1)
