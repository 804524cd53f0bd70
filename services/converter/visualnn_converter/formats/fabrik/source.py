"""A Fabrik document in a normal form: nodes in dependency order, with numbers as numbers.

``{"net": {id: {"info": {"type", "phase"}, "params": {...}, "connection": {"input": [ids], "output": [ids]},
"shape": {"input", "output"}, "props": {"name"}}}, "net_name": ...}``; some exports hold the net alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from visualnn_shared.catalogue.maps import Unmappable
from visualnn_shared.spec.model import MAX_LAYERS
from visualnn_shared.spec.problem import Problem, problem

MOST_INPUTS = 10_000
"""Lines into one layer."""
LARGEST = 2**31 - 1
TEST = 1
"""Caffe's number of the phase; null and 0 are training."""


@dataclass(slots=True)
class Node:
    """A layer of the document."""

    id: str
    name: str
    type: str
    params: Mapping[str, Any]
    inputs: list[str]
    phase: Any = None
    output: tuple[int, ...] | None = None
    """The output's shape as Fabrik saw it, channels first, without the batch."""
    taken: set[str] = field(default_factory=set)

    def raw(self, key: str, default: Any = None) -> Any:
        """A parameter, taken; forms hold an empty text where nothing was entered."""
        self.taken.add(key)
        value = self.params.get(key)
        return default if value is None or value == "" else value

    def integer(self, key: str, default: int | None = None) -> int:
        """A whole number, also as text. Raises ``Unmappable``."""
        value = self.number(key, default)
        if value != int(value) or abs(value) > LARGEST:
            raise Unmappable(f"{key} must be a whole number", self.params.get(key), key)
        return int(value)

    def number(self, key: str, default: float | None = None) -> float:
        """A number, also as text. Raises ``Unmappable``."""
        value = self.raw(key, default)
        if isinstance(value, str):
            try:
                value = float(value)
            except ValueError:
                value = None
        good = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST
        if not good:
            raise Unmappable(f"{key} must be a number", self.params.get(key), key)
        return value  # type: ignore[no-any-return]

    def flag(self, key: str, default: bool) -> bool:
        """True or false, also as text. Raises ``Unmappable``."""
        value = self.raw(key, default)
        if isinstance(value, str):
            value = {"true": True, "false": False}.get(value.lower())
        if not isinstance(value, bool):
            raise Unmappable(f"{key} must be true or false", self.params.get(key), key)
        return value

    def word(self, key: str, default: str = "") -> str:
        """A word. Raises ``Unmappable``."""
        value = self.raw(key, default)
        if not isinstance(value, str | int) or isinstance(value, bool):
            raise Unmappable(f"{key} must be a word", value, key)
        return str(value)

    def integers(self, key: str) -> list[int]:
        """A list of whole numbers: ``"1, 3, 224, 224"``, or a list. Raises ``Unmappable``."""
        value = self.raw(key, ())
        parts = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else None
        try:
            found = [int(part) for part in parts or () if not isinstance(part, bool)]
        except (TypeError, ValueError, OverflowError):
            found = []
        if not found or len(found) != len(parts or ()) or any(abs(n) > LARGEST for n in found):
            raise Unmappable(f"{key} must be whole numbers with commas between them", value or None, key)
        return found


@dataclass(slots=True)
class Net:
    """A document: its nodes in dependency order."""

    name: str
    nodes: list[Node]
    problems: list[Problem]


def parse(document: Any) -> Net:
    """The nodes. Raises ``Unmappable`` where the document is no net at all."""
    if not isinstance(document, dict):
        raise Unmappable("the document must be an object", type(document).__name__)
    layers = document.get("net", document)
    if not isinstance(layers, dict) or not layers:
        raise Unmappable("net must be an object with a layer under each id", layers if layers else None)
    if len(layers) > MAX_LAYERS:
        raise Unmappable(f"net must have at most {MAX_LAYERS:,} layers", len(layers))
    problems: list[Problem] = []
    nodes = {}
    for id, value in layers.items():
        try:
            nodes[id] = _node(id, value)
        except Unmappable as broken:
            problems.append(broken.problem(id[:200] or None))
    _complete(nodes, layers)
    name = document.get("net_name")
    return Net(name if isinstance(name, str) and name.strip() else "net", _in_order(nodes, problems), problems)


def _node(id: str, value: Any) -> Node:
    info, params = (_inside(value, key) for key in ("info", "params"))
    type = info.get("type")
    if not isinstance(type, str) or not type:
        raise Unmappable("info.type must be the name of a layer type", type, "info.type")
    inputs = _inside(value, "connection").get("input") or []
    if not isinstance(inputs, list) or not all(isinstance(one, str) for one in inputs) or len(inputs) > MOST_INPUTS:
        raise Unmappable("connection.input must be a list of ids", inputs, "connection.input")
    given = _inside(value, "props").get("name")
    name = given if isinstance(given, str) and given.strip() else id
    return Node(id, name, type, params, list(inputs), info.get("phase"), _shape(_inside(value, "shape").get("output")))


def _inside(value: Any, key: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Unmappable("a layer must be an object with info, params and connection", value)
    found = value.get(key)
    if found is not None and not isinstance(found, dict):
        raise Unmappable(f"{key} must be an object", found, key)
    return found or {}


def _shape(value: Any) -> tuple[int, ...] | None:
    good = isinstance(value, list) and value and all(type(n) is int and 0 < n <= LARGEST for n in value)
    return tuple(value) if good else None


def _complete(nodes: dict[str, Node], layers: Mapping[str, Any]) -> None:
    """Lines that only the layer above tells of."""
    for id, value in layers.items():
        outputs = value.get("connection") if isinstance(value, dict) else None
        outputs = outputs.get("output") if isinstance(outputs, dict) else None
        for other in outputs if isinstance(outputs, list) else ():
            below = nodes.get(other) if isinstance(other, str) else None
            if below is not None and not below.inputs:
                below.inputs = [id]


def _in_order(nodes: dict[str, Node], problems: list[Problem]) -> list[Node]:
    """Each node behind those that it reads."""
    waiting = {id: len(set(node.inputs) & nodes.keys()) for id, node in nodes.items()}
    readers: dict[str, list[str]] = {}
    for id, node in nodes.items():
        for source in dict.fromkeys(node.inputs):
            if source in nodes:
                readers.setdefault(source, []).append(id)
            else:
                rule = "connection.input must name layers of the net"
                problems.append(problem(rule, source[:200], layer=id, param="connection.input"))
    ready = [id for id, count in waiting.items() if not count]
    order = []
    for id in ready:
        order.append(nodes[id])
        for reader in readers.get(id, ()):
            waiting[reader] -= 1
            if not waiting[reader]:
                ready.append(reader)
    if len(order) < len(nodes):
        left = [id for id, count in waiting.items() if count]
        problems.append(problem("layers must not feed each other in a circle", left[:5], layer=left[0]))
    return order
