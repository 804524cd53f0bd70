"""Certificates of conversions, made by whoever runs this converter: it imports neither Keras nor a runtime itself."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from visualnn_shared.errors import Invalid, NotCertified
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.problem import problem

from visualnn_converter import formats
from visualnn_converter.conversion import Converted

Certify = Callable[[Converted, bytes, str, dict[str, Any]], dict[str, Any]]
"""Of a conversion, the source's bytes and name, and ``gate``, ``seed``, ``reference``, ``samples``,
``input_shape``, ``state`` and ``weights_given``: the certificate."""


def certifier(name: str) -> Certify | None:
    """The function that the setting names as ``module:function``; None where it names none."""
    if not name:
        return None
    module, _, function = name.partition(":")
    found: Certify = getattr(import_module(module), function)
    return found


def drawn(name: str, spec: Spec, seed: int) -> dict[str, Any]:
    """The weights with which a training begins, by ``initial_weights(spec, seed)`` beside what the setting names.

    Raises ``Invalid`` where it names nothing, ``TooLarge``, ``SpecInvalid``.
    """
    if not name:
        hint = "use `visualnn up`, or `visualnn convert --initial-weights` on a machine with Keras"
        rule = "initial_weights must be asked of a platform whose converter can run networks; this one's cannot"
        raise Invalid("the request", [problem(rule, True, field="initial_weights", hint=hint)])
    found: dict[str, Any] = import_module(name.partition(":")[0]).initial_weights(spec, seed)
    return found


def must_be_independent(found: dict[str, Any]) -> None:
    """Raises ``Invalid`` where VisualNN alone ran the target of a certificate."""
    runtime = found["target"]["runtime"]
    if not runtime["independent"]:
        rule = "a runtime that is not VisualNN's must have run the target itself"
        hint = "leave require_independent out, or convert to a format that such a runtime runs: onnx, keras-file"
        raise Invalid("the verification", [problem(rule, runtime["name"], field="require_independent", hint=hint)])


def must_be_used(
    given: Mapping[str, Any], *, verify: bool, initial_weights: bool, asked: str = "the request", mark: str = ""
) -> None:
    """Raises ``Invalid`` with every field of ``given`` that is not None and has no effect without another.

    ``mark`` stands before each name, as ``--`` on a command line.
    """
    problems = []
    for name, value in given.items():
        if value is None or verify or (name == "seed" and initial_weights):
            continue
        needed = f"{mark}verify"
        if name == "seed":
            needed += f" or {mark}initial{'-' if mark else '_'}weights"
        problems.append(problem(f"{mark}{name} must come with {needed}", value, field=name, hint=f"add {needed}"))
    if problems:
        raise Invalid(asked, problems)


def must_be_verifiable(target: str, field: str = "target") -> None:
    """Raises ``Invalid`` where nothing here runs files of the format ``target``; an unknown one is told elsewhere."""
    module = formats.formats().get(target)
    if module is None or _runs(module):
        return
    able = [name for name, one in formats.formats().items() if _runs(one) and _made(one)]
    hint = f"convert without verify: {module.TITLE} holds no weights, so there is no answer to compare"
    if module.CARRIES_WEIGHTS:
        hint = f"convert without verify, and compare {module.TITLE} where its own runtime is; or verify to onnx instead"
    rule = f"{field} must be a format that can be run here to be verified: {', '.join(able)}"
    raise Invalid("the verification", [problem(rule, target, field=field, hint=hint)])


def _runs(module: Any) -> bool:
    """Whether our reader reads it, or something else runs it."""
    return formats.reads(module) or formats.worker_writes(module) or getattr(module, "CAN_RUN", False)


def _made(module: Any) -> bool:
    return formats.writes(module) or formats.worker_writes(module)


def must_pass(
    certify: Certify | None,
    converted: Converted,
    data: bytes,
    filename: str | None,
    asked: dict[str, Any],
    *,
    independent: bool = False,
) -> None:
    """Puts the certificate into the report.

    Raises ``NotCertified``, and ``Invalid`` where there is nothing to verify with, or nothing ``independent``.
    """
    if certify is None:
        hint = "use `visualnn up`, or `visualnn convert --verify` on a machine with Keras"
        rule = "verify must be asked of a platform whose converter can run networks; this one's cannot"
        raise Invalid("the request", [problem(rule, True, field="verify", hint=hint)])
    found = certify(converted, data, filename or "source", asked)
    converted.report.certificate = found
    if not found["passed"]:
        raise _failed(found)
    if independent:
        must_be_independent(found)


def _failed(found: dict[str, Any]) -> NotCertified:
    differs = found["divergence"] or {"layer": None, "causes": [], "between": "the conversion"}
    causes = "; ".join(cause["text"] for cause in differs["causes"]) or None
    notes = "; ".join(f"{one['output']}: {one['note']}" for one in found["outputs"] if one["note"])
    rule = f"the target's outputs must be the source's, to {found['gate']:g}"
    one = problem(rule, notes or found["max_abs"], layer=differs["layer"], hint=causes)
    return NotCertified([one], differs["between"])
