"""What a training job may be meant to do, but hardly is: told beside the job, which is queued all the same."""

from visualnn_shared.analysis.walk import Resolved, resolve
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.problem import Problem, problem
from visualnn_shared.training.choose import Plan
from visualnn_shared.training.head import readers
from visualnn_shared.training.loss_options import name_of
from visualnn_shared.training.recipe import TrainParams

_READS_NUMBERS = {"Embedding", "CategoryEncoding", "IntegerLookup", "Hashing", "HashedCrossing"}
"""Layers for which a whole number is a name."""


def doubts(model: Spec | Resolved, planned: Plan, params: TrainParams) -> list[Problem]:
    """Warnings about a plan; ``params`` are as they were given."""
    resolved = resolve(model) if isinstance(model, Spec) else model
    return [*_split(params), *_shares(planned), *_texts(resolved, planned)]


def _split(params: TrainParams) -> list[Problem]:
    if params.split_seed is None or params.validation_split:
        return []
    rule = "split_seed sets nothing aside without a validation_split"
    return [
        problem(rule, params.split_seed, field="params.split_seed", hint="give a validation_split, or leave it out")
    ]


def _shares(planned: Plan) -> list[Problem]:
    """Softmax shares sum to 1: the sum over classes of yes-or-no losses is not the likelihood of such a choice."""
    found = []
    for end in planned.ends:
        if name_of(end.loss) == "binary_crossentropy" and end.head.activation == "softmax" and end.head.units > 1:
            rule = "binary_crossentropy judges each class by itself, while shares of a softmax sum to 1"
            hint = "one class for each sample: sparse_categorical_crossentropy; several at a time: sigmoid"
            found.append(problem(rule, end.name, field="params.loss", hint=hint))
    return found


def _texts(resolved: Resolved, planned: Plan) -> list[Problem]:
    """Numbers of words that are read as quantities."""
    found = []
    for spec in planned.serving.inputs:
        steps = [step.step for step in planned.preprocessing.get(spec.name, ())]
        tables = [one for one in readers(resolved, spec.name) if one.type in _READS_NUMBERS]
        if spec.dtype == "text" and not tables and "one_hot" not in steps:
            rule = f"numbers of words are names, and input {spec.name} feeds them to the net as quantities"
            hint = "begin the net with an Embedding, or one_hot the numbers"
            found.append(problem(rule, spec.dtype, layer=spec.name, hint=hint))
    return found
