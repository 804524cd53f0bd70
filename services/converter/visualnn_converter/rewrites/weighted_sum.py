"""A sum with coefficients: each input scaled, then added."""

from visualnn_shared.spec.problem import Problem

from visualnn_converter.rewrites.base import Place, Rewrite

NAME = "weighted sum"
WHAT = "the coefficients of a sum as Rescaling layers before it (same numbers)"


def rewrite(place: Place, problem: Problem) -> Rewrite | None:
    """``Add(coefficients=[1, -1])`` -> ``Rescaling(-1)`` on the second input, and ``Add``. Exact."""
    coefficients = place.layer.params.get("coefficients")
    if place.layer.type != "Add" or problem.where.param != "coefficients" or not coefficients:
        return None
    scaled, inputs = [], []
    for number, (ref, factor) in enumerate(zip(place.inputs, coefficients, strict=True)):
        if factor != 1:
            scaled.append(place.part(f"scaled_{number}", "Rescaling", {"scale": factor}, (ref,)))
        inputs.append(ref if factor == 1 else scaled[-1].name)
    return Rewrite((*scaled, place.last("Add", {}, tuple(inputs))))
