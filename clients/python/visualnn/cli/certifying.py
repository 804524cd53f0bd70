"""What ``convert`` does around a conversion: the report of an impossible one, the certificate of a finished one."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import typer

if TYPE_CHECKING:
    from visualnn_converter.conversion import Converted


def converted_or_told(
    data: bytes,
    to: str,
    report: Path | None,
    *,
    source: str | None,
    filename: str,
    weights: Path | None,
    **options: Any,
) -> "Converted":
    """The conversion. Where it is impossible, ``report`` is written with every obstacle, and the error goes on."""
    from visualnn_shared.errors import ConversionImpossible
    from visualnn_standalone.local import convert_file, impossible

    try:
        return convert_file(data, to, source=source, filename=filename, weights=weights, **options)
    except ConversionImpossible as error:
        if report is not None:
            _save(report, impossible(error, to, source))
        raise


def certificate(
    converted: "Converted",
    data: bytes,
    filename: str,
    weights: Path | None,
    *,
    gate: float,
    seed: int,
    samples: Path | None,
    reference: Literal["auto", "numpy", "keras"],
    target: str,
    report: Path | None,
    weights_given: bool,
    **read_with: Any,
) -> dict[str, Any]:
    """The certificate of the conversion, as in its report. Where a side cannot be run, ``report`` is written without
    it, and the error goes on: ``Invalid``."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # the same sums in the same order each time
    from visualnn_shared.errors import VisualNNError
    from visualnn_standalone.verify import Asked
    from visualnn_standalone.verify.conversions import certify
    from visualnn_standalone.verify.samples import read_samples

    from visualnn.cli.output import note

    note("verifying: running both sides")
    given = read_samples(samples.read_bytes(), samples.name) if samples is not None else None
    name = samples.name if samples is not None else ""
    asked = Asked(gate=gate, seed=seed, samples=given, samples_name=name, reference=reference)
    beside = weights.read_bytes() if weights is not None and weights.suffix != ".safetensors" else None
    more = {"target_name": target, "weights_given": weights_given, **read_with}
    try:
        return certify(converted, data, filename, asked, weights_file=beside, **more).as_json()
    except VisualNNError:
        if report is not None:
            _save(report, converted.report.as_json())
        raise


def must_pass(
    converted: "Converted", target: Path, to: str, report: Path | None, *, as_json: bool, independent: bool = False
) -> None:
    """Ends the command with status 2 where the certificate failed, or is not ``independent`` though it must be.

    The report is written then, the target is not.
    """
    from visualnn.cli.output import note, print_json

    told = converted.report.as_json()
    found = told["certificate"]
    proved = found["target"]["runtime"]["independent"] or not independent
    if found["passed"] and proved:
        return
    if report is not None:
        _save(report, told)
    if as_json:
        print_json({"file": None, "format": to, "size": 0, "report": told})
    else:
        say_certificate(found)
    why = f"it does not answer as the source does, to {found['gate']:g}"
    if found["passed"]:
        why = "--require-independent, and no runtime but VisualNN's own reader ran it"
    note(f"error: {target} is not written: {why}")
    raise typer.Exit(2)


def _save(path: Path, told: dict[str, Any]) -> None:
    from visualnn.cli.saving import write_whole

    write_whole(path, json.dumps(told, indent=2).encode())


def say_certificate(found: dict[str, Any]) -> None:
    """For people: the errors, what computed them, and where sides part."""
    from visualnn.cli.output import say

    independent = found["target"]["runtime"]["independent"]
    verdict = "NOT verified" if not found["passed"] else "verified" if independent else "verified BY ITSELF ONLY"
    top1 = "" if found["top1"] is None else f", top-1 agreement {found['top1']:.2%}"
    say(f"{verdict}: max error {_figure(found['max_abs'])} (gate {found['gate']:g}), "
        f"relative {_figure(found['max_rel'])}{top1}")  # fmt: skip
    if not independent:
        say("  WARNING    NOT INDEPENDENT: VisualNN wrote the target and read it back; a mistake that its reader "
            "and writer share would not show. --require-independent makes this an error")  # fmt: skip
    say(f"  inputs     {found['batch']} samples, {found['inputs']}, seed {found['seed']}; weights {found['weights']}")
    for side in ("source", "target"):
        one = found[side]
        runtime = one["runtime"]
        proof = "independent" if runtime["independent"] else "NOT independent of VisualNN"
        say(f"  {side}     {one['file']}, sha256 {one['sha256'][:16]}…")
        say(f"             {runtime['name']} {runtime['version']}, {proof}: {runtime['how']}")
        for reason in runtime["instead_of"]:
            say(f"             {reason}")
    _say_reference(found)
    for one in found["outputs"]:
        if one["note"]:
            say(f"  output     {one['output']}: {one['note']}")
    if found["divergence"] is not None:
        _say_divergence(found["divergence"])
    for text in found["notes"]:
        say(f"  note       {text}")


def _say_reference(found: dict[str, Any]) -> None:
    from visualnn.cli.output import say

    one = found["reference"]
    if one is None:
        say(f"  reference  none: {found['no_reference']}")
        return
    verdict = "agrees with the source" if one["agrees"] else "does NOT agree with the source"
    nearer = "" if one["nearer"] is None else f"; the {one['nearer']} is nearer"
    say(f"  reference  {one['runtime']['name']} ({one['runtime']['version']}) {verdict}: source within "
        f"{_figure(one['source'])}, target within {_figure(one['target'])}{nearer}")  # fmt: skip


def _say_divergence(found: dict[str, Any]) -> None:
    from visualnn.cli.output import say

    if found["layer"] is None:
        say(f"  differs    in no single layer, {found['between']}")
    else:
        say(f"  differs    first at {found['layer']} ({found['type']}), {found['between']}: "
            f"by {_figure(found['max_abs'])}")  # fmt: skip
    for cause in found["causes"]:
        say(f"  cause      {cause['kind']}: {cause['text']}")
    for text in found["read_back"]:
        say(f"  in DST     {text}")
    if found["unseen"]:
        say(f"  or before  {', '.join(found['unseen'])}, which one side does not show")


def _figure(value: float | None) -> str:
    return "?" if value is None else f"{value:.3g}"
