"""Certificates for a converter that serves: each is made in a process of its own, which ends in any case."""

import multiprocessing
import os
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from visualnn_converter.conversion import Converted
from visualnn_shared.errors import Unavailable, VisualNNError
from visualnn_shared.spec.model import Spec

from visualnn_standalone.verify.drawing import must_be_drawable

SECONDS = 100.0
"""Less than the gateway waits for an answer."""


def certify(converted: Converted, data: bytes, filename: str, asked: dict[str, Any]) -> dict[str, Any]:
    """The certificate as the report has it; ``asked`` may hold ``gate``, ``seed``, ``reference``,
    the bytes of ``samples``, ``input_shape``, ``state`` and ``weights_given``.

    Raises ``Invalid`` where a side cannot be run, ``TooLarge`` where what is to be drawn is, ``Unavailable`` after
    ``SECONDS``.
    """
    return _apart(_work, converted, data, filename, asked)


def initial_weights(spec: Spec, seed: int) -> dict[str, Any]:
    """The weights with which a training of this seed begins. Raises as ``certify`` does, and ``SpecInvalid``."""
    must_be_drawable(spec)
    return _apart(_draw, spec, seed)


def _apart(work: Callable[..., None], *given: Any) -> dict[str, Any]:
    """What ``work`` sends from a process of its own."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(theirs, *given), daemon=True)
    process.start()
    theirs.close()
    try:
        if not ours.poll(SECONDS):
            raise Unavailable("the verification", f"no answer after {SECONDS:.0f} s")
        found = ours.recv()
    except EOFError:
        raise Unavailable("the verification", "the end of its process") from None
    finally:
        process.kill()
        process.join()
        ours.close()
    if isinstance(found, dict):
        return found
    detail, problems, code, status, title = found
    error = VisualNNError(detail, problems)
    error.code, error.status, error.title = code, status, title  # type: ignore[misc]
    raise error


def _draw(pipe: Connection, spec: Spec, seed: int) -> None:
    from visualnn_standalone import local

    try:
        pipe.send(local.initial_weights(spec, seed))
    except VisualNNError as error:
        pipe.send((error.detail, error.problems, error.code, error.status, error.title))


def _work(pipe: Connection, converted: Converted, data: bytes, filename: str, asked: dict[str, Any]) -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    from visualnn_standalone.verify import Asked
    from visualnn_standalone.verify.conversions import certify as run
    from visualnn_standalone.verify.samples import read_samples

    try:
        samples = asked.pop("samples", None)
        more = {name: asked.pop(name) for name in ("input_shape", "state", "weights_given") if name in asked}
        given = None if samples is None else read_samples(samples, "samples")
        pipe.send(run(converted, data, filename, Asked(samples=given, **asked), **more).as_json())
    except VisualNNError as error:
        pipe.send((error.detail, error.problems, error.code, error.status, error.title))
