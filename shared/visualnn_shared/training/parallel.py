"""Data parallel training: what a recipe must be like for a batch to be shared out among several devices."""

from visualnn_shared.spec.problem import Problem, problem
from visualnn_shared.training.full_batch import takes_all
from visualnn_shared.training.recipe import TrainParams


def devices_problems(params: TrainParams, samples: int) -> list[Problem]:
    """``samples``: that train; a batch is never larger. What a worker has is known only there."""
    if params.devices == 1:
        return []
    problems = []
    if takes_all(params):
        rule, hint = "devices must be 1 with lbfgs, whose steps are made by one process", "or use another optimizer"
        problems.append(problem(rule, params.devices, field="params.devices", hint=hint))
    size = min(params.batch_size, samples)
    if params.devices != "all" and size % params.devices:
        rule = f"batch_size must be a multiple of devices, {params.devices}: each takes the same share of a batch"
        field, received = "params.batch_size", f"{size}"
        if size < params.batch_size:
            received, field = f"{size}, all samples that train", "params.devices"
        below, above = size // params.devices * params.devices, -(-size // params.devices) * params.devices
        usable = [str(one) for one in (below, above) if 0 < one <= samples]
        hint = f"use a batch_size of {' or '.join(usable)}" if usable else "use fewer devices"
        problems.append(problem(rule, received, field=field, hint=hint))
    return problems


def fitting(available: int, batch_size: int) -> int:
    """What "all" comes to: the largest number of devices that divides the batch."""
    return max(count for count in range(1, available + 1) if batch_size % count == 0)
