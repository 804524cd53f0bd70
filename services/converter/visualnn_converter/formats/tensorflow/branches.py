"""Branches that a flag chooses, as Keras and TF 1 built dropout and batch norm: inference takes the one for False."""

from typing import Any

from visualnn_converter.report import Report


def choose(graph: Any, report: Report) -> None:
    """Resolve the Switch and Merge nodes whose flag is known; the others stay, to be reported."""
    flags = {name for name, one in graph.messages.items() if _is_flag(graph, name, one)}
    given = _defaults(graph)
    if not flags and not given:
        return
    graph.flags = dict.fromkeys(flags, False)
    if flags:
        report.note(f"inference: {', '.join(sorted(flags)[:3])} is taken as false")
    known = graph.flags | given
    dead = set[str]()
    for name, one in graph.messages.items():
        refs = graph.inputs[name]
        if one.op not in ("Switch", "RefSwitch") or len(refs) != 2:
            continue
        flag = known.get(graph.resolved(refs[1]))
        if flag is not None:
            taken, other = (f"{name}:1", name) if flag else (name, f"{name}:1")
            graph.alias[taken] = refs[0]
            dead.add(other)
    _spread(graph, dead)


def _is_flag(graph: Any, name: str, one: Any) -> bool:
    """A scalar placeholder of truth values: Keras' learning phase, ``is_training`` and the like."""
    if one.op != "Placeholder" or graph.attribute(name, "dtype") is None:
        return False
    sizes = graph.attribute(name, "shape")
    return bool(graph.attribute(name, "dtype").name == "bool" and not sizes)


def _defaults(graph: Any) -> dict[str, bool]:
    """Truth values that constants give, also as defaults of placeholders; these are read as their default."""
    found: dict[str, bool] = {}
    for name, one in graph.messages.items():
        if one.op == "PlaceholderWithDefault" and graph.inputs[name] and not graph.attribute(name, "shape"):
            graph.alias[name] = graph.inputs[name][0]
        if one.op == "Const" and any(entry.key == "dtype" and entry.value.type == 10 for entry in one.attr):
            value = graph.attribute(name, "value")
            if getattr(value, "size", 0) == 1:
                found[name] = bool(value.ravel()[0])
    return found


def _spread(graph: Any, dead: set[str]) -> None:
    """What reads a dead value is dead; a Merge is its live input."""
    users: dict[str, list[str]] = {}
    for name, refs in graph.inputs.items():
        for ref in refs:
            users.setdefault(ref, []).append(name)
    waiting, live = list(dead), dict[str, list[str]]()
    while waiting:
        for name in users.get(waiting.pop(), ()):
            if graph.messages[name].op in ("Merge", "RefMerge"):
                live[name] = [ref for ref in graph.inputs[name] if ref not in dead]
            elif name not in dead:
                ports = [name, *(f"{name}:{port}" for port in range(1, 6))]
                dead.update(ports)
                graph.dead.add(name)
                waiting += ports
    for name, refs in live.items():
        left = [ref for ref in refs if ref not in dead]
        if len(left) == 1:
            graph.alias[name] = left[0]
