"""What the server says to people has its Chinese in the editor: ``src/i18n/told/zh-CN``, by its English text."""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path

import pytest
from visualnn_converter.formats import formats
from visualnn_shared import zoo
from visualnn_shared.catalogue import CATALOGUE, as_json
from visualnn_shared.datasets.known import KNOWN
from visualnn_shared.training.describing import describe, describe_tune
from visualnn_shared.training.recipe import DqnParams

ROOT = Path(__file__).parents[3]
TOLD = ROOT / "services" / "web" / "src" / "i18n" / "told" / "zh-CN"
SOURCES = ("shared/visualnn_shared", "services/api/visualnn_api", "services/worker/visualnn_worker")
INNER = {
    "objects/keys.py", "objects/opening.py", "objects/s3.py", "store/engines.py", "jobs/model.py", "jobs/events.py",
    "jobs/protocol.py", "catalogue/registry.py", "reference/calling.py", "supervisor/worker.py", "catalogue/named.py",
}  # fmt: skip
"""What only those read who write or operate the platform."""
CALLS = {
    "Broken", "Refused", "problem", "Conflict", "Forbidden", "wrong", "_wrong", "NpyError", "_Impossible", "_Found",
    "TooLarge", "Item", "item", "Unmappable", "_refused", "Unavailable", "NotFound", "ValueError", "Invalid", "add",
    "_need", "_problem", "JobError",
}  # fmt: skip
"""Those that take a rule, a hint or a reason."""
NAMES = {"rule", "hint", "why", "title", "must_be", "step", "detail", "reason", "next_step"}
ENGLISH = re.compile(r"(?:\b[a-z]{2,}'?\s+){3}")
"""Four words of English in a row."""


@cache
def _table() -> dict[str, str]:
    tables = [json.loads(path.read_text()) for path in sorted(TOLD.glob("*.json"))]
    return {text: said for table in tables for text, said in table.items()}


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """As ``told.ts`` makes them: those with the most letters first."""
    texts = sorted((text for text in _table() if "{}" in text), key=_letters, reverse=True)
    return [(re.compile(_hole(text).join(map(re.escape, text.split("{}"))), re.DOTALL), text) for text in texts]


def _letters(text: str) -> int:
    return sum(one.isalpha() for one in text)


def _hole(text: str) -> str:
    return r"(\S+)" if _letters(text) < 6 else "(.+?)"


def said(text: str, depth: int = 0) -> str:
    """A text of the server in Chinese; as it is where there is none."""
    if text in _table() or depth > 4:
        return _table().get(text, text)
    for pattern, key in _patterns():
        if found := pattern.fullmatch(text):
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


def test_networks_data_sets_and_formats_are_described_in_chinese() -> None:
    proper = re.compile(r"[A-Z][\w.-]*( ?\(?[A-Z0-9v][\w.-]*\)?| (prototxt|v\d))*")  # names: VGG-16, Inception v3
    told = {text for network in zoo.describe() for text in (network["title"], network["doc"])}
    told |= {known.title for known in KNOWN.values()} | {form.TITLE for form in formats().values()}
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
    return len(re.findall(r"[a-z]{2,}", text.replace("{}", ""))) >= 2 and not text.lstrip().startswith(("{", "SELECT"))


def _example(text: str) -> str:
    """The text with something in its holes."""
    numbers = iter(range(1, 20))
    return re.sub(r"\{\}", lambda _: f"x{next(numbers)}", text)


def _sentences(root: Path) -> Iterator[tuple[str, str]]:
    """Texts that problems are made of, with ``{}`` for what is filled in, and the file that has them."""
    for path in sorted(root.rglob("*.py")):
        place = "/".join(path.parts[-2:])
        for node in ast.walk(ast.parse(path.read_text())):
            for value in _told_by(node):
                yield from ((text, place) for text in _texts(value) if " " in text)


def _told_by(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Call):
        if getattr(node.func, "id", getattr(node.func, "attr", "")) in CALLS:
            yield from node.args
        yield from (keyword.value for keyword in node.keywords if keyword.arg in NAMES)
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
    return _texts(node.body) + _texts(node.orelse) if isinstance(node, ast.IfExp) else []


def _inserted(node: ast.expr) -> list[str]:
    """A choice of two words is told as each of them."""
    value = node.value if isinstance(node, ast.FormattedValue) else node
    words = isinstance(value, ast.IfExp) and all(isinstance(one, ast.Constant) for one in (value.body, value.orelse))
    return _texts(value) if words else ["{}"]
