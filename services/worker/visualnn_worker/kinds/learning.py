"""What a training learns from its samples before it begins: the preprocessing's means, directions and words."""

from dataclasses import replace

from visualnn_shared.datasets.data import Data
from visualnn_shared.training.augmentation import ranges
from visualnn_shared.training.choose import Plan
from visualnn_shared.training.learning import learn

from visualnn_worker.fitting.augmenting import Augmentation
from visualnn_worker.fitting.samples import Samples, all_of, hold_out
from visualnn_worker.order import DatasetRef


def completed(planned: Plan, data: Data) -> Plan:
    """The plan with its preprocessing complete, from the samples that will train and no others."""
    if not planned.waits:
        return planned
    params = planned.params
    train = all_of(data.splits["train"], planned.serving, planned.features, planned.labels)
    if params.validation_split:
        train, _validation = hold_out(train, params.validation_split, params.splits_by, params.stratify)
    steps = {name: learn(steps, _taker(train, name), len(train)) for name, steps in planned.preprocessing.items()}
    return replace(planned, serving=planned.serving.model_copy(update={"preprocessing": steps}), preprocessing=steps)


def _taker(train: Samples, name: str):  # type: ignore[no-untyped-def] # a function of a slice
    return lambda which: train.raw(which)[name]


def augmentation(planned: Plan, dataset: DatasetRef) -> Augmentation | None:
    """What happens to training batches, None where nothing does."""
    params = planned.params
    if not params.augmentation:
        return None
    known = ranges(dataset.schema_.features)
    by_input = {name: known[feature] for name, feature in planned.features.items()}
    return Augmentation(params.augmentation, params.seed, by_input)
