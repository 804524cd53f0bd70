"""Gradients of several batches that make one step."""

from math import ceil

from visualnn_shared.spec.problem import Problem, problem
from visualnn_shared.training.recipe import TrainParams


def accumulation_problems(params: TrainParams, steps: object, samples: int, batch_size: int) -> list[Problem]:
    """Gradients of more batches than there are make no step. ``steps``: of the optimizer's parameters, or None."""
    batches = params.epochs * ceil(samples / max(1, batch_size))
    if not isinstance(steps, int) or steps <= batches:
        return []
    rule = f"gradient_accumulation_steps must be at most {batches:,}, the batches of the job"
    hint = "else the weights never change: use fewer, or more epochs"
    return [problem(rule, steps, field="params.optimizer.gradient_accumulation_steps", hint=hint)]
