"""What the server says to people has its Chinese in the editor: ``src/i18n/told/zh-CN``, by its English text."""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import TypeGuard

import pytest
from visualnn_converter.formats import formats
from visualnn_shared import zoo
from visualnn_shared.catalogue import CATALOGUE, as_json
from visualnn_shared.datasets.known import KNOWN
from visualnn_shared.reinforcement.environments import ENVIRONMENTS
from visualnn_shared.training.describing import describe, describe_tune
from visualnn_shared.training.recipe import DqnParams

ROOT = Path(__file__).parents[3]
TOLD = ROOT / "services" / "web" / "src" / "i18n" / "told" / "zh-CN"
CONVERTER = "services/converter/visualnn_converter"
SOURCES = ("shared/visualnn_shared", "services/api/visualnn_api", "services/worker/visualnn_worker", CONVERTER)
INNER = {
    "objects/keys.py", "objects/opening.py", "objects/s3.py", "store/engines.py", "jobs/model.py", "jobs/events.py",
    "jobs/protocol.py", "catalogue/registry.py", "reference/calling.py", "supervisor/worker.py", "catalogue/named.py",
}  # fmt: skip
"""What only those read who write or operate the platform."""
CODE = {
    "visualnn_converter/__main__.py",
    "visualnn_converter/app.py",
    "caffe/fields.py",
    "pytorch/names.py",
    "pytorch/page.py",
    "ensembling/drawing.py",
    "tuning/drawing.py",
    "insight/pictures.py",
    "insight/words.py",
}
"""Words that are no sentences: the converter's own REST, lists of names, what scripts hold and what pictures show."""
CALLS = {
    "Broken", "Refused", "problem", "Conflict", "Forbidden", "wrong", "_wrong", "NpyError", "_Impossible", "_Found",
    "TooLarge", "Item", "item", "Unmappable", "_refused", "Unavailable", "NotFound", "ValueError", "Invalid", "add",
    "CheckItem", "_need", "_problem", "JobError", "rewrote", "drops", "approximates", "note",
    "log", "_say",
}  # fmt: skip
"""Those that take a rule, a hint or a reason."""
NAMES = {"rule", "hint", "why", "title", "must_be", "step", "detail", "reason", "next_step", "notes"}
ENGLISH = re.compile(r"(?:\b[a-z]{2,}'?\s+){3}")
"""Four words of English in a row."""
SENTENCE = re.compile(r"(?:\b[a-z]{2,}'?,?\s+){2}[a-z]")


@cache
def _table() -> dict[str, str]:
    tables = [json.loads(path.read_text()) for path in sorted(TOLD.glob("*.json"))]
    return {text: said for table in tables for text, said in table.items()}


@cache
def _patterns() -> list[tuple[str, re.Pattern[str], str]]:
    """As ``told.ts`` makes them: those with the most letters first."""
    texts = sorted((text for text in _table() if "{}" in text), key=_letters, reverse=True)
    return [(max(text.split("{}"), key=len), _pattern(text), text) for text in texts]


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(_hole(text).join(map(re.escape, text.split("{}"))), re.DOTALL)


def _letters(text: str) -> int:
    return sum(one.isalpha() for one in text)


def _hole(text: str) -> str:
    return r"(\S+)" if _letters(text) < 6 else "(.+?)"


@cache
def said(text: str, depth: int = 0) -> str:
    """A text of the server in Chinese; as it is where there is none."""
    if text in _table() or depth > 4:
        return _table().get(text, text)
    for part, pattern, key in _patterns():
        if part in text and (found := pattern.fullmatch(text)):
            return _filled(_table()[key], [said(hole, depth + 1) for hole in found.groups()])
    return text


def _filled(text: str, holes: list[str]) -> str:
    """``{}`` in order, or ``{0}``, ``{1}`` where Chinese has another order."""
    rest = iter(holes)
    return re.sub(r"\{(\d?)\}", lambda at: holes[int(at[1])] if at[1] else next(rest), text)


def _lacking(texts: set[str]) -> list[str]:
    """Those that stay English. Names of one word are no English: `LeNet`, `npz`."""
    return sorted(text for text in texts if ENGLISH.search(f"{said(text)} ") or (said(text) == text and " " in text))


def _fields(fields: list[dict]) -> Iterator[str]:
    for field in fields:
        yield field["doc"]
        yield from _fields(field.get("fields") or [])
        for option in (field.get("options") or {}).values():
            yield from _fields(option)


