"""Certificates of conversions, made by whoever runs this converter: it imports neither Keras nor a runtime itself."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from visualnn_shared.errors import Invalid, NotCertified
from visualnn_shared.spec.problem import problem

from visualnn_converter.conversion import Converted

Certify = Callable[[Converted, bytes, str, dict[str, Any]], dict[str, Any]]
"""Of a conversion, the source's bytes and name, and ``gate``, ``seed``, ``samples``, ``input_shape``,
``state`` and ``weights_given``: the certificate."""


def certifier(name: str) -> Certify | None:
    """The function that the setting names as ``module:function``; None where it names none."""
    if not name:
        return None
    module, _, function = name.partition(":")
    found: Certify = getattr(import_module(module), function)
    return found


def must_pass(
    certify: Certify | None, converted: Converted, data: bytes, filename: str | None, asked: dict[str, Any]
) -> None:
    """Puts the certificate into the report.

    Raises ``NotCertified``, and ``Invalid`` where there is nothing to verify with.
    """
    if certify is None:
        hint = "use `visualnn up`, or `visualnn convert --verify` on a machine with Keras"
        rule = "verify must be asked of a platform whose converter can run networks; this one's cannot"
        raise Invalid("the request", [problem(rule, True, field="verify", hint=hint)])
    found = certify(converted, data, filename or "source", asked)
    converted.report.certificate = found
    if not found["passed"]:
        raise _failed(found)


def _failed(found: dict[str, Any]) -> NotCertified:
    differs = found["divergence"] or {"layer": None, "causes": [], "between": "the conversion"}
    causes = "; ".join(cause["text"] for cause in differs["causes"]) or None
    notes = "; ".join(f"{one['output']}: {one['note']}" for one in found["outputs"] if one["note"])
    rule = f"the target's outputs must be the source's, to {found['gate']:g}"
    one = problem(rule, notes or found["max_abs"], layer=differs["layer"], hint=causes)
    return NotCertified([one], differs["between"])
