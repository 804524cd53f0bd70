"""Weights that a training keeps on its way: after which epochs, and in which files."""

from visualnn_shared.spec.problem import Problem, problem
from visualnn_shared.training.recipe import TrainParams


def snapshot_name(epoch: int) -> str:
    """The file of the weights after this epoch, in the form of ``weights.safetensors``."""
    return f"snapshot-{epoch:05d}.safetensors"


def snapshot_problems(params: TrainParams) -> list[Problem]:
    """Snapshots must be of epochs that the training is sure to have, each once."""
    wanted, problems = params.snapshots, []
    if any(one > params.epochs for one in wanted):
        rule = f"snapshots must be of epochs from 1 to {params.epochs}"
        problems.append(problem(rule, list(wanted), field="params.snapshots"))
    if len(set(wanted)) < len(wanted):
        problems.append(problem("snapshots must be of different epochs", list(wanted), field="params.snapshots"))
    if wanted and params.early_stopping is not None:
        rule = "snapshots must come without early_stopping: the training might end before one of them"
        problems.append(problem(rule, list(wanted), field="params.snapshots"))
    return problems