def test_every_layer_and_parameter_is_explained_in_chinese() -> None:
    items = [as_json(entry) for entry in CATALOGUE.values()]
    params = [param for item in items for param in item["params"]]
    assert _lacking({item["doc"] for item in items}) == []
    assert _lacking({param["doc"] for param in params} - {""}) == []
    assert _lacking({param["type"] for param in params if not param["type"].startswith("one of ")}) == []


def test_every_field_of_a_recipe_is_explained_in_chinese() -> None:
    for fields in (describe(), describe_tune(), describe(DqnParams)):
        assert _lacking(set(_fields(fields)) - {""}) == []


def test_networks_data_sets_environments_and_formats_are_described_in_chinese() -> None:
    proper = re.compile(r"[A-Z][\w.-]*( ?\(?[A-Z0-9v][\w.-]*\)?| (prototxt|v\d))*")  # names: VGG-16, Inception v3
    told = {text for network in zoo.describe() for text in (network["title"], network["doc"])}
    told |= {known.title for known in KNOWN.values()} | {form.TITLE for form in formats().values()}
    told |= {one.title for one in ENVIRONMENTS.values()}
    assert _lacking({text for text in told if not proper.fullmatch(text)}) == []


def test_every_group_and_kind_of_job_has_a_chinese_name() -> None:
    locale = TOLD.parents[1] / "zh-CN"
    groups = json.loads((locale / "palette.json").read_text())["group"]
    assert {entry.group for entry in CATALOGUE.values() if entry.palette} <= set(groups)
    fields = json.loads((locale / "training.json").read_text())["field"]
    assert {field["name"] for field in describe()} <= set(fields) | {"augmentation"}


@pytest.mark.parametrize("root", SOURCES)
def test_every_problem_hint_and_reason_has_its_chinese(root: str) -> None:
    texts = {text for text, place in _sentences(ROOT / root) if place not in INNER}
    assert len(texts) > 40
    assert _lacking({_example(text) for text in texts if _is_prose(text)}) == []


@pytest.mark.parametrize(
    "text",
    [
        "params.learning_rate: the best value, 0.1, sits on the upper border of its range, 0.01 to 0.1; "
        "search above it as well",
        "data set digits: 1,437 train, 360 test samples",
        "data set line: 200 train samples",
        "val_loss 0.3; members 0.4 in the mean, the best 0.35; better than the mean by +0.1, than the best by +0.05",
        "what the loss is on samples that were set aside",
        "the network of each member",
        "the best may lie outside of what was searched",
        "member 2, the best by val_loss",
        "trial 3, val_loss 0.25, the best of 9",
    ],
)  # fmt: skip
def test_what_a_job_says_of_its_run_is_whole_in_chinese(text: str) -> None:
    names = r"params|learning_rate|digits|line|val_loss"
    assert re.findall(r"[A-Za-z]{2,}", re.sub(names, "", said(text))) == []


@pytest.mark.parametrize(
    "root",
    [CONVERTER, *(f"services/worker/visualnn_worker/{one}" for one in ("checking", "insight")),
     *(f"shared/visualnn_shared/{one}" for one in ("ensembling", "tuning", "reinforcement", "datasets"))],
)  # fmt: skip
def test_every_line_of_a_report_has_its_chinese(root: str) -> None:
    texts = {text for text, place in _written(ROOT / root) if place not in CODE and "keras_script" not in place}
    assert len(texts) > 10
    assert _lacking({_example(text) for text in texts}) == []


@pytest.mark.parametrize(
    ("line", "chinese"),
    [
        ("nothing of the net reads it", "网络中没有层读取它"),
        ("the weights file must have at most 5000 layers", "权重文件必须最多有 5000 个层"),
        (
            "a loss is no part of the net; train with mean squared error (mse)",
            "损失不属于网络；训练时请使用 均方误差 (mse)",
        ),
        ("field top, line 7", "字段 top，第 7 行"),
        (
            "pass: overfit: after 10 steps the loss of 20 samples is 0.016, it began with 2.338",
            "通过：overfit：10 步之后 20 个样本的损失为 0.016，起初为 2.338",
        ),
        (
            "loss 0.9; members 0.8 in the mean, the best 0.85; better than the mean by +0.1, than the best by +0.05",
            "loss 0.9；成员平均 0.8，最佳 0.85；比平均提高 +0.1，比最佳提高 +0.05",
        ),
        (
            "mean return 480 over 100 greedy episodes, after 9,000 steps: CartPole-v1 is solved (from 475)",
            "9,000 步之后，100 个贪心回合的平均回报为 480：CartPole-v1 已解决（达到 475 即可）",
        ),
        ("[1, 28, 28] as [28, 28, 1]", "[1, 28, 28] 改为 [28, 28, 1]"),
    ],
)
def test_a_line_is_told_with_its_values(line: str, chinese: str) -> None:
    assert said(line) == chinese


