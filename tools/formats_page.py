"""Write docs/formats.md to standard output: the formats, and every built-in network in each of them, or why not."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from visualnn_converter import conversion
from visualnn_shared import zoo
from visualnn_shared.analysis.expand import expand
from visualnn_shared.errors import Invalid, VisualNNError
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.problem import Problem

CERTIFIED = Path(__file__).parents[1] / "docs" / "formats-certified.json"
ONLY_WEIGHTS = "weights must be given"
"""How the rule begins that a format's writer names where only values are missing."""

_READ = {
    "keras-weights": "with a model: `--weights`",
    "pytorch": "[through ONNX](conversion/pytorch.md#coming-from-pytorch)",
}
_WRITTEN = {"fabrik": "no: people's old work comes in, and leaves as another format"}
_WEIGHTS = {
    "keras": "beside it: `keras-weights`, `--weights-out`",
    "fabrik": "the format has none",
    "keras-weights": "nothing else is in the file",
}
"""What a yes, a no or a blank would not say of a format."""


def reasons(spec: Spec, target: str) -> set[str]:
    """Why the net cannot be written in the format; none where only the values of its weights are missing."""
    try:
        conversion.write(spec, target)
    except Invalid as impossible:
        types = {layer.name: layer.type for layer in expand(spec).layers}
        return {_reason(one, types) for one in impossible.problems if not one.rule.startswith(ONLY_WEIGHTS)}
    except VisualNNError as error:
        return {error.detail}
    return set()


def _reason(one: Problem, types: Mapping[str, str]) -> str:
    name = one.where.layer or ""
    while name and name not in types:
        name = name.rpartition("/")[0]
    return f"{types[name]}: {one.rule}" if name else one.rule


def formats_table(found: list[dict[str, Any]]) -> list[str]:
    """One row a format."""
    beside = {name: ending for ending, name in conversion.weights_extensions().items()}
    lines = ["| format | what | endings | read | written | weights |", "|---|---|---|---|---|---|"]
    for one in found:
        endings = " ".join(f"`{ending}`" for ending in one["extensions"])
        inside = "in the file" if one["carries_weights"] else ""
        weights = f"in a `{beside[one['name']]}` beside it" if one["name"] in beside else inside
        read = _READ.get(one["name"], "yes" if one["reads"] else "no")
        written = _WRITTEN.get(one["name"], "yes" if one["writes"] else "no")
        if one["worker_writes"]:
            written = "by a worker with TensorFlow"
        weights = _WEIGHTS.get(one["name"], weights)
        lines.append(f"| `{one['name']}` | {one['title']} | {endings} | {read} | {written} | {weights} |")
    return lines


def mark(result: Mapping[str, Any] | None) -> str:
    """A tick, with the error where outputs were compared."""
    if result is None or "max_abs" not in result:
        return "✓"
    if not result["passed"]:
        return "✗ fails its certificate"
    error = f"{result['max_abs']:.0e}" if result["max_abs"] else "0"
    return f"✓ {error}" if result["independent"] else f"✓ ({error})"


def matrix(targets: list[str], certified: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """The table of networks and formats, and the reasons that its blanks refer to."""
    numbers: dict[str, int] = {}
    lines = ["| network | " + " | ".join(targets) + " |", "|---|" + "---|" * len(targets)]
    for name in zoo.NAMES:
        spec, cells = zoo.load(name), []
        for target in targets:
            why = reasons(spec, target)
            for reason in sorted(why):
                numbers.setdefault(reason, len(numbers) + 1)
            notes = ", ".join(str(number) for number in sorted(numbers[reason] for reason in why))
            cells.append(f"[{notes}]" if why else mark(certified.get(name, {}).get(target)))
        lines.append(f"| `{name}` | " + " | ".join(cells) + " |")
    return lines, [f"{number}. {reason}" for reason, number in numbers.items()]


def skipped(certified: Mapping[str, Any]) -> list[str]:
    """What was not certified, and why: networks grouped by the reason and the format."""
    found: dict[tuple[str, str], list[str]] = {}
    tried: dict[str, int] = {}
    for name in zoo.NAMES:
        for target, result in certified.get(name, {}).items():
            tried[target] = tried.get(target, 0) + 1
            if "skipped" in result:
                found.setdefault((target, result["skipped"]), []).append(f"`{name}`")
    return [
        f"- {target}: {why}: {'every network' if len(names) == tried[target] else ', '.join(names)}."
        for (target, why), names in sorted(found.items())
    ]


def page(known: Mapping[str, Any]) -> str:
    """The whole page; ``known`` is what ``tools/certify.py`` found."""
    found = conversion.formats()
    targets = [one["name"] for one in found if one["writes"] and one["name"] != "native"]
    table, notes = matrix(targets, known.get("results", {}))
    left_out = skipped(known.get("results", {}))
    lines = [
        "# Formats",
        "",
        "What the converter reads and writes, generated by `make docs`: do not edit.",
        "[02-conversion.md](02-conversion.md#formats) says how each format is meant.",
        "",
        *formats_table(found),
        "",
        "## Every built-in network in every format",
        "",
        "✓: the network can be written. A number is the largest absolute error of the outputs: the file, with drawn",
        f"weights, was run beside the network on Keras ({known.get('inputs', 'not yet run')}), by a runtime that reads",
        "the file itself, or in brackets by VisualNN's own reader on Keras, which proves less. In square brackets: why",
        "the network cannot be written, listed below. Rewrites (`--allow-rewrite`) are not counted. A ✓ alone was not",
        "run so: pictures give no answers, and scripts draw weights of their own (their tests run them).",
        "",
        *table,
        "",
        "## Reasons",
        "",
        *notes,
        "",
        "## Certificates",
        "",
        "`python tools/certify.py` draws weights and inputs from a seed, converts, runs both sides and writes",
        f"`docs/formats-certified.json`. Runtimes: {', '.join(known.get('runtimes', [])) or 'none yet'}. The gate is "
        f"{known.get('gate', 1e-4):g};",
        "besides, the error must be below a hundredth of what the outputs differ by from sample to sample (with these",
        "weights Keras itself, in float32 and in float64, differs by 0.65 % on ResNet-152: 7e-05).",
    ]
    if left_out:
        lines += ["Not certified:", "", *left_out]
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    print(page(json.loads(CERTIFIED.read_text()) if CERTIFIED.exists() else {}), end="")
