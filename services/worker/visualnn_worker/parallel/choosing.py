"""Which devices of this worker a training's batches are shared out among, and every reason why they cannot be."""

from collections.abc import Mapping, Sequence
from typing import Any

from visualnn_shared.analysis.walk import Resolved
from visualnn_shared.errors import Invalid
from visualnn_shared.spec.problem import Problem, problem
from visualnn_shared.training.parallel import fitting
from visualnn_shared.training.recipe import TrainParams

_TITLES = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}


def choose(params: TrainParams, backend: str, names: Sequence[str], resolved: Resolved) -> tuple[str, ...]:
    """Names of the devices, one where batches stay whole. ``params`` are complete, ``names`` those of the worker.

    Raises ``Invalid`` with every problem.
    """
    wanted = fitting(len(names), params.batch_size) if params.devices == "all" else params.devices
    if params.devices == 1 or (params.devices == "all" and len(names) == 1):
        return (names[0],)
    problems = _backend_problems(params, backend, resolved)
    if wanted > len(names):
        rule = f"devices must be at most what the worker has: {len(names)} ({', '.join(names)}, {_title(backend)})"
        problems.append(problem(rule, wanted, field="params.devices", hint=_way_out(names)))
    if problems:
        raise Invalid("the training job on this worker", problems)
    return tuple(names[:wanted])


def why(params: TrainParams, available: int, used: int) -> str:
    """What a job's row says of the devices that were chosen."""
    if params.devices != "all":
        return f"each takes {params.batch_size // used} of the {params.batch_size} samples of a batch"
    left = f"; {available} there are, and batches of {params.batch_size} cannot be shared out evenly among more"
    return f"all of the worker's{left if used < available else ''}: each takes {params.batch_size // used} samples"


def _way_out(names: Sequence[str]) -> str:
    fewer = f'ask for {len(names)} or "all"' if len(names) > 1 else 'leave devices out, or "all"'
    if names[0].startswith("cpu"):
        return f"{fewer}, or start a worker on a machine with that many GPUs, or with VISUALNN_WORKER_CPU_DEVICES set"
    return f"{fewer}, or start a worker on a machine with that many GPUs"


def _backend_problems(params: TrainParams, backend: str, resolved: Resolved) -> list[Problem]:
    if backend not in ("tensorflow", "jax"):
        rule = f"devices must be 1 on {_title(backend)}, on which Keras trains on one device"
        hint = "use a worker with KERAS_BACKEND=jax or tensorflow, or leave devices out"
        return [problem(rule, params.devices, field="params.devices", hint=hint)]
    if backend == "jax":
        return []
    problems = []
    if params.precision == "mixed_float16":
        rule = "precision must be float32 or mixed_bfloat16 on several devices with TensorFlow"
        hint = "float16's loss scaling works on one device there, or on a worker with KERAS_BACKEND=jax"
        problems.append(problem(rule, params.precision, field="params.precision", hint=hint))
    if any(_masks(layer.type, layer.params) for layer in resolved.layers):
        rule = "batch normalisation must see no mask on several devices with TensorFlow, which counts each device alone"
        hint = "use devices 1, or a worker with KERAS_BACKEND=jax"
        problems += [
            problem(rule, layer.type, layer=layer.name, field="params.devices", hint=hint)
            for layer in resolved.layers
            if layer.type == "BatchNormalization"
        ]
    return problems


def _masks(kind: str, params: Mapping[str, Any]) -> bool:
    return kind == "Masking" or bool(params.get("mask_zero"))


def _title(backend: str) -> str:
    return _TITLES.get(backend, backend)