def test_a_text_without_chinese_would_be_found() -> None:
    assert _lacking({"Nobody has ever said this of a layer."}) != []
    assert said("groups must divide filters") == "groups 必须整除 filters"
    assert said("units must be an integer of at least 1") == "units 必须是至少为 1 的整数"


def test_chinese_keeps_the_holes_and_the_names_of_parameters() -> None:
    for text, chinese in _table().items():
        holes = re.findall(r"\{\d?\}", chinese)
        assert len(holes) == text.count("{}"), text
        assert all(name in chinese for name in re.findall(r"\b[a-z]+_[a-z_0-9]+", text)), (text, chinese)


def _is_prose(text: str) -> bool:
    return len(re.findall(r"\b[A-Za-z][a-z]+\b", text.replace("{}", ""))) >= 2 and not text.lstrip().startswith(
        ('{"', "SELECT")
    )


def _example(text: str) -> str:
    """The text with something in its holes."""
    numbers = iter(range(1, 20))
    return re.sub(r"\{\}", lambda _: f"x{next(numbers)}", text)


def _sentences(root: Path) -> Iterator[tuple[str, str]]:
    """Texts that problems are made of, with ``{}`` for what is filled in, and the file that has them."""
    for path in sorted(root.rglob("*.py")):
        place = "/".join(path.parts[-2:])
        for node in _nodes(path):
            for value in _told_by(node):
                yield from ((text, place) for text in _texts(value) if " " in text)


def _written(root: Path) -> Iterator[tuple[str, str]]:
    """Every text of some words in the code but docstrings: a report's lines come from tables and constants too."""
    for path in sorted(root.rglob("*.py")):
        nodes = _nodes(path)
        parts = {
            id(one) for node in nodes if isinstance(node, ast.JoinedStr) for one in ast.walk(node) if one is not node
        }
        parts |= {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        parts |= {id(one) for node in nodes if _is_drawn(node) for one in node.args}
        for node in nodes:
            if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in parts:
                texts = (text for text in _texts(node) if "\n" not in text and SENTENCE.search(text))
                yield from ((text, "/".join(path.parts[-2:])) for text in texts)


def _is_drawn(node: ast.AST) -> TypeGuard[ast.Call]:
    """What a picture shows: the worker has its Chinese (``insight/words.py``), and its tests see to it."""
    return isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "say"


@cache
def _nodes(path: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(path.read_text())))


def _told_by(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Call):
        if getattr(node.func, "id", getattr(node.func, "attr", "")) in CALLS:
            yield from node.args
        yield from (keyword.value for keyword in node.keywords if keyword.arg in NAMES)
    elif isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        yield from (value for key, value in pairs if isinstance(key, ast.Constant) and key.value in NAMES)
    elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            both = isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple)
            pairs = zip(target.elts, node.value.elts, strict=False) if both else [(target, node.value)]  # type: ignore[attr-defined]
            yield from (value for name, value in pairs if getattr(name, "id", getattr(name, "attr", "")) in NAMES)


def _texts(node: ast.expr) -> list[str]:
    """All that an expression of texts may give."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.JoinedStr):
        parts = [[one.value] if isinstance(one, ast.Constant) else _inserted(one) for one in node.values]
        return ["".join(map(str, one)) for one in product(*parts)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [a + b for a in _texts(node.left) or ["{}"] for b in _texts(node.right) or ["{}"]]
    if isinstance(node, ast.List):
        return [text for one in node.elts for text in _texts(one)]
    return _texts(node.body) + _texts(node.orelse) if isinstance(node, ast.IfExp) else []


def _inserted(node: ast.expr) -> list[str]:
    """A choice of two words is told as each of them."""
    value = node.value if isinstance(node, ast.FormattedValue) else node
    words = isinstance(value, ast.IfExp) and all(isinstance(one, ast.Constant) for one in (value.body, value.orelse))
    return _texts(value) if words else ["{}"]
