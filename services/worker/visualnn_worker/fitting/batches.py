"""Batches for Keras. docs/06-training.md has the other ways that were tried, and their times."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from visualnn_worker.fitting.augmenting import Augmentation
from visualnn_worker.fitting.samples import Change, Rows, Samples, order
from visualnn_worker.network.build import Network


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """Every sample once, in its order; the last batch may be smaller."""

    def __init__(self, network: Network, samples: Samples, batch_size: int) -> None:
        super().__init__(workers=1)
        self._network = network
        self._samples = samples
        self._batch_size = batch_size

    @property
    def per_epoch(self) -> int:
        """Batches that hold every sample once."""
        return -(-len(self._samples) // self._batch_size)

    def __len__(self) -> int:
        return self.per_epoch

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        begin = index * self._batch_size
        return self._take(slice(begin, begin + self._batch_size))

    def _take(self, which: Rows | slice, change: Change | None = None) -> tuple[Any, Any]:
        return self._network.pack(self._samples.inputs(which, change)), self._samples.labels(which)


class Epochs(Batches):
    """The batches of one epoch after the other without end, from batch number ``first`` on, counted over all epochs.

    Each epoch's order is a function of the seed and the epoch; without a seed the samples keep theirs. There is no end
    because Keras then keeps one iterator for all epochs (with ``steps_per_epoch``), and prepares the next epoch's first
    batch while this epoch ends: starting an iterator anew takes longer than training a small epoch.
    """

    def __init__(
        self,
        network: Network,
        samples: Samples,
        batch_size: int,
        seed: int | None = None,
        first: int = 0,
        weights: Mapping[str, NDArray[np.float32]] | None = None,
        augmentation: Augmentation | None = None,
    ) -> None:
        """``weights``: output -> what a sample counts in its loss, by its class."""
        super().__init__(network, samples, batch_size)
        self._weights = weights
        self._augmentation = augmentation
        self._seed = seed
        self._first = first
        self._order: tuple[int, Rows] = (-1, np.arange(len(samples)))

    @property
    def num_batches(self) -> None:
        """None: without end."""
        return

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        epoch, batch = divmod(self._first + index, self.per_epoch)
        begin = batch * self._batch_size
        rows = self._order_of(epoch)[begin : begin + self._batch_size]
        augment = self._augmentation
        change = None if augment is None else partial(augment, epoch=epoch, batch=batch)
        taken = self._take(rows, change)
        if self._weights is None:
            return taken
        inputs, labels = taken
        counts = tuple(self._counts(rows, name, self._weights.get(name)) for name in self._network.output_names)
        return inputs, labels, counts if isinstance(labels, tuple) else counts[0]

    def _counts(self, rows: Rows, output: str, weights: NDArray[np.float32] | None) -> NDArray[np.float32]:
        if weights is None:
            return np.ones(len(rows), np.float32)
        labels = self._samples.only(output).class_labels(rows)
        assert labels is not None  # a plan refuses data sets without labels
        found = weights[labels.astype(np.int64)]
        return found.reshape(len(found)) if found.size == len(found) else found

    def _order_of(self, epoch: int) -> Rows:
        known, rows = self._order
        if self._seed is not None and known != epoch:
            rows = order(self._seed, epoch, len(self._samples))
            self._order = epoch, rows
        return rows
