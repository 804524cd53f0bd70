"""What clients send: model files, weights, the shape of inputs."""

import json
from typing import Any

from safetensors import SafetensorError
from safetensors.numpy import load
from starlette.datastructures import UploadFile
from visualnn_shared.catalogue.maps import Unmappable
from visualnn_shared.errors import Invalid, TooLarge
from visualnn_shared.spec.problem import problem

from visualnn_converter.conversion import BINARY, LARGEST_UPLOAD
from visualnn_converter.formats.caffe.state import NetState
from visualnn_converter.rewriting import Weights


async def model_file(file: UploadFile) -> bytes:
    """The bytes of an uploaded model. Raises ``TooLarge`` before reading more than the limit."""
    data = await file.read(LARGEST_UPLOAD + 1)
    if len(data) > LARGEST_UPLOAD:
        raise TooLarge("the model file (bytes)", LARGEST_UPLOAD, file.size or f"over {LARGEST_UPLOAD:,}")
    return data


def tensors(data: bytes) -> Weights | bytes:
    """The tensors of a safetensors file, by name; a Keras file as it is, because only its model's spec can name them.

    Raises ``Invalid``; nothing of it is executed.
    """
    if data.startswith(BINARY):
        return data
    try:
        found: Weights = load(data)
    except (SafetensorError, ValueError, KeyError, TypeError, OverflowError) as error:
        rule = "weights must be a safetensors file, or one of Keras (.weights.h5, .h5, .keras)"
        raise Invalid("the weights", [problem(rule, str(error)[:200], field="weights")]) from None
    return found


def shape_of_inputs(text: str | None) -> Any:
    """``[28, 28, 1]``, ``28,28,1`` or ``{"data": [28, 28, 1]}``. Raises ``Invalid``."""
    if text is None or not text.strip():
        return None
    try:
        found = json.loads(text if text.lstrip()[0] in "[{" else f"[{text}]")
    except (ValueError, RecursionError):
        found = None
    shapes = list(found.values()) if isinstance(found, dict) else [found]
    if shapes and all(_is_shape(shape) for shape in shapes):
        return found
    rule = "input_shape must be sizes like [28, 28, 1], or an object with one such list for each input"
    raise Invalid("the request", [problem(rule, text[:200], field="input_shape")])


def net_state(phase: str | None, stage: str | None, level: int | None) -> NetState | None:
    """What a Caffe net is read for; ``stage`` may be several with commas between. Raises ``Invalid``."""
    stages = [one.strip() for one in (stage or "").split(",") if one.strip()]
    if not phase and level is None and not stages:
        return None
    try:
        return NetState.asked((phase or "").strip(), level, stages)
    except Unmappable as broken:
        raise Invalid("the request", [problem(broken.rule, broken.received, field=broken.param)]) from None


def _is_shape(value: Any) -> bool:
    return isinstance(value, list) and 0 < len(value) <= 8 and all(type(n) is int and 0 < n < 2**31 for n in value)
