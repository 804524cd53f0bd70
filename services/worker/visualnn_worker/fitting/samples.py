"""The samples of a split: raw in memory, preprocessed batch by batch as they are needed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from visualnn_shared.datasets.data import Split
from visualnn_shared.datasets.splitting import spread
from visualnn_shared.training.preprocess import apply, apply_inputs
from visualnn_shared.training.serving import Serving, TensorSpec

Rows = NDArray[np.int64]
Change = Callable[[Mapping[str, NDArray[Any]]], Mapping[str, NDArray[Any]]]


@dataclass(frozen=True, slots=True)
class Samples:
    """Some rows of a split, and the steps that make of them what the net takes.

    Every step works on each sample by itself, so a batch is the same whether all samples were prepared before or not.
    """

    split: Split
    serving: Serving
    features: Mapping[str, str]
    """Input name -> the data set's feature that feeds it."""
    rows: Rows
    of: Mapping[str, str] = field(default_factory=dict)
    """Output -> name of the labels that belong to it; the split's first labels where it is not there."""

    def __len__(self) -> int:
        return len(self.rows)

    def raw(self, which: Any) -> dict[str, NDArray[Any]]:
        """Inputs by name, as the data set stored them. ``which``: positions among the rows, or a slice of them."""
        rows = self.rows[which]
        return {spec.name: _shaped(self.split.x[self.features[spec.name]][rows], spec) for spec in self.serving.inputs}

    def inputs(self, which: Any, change: Change | None = None) -> dict[str, NDArray[Any]]:
        """Inputs by name, as the net takes them; ``change`` is done to the raw ones before."""
        raw = self.raw(which)
        return apply_inputs(self.serving, raw if change is None else change(raw))

    def labels(self, which: Any) -> Any:
        """Labels as the loss takes them, None where the data set has none; of several outputs a tuple, one for each."""
        taken = []
        for spec in self.serving.outputs:
            raw = self.raw_labels(which, spec.name)
            if raw is None:
                return None
            taken.append(apply(self.serving.meaning(spec.name).labels, raw))
        return taken[0] if len(taken) == 1 else tuple(taken)

    def raw_labels(self, which: Any, output: str | None = None) -> NDArray[Any] | None:
        """Labels of an output, of the first where none is named, as the data set stored them."""
        known = self.split.labels
        name = self.of.get(output or self.serving.outputs[0].name) or next(iter(known), None)
        return known[name][self.rows[which]] if name in known else None

    def all_labels(self) -> dict[str, NDArray[Any]]:
        """Raw ones, as files have them: ``label`` the first output's, ``label:OUTPUT`` where another has its own."""
        known, found = set[str](), dict[str, NDArray[Any]]()
        for place, spec in enumerate(self.serving.outputs):
            raw = self.raw_labels(slice(None), spec.name)
            whose = self.of.get(spec.name, "")
            if raw is not None and whose not in known:
                found["label" if place == 0 else f"label:{spec.name}"] = raw
            known.add(whose)
        return found

    def only(self, output: str) -> "Samples":
        """The same for a net that has no output but this one."""
        return replace(self, serving=self.serving.of(output))

    def class_labels(self, which: Any) -> NDArray[Any] | None:
        """Raw labels of the first output as classes' numbers: the sign is the class where it is what the net tells."""
        raw = self.raw_labels(which)
        return (raw > 0).astype(np.int64) if raw is not None and self.serving.scores_by == "margin" else raw

    def part(self, which: Sequence[int] | Rows | slice) -> "Samples":
        """The same with only these positions."""
        return replace(self, rows=self.rows[which])


def _shaped(array: NDArray[Any], spec: TensorSpec) -> NDArray[Any]:
    """The same values in the shape that training had: 784 columns for pictures of 28 x 28."""
    if None in spec.shape or array.shape[1:] == spec.shape:
        return array
    return array.reshape(len(array), *(dim or 1 for dim in spec.shape))


def all_of(
    split: Split, serving: Serving, features: Mapping[str, str], labels: Mapping[str, str] | None = None
) -> Samples:
    """Every sample of the split, in its order."""
    return Samples(split, serving, features, np.arange(len(split), dtype=np.int64), labels or {})


def class_weights(samples: Samples, wanted: str | Sequence[float], classes: int) -> NDArray[np.float32]:
    """What a sample of each class counts: as given, or balanced: n / (classes that occur x samples of the class)."""
    if not isinstance(wanted, str):
        return np.asarray(wanted, np.float32)
    labels = samples.class_labels(slice(None))
    assert labels is not None  # a plan refuses data sets without labels
    counts = np.bincount(labels.reshape(-1).astype(np.int64), minlength=classes)
    present = np.maximum(counts, 1) * max(np.count_nonzero(counts), 1)
    return np.where(counts > 0, labels.size / present, 0).astype(np.float32)


_ORDER, _HOLD_OUT = 0, 1
"""Random streams of a seed that have nothing to do with each other."""


def order(seed: int, epoch: int, count: int) -> Rows:
    """The order in which epoch ``epoch`` takes ``count`` samples: a pure function, so that any epoch can be redone."""
    return np.random.default_rng([seed, _ORDER, epoch]).permutation(count)


def hold_out(samples: Samples, share: float, seed: int, stratify: bool = False) -> tuple[Samples, Samples]:
    """(for training, for validation): shuffled first, because stored samples are often sorted by class.

    Training gets floor(n (1 - share)) samples, as the plan counts them. ``stratify``: of each class the same share.
    """
    train = int(len(samples) * (1 - share))
    shuffled = np.random.default_rng([seed, _HOLD_OUT]).permutation(len(samples))
    labels = samples.raw_labels(slice(None)) if stratify else None
    if labels is not None:
        shuffled = spread(labels.reshape(len(labels), -1)[:, 0], shuffled)
    return samples.part(np.sort(shuffled[:train])), samples.part(np.sort(shuffled[train:]))
