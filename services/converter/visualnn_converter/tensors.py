"""Whether the weights that came along are those of the net."""

import numpy as np
from visualnn_shared.analysis.walk import Resolved
from visualnn_shared.spec.problem import Problem, problem

from visualnn_converter.rewriting import Weights


def weight_problems(resolved: Resolved, weights: Weights | None, title: str, largest: int) -> list[Problem]:
    """One problem for each layer whose weights are missing or misshapen; nothing is invented.

    ``title`` is the format that is to carry them, ``largest`` the bytes that one of its files may have.
    """
    given, problems, size = weights or {}, list[Problem](), 0
    for layer in resolved.layers:
        if not layer.weights or layer.weights_of is not None:
            continue
        missing = [v.name for v in layer.weights if f"{layer.name}/{v.name}" not in given]
        if missing:
            hint = f"give the trained weights: {title} carries them, and values are not made up"
            received = f"none for {', '.join(missing)}"
            problems.append(problem("weights must be given for every variable", received, layer=layer.name, hint=hint))
        for variable in layer.weights:
            name = f"{layer.name}/{variable.name}"
            tensor = given.get(name)
            if tensor is None:
                continue
            size += tensor.size * 4
            if tuple(tensor.shape) != tuple(variable.shape):
                rule = f"{variable.name} must have the shape {list(variable.shape)}"
                problems.append(problem(rule, list(tensor.shape), layer=layer.name, field=name))
            elif not np.issubdtype(tensor.dtype, np.floating):
                rule = f"{variable.name} must hold floating-point numbers"
                problems.append(problem(rule, str(tensor.dtype), layer=layer.name, field=name))
    if size > largest:
        problems.append(problem(f"the weights must be at most {largest:,} bytes in one {title} file", size))
    return problems
