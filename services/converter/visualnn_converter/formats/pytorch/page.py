"""The text of model.py and of the README, around what the writer says of the layers."""

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from visualnn_converter.formats.pytorch.names import words

WIDTH = 110


@dataclass(slots=True)
class Page:
    """What the writer found out."""

    name: str
    title: str
    inputs: list[str] = field(default_factory=list)
    """Names of the arguments of ``forward``."""
    told: list[str] = field(default_factory=list)
    """What is to be known of inputs and outputs."""
    members: list[str] = field(default_factory=list)
    forward: list[str] = field(default_factory=list)
    helpers: set[str] = field(default_factory=set)
    weights: bool = True


@cache
def _helpers() -> Mapping[str, tuple[str, frozenset[str]]]:
    """Each helper's text, and the names that it uses; in the order of the file."""
    text = files("visualnn_converter.formats.pytorch").joinpath("helpers.txt").read_text("utf-8")
    found = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            used = {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
            found[node.name] = (ast.get_source_segment(text, node) or "", frozenset(used))
    return found


def helper_names() -> frozenset[str]:
    """Names of all helpers."""
    return frozenset(_helpers())


def _needed(wanted: Iterable[str]) -> list[str]:
    """The texts of helpers and of those that they use, in the order of the file."""
    known, needed, rest = _helpers(), set[str](), list(wanted)
    while rest:
        name = rest.pop()
        if name in known and name not in needed:
            needed.add(name)
            rest += known[name][1]
    return [text for name, (text, _) in known.items() if name in needed]


def model_text(page: Page) -> str:
    """model.py."""
    helpers = _needed(page.helpers)
    body = "\n\n\n".join([*helpers, _class(page), _load(page)])
    imports = ["import torch", "import torch.nn.functional as F", "from torch import nn"]
    names = {node.id for node in ast.walk(ast.parse(body)) if isinstance(node, ast.Name)}
    used = [line for line, name in zip(imports, ("torch", "F", "nn"), strict=True) if name in names]
    standard = ["from pathlib import Path"]
    if "math" in names:
        standard.insert(0, "import math")
    head = [f'"""The network {words(page.title)}, written by VisualNN."""', "", *standard, "", *used]
    return "\n".join(head) + "\n\n\n" + body + "\n"


def _class(page: Page) -> str:
    doc = [f'    """{words(page.title)}.', "", *(f"    {line}" for line in page.told), '    """']
    init = ["    def __init__(self):", "        super().__init__()", *(f"        {line}" for line in page.members)]
    arguments = ", ".join(["self", *page.inputs])
    forward = [f"    def forward({arguments}):", *(f"        {line}" for line in page.forward)]
    return "\n".join([f"class {page.name}(nn.Module):", *doc, "", *init, "", *forward])


def _load(page: Page) -> str:
    return f'''def load(weights=Path(__file__).with_name("model.safetensors")):
    """The network with its weights, ready to answer: dropout is off, batch normalisation uses its averages."""
    from safetensors.torch import load_file

    net = {page.name}()
    net.load_state_dict(load_file(weights))
    return net.eval()'''


def readme_text(page: Page) -> str:
    """README.md."""
    told = "\n".join(f"- {line}" for line in page.told)
    use = "load()" if page.weights else f"{page.name}()"
    names = ", ".join(page.inputs)
    where = "from model import load" if page.weights else f"from model import {page.name}"
    weights = (
        "`model.safetensors` holds the state dict." if page.weights else "There are no weights: PyTorch draws them."
    )
    return f"""# {words(page.title)}

A PyTorch network, written by VisualNN. Needs `torch`{" and `safetensors`" if page.weights else ""}. {weights}

```python
import torch
{where}

net = {use}.eval()
with torch.inference_mode():
    answer = net({names})
```

{told}
"""


def wrapped(head: str, arguments: Sequence[str], tail: str = ")") -> list[str]:
    """A call on one line, or on several where it is long."""
    line = head + ", ".join(arguments) + tail
    if len(line) <= WIDTH:
        return [line]
    lines, now = [head], "    "
    for argument in arguments:
        if len(now) + len(argument) > WIDTH - 2:
            lines.append(now.rstrip())
            now = "    "
        now += f"{argument}, "
    return [*lines, now.rstrip().rstrip(","), tail]
