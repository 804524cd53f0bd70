"""The end of a training before its last epoch, and the weights of its best one."""

import keras
import numpy as np
from numpy.typing import NDArray
from visualnn_shared.training.recipe import TrainParams
from visualnn_shared.training.stopping import EarlyStopping, Watch, watched

from visualnn_worker.fitting.averaging import averaged

Arrays = dict[str, NDArray[np.generic]]
_BEST = "best/"


class Best(keras.callbacks.Callback):  # type: ignore[misc]
    """Watches each epoch: stops the training where no epoch gets better any more, and keeps the best one's weights."""

    def __init__(self, params: TrainParams, validates: bool, history: list[dict[str, float]], arrays: Arrays) -> None:
        """``history`` and ``arrays`` are those of the checkpoint that is gone on from; empty at the beginning."""
        super().__init__()
        rule = params.early_stopping or EarlyStopping()
        self._watch = Watch(watched(rule.monitor, validates), rule.min_delta)
        self._patience = rule.patience if params.early_stopping else None
        self._keeps = params.keep == "best"
        self._best = 0
        self.arrays = {name: array for name, array in arrays.items() if name.startswith(_BEST)}
        """Weights of the best epoch, where they are to be kept and one is done; part of every checkpoint."""
        for epoch in history:
            self._tell(epoch)

    @property
    def stops(self) -> bool:
        """Whether the last epoch told was one too many."""
        return self._patience is not None and self._watch.waited >= self._patience

    @property
    def monitor(self) -> str:
        """The metric that is watched."""
        return self._watch.monitor

    @property
    def epoch(self) -> int:
        """The best epoch, from 1; 0 where none is done."""
        return self._best

    def _tell(self, metrics: dict[str, float]) -> bool:
        better = self._watch.tell(metrics)
        if better:
            self._best = int(metrics["epoch"])
        return better

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        if self._tell({**logs, "epoch": epoch + 1}) and self._keeps:
            self.arrays = {f"{_BEST}{n}": array for n, array in enumerate(averaged(self.model))}
        if self.stops:
            self.model.stop_training = True

    def restore(self, model: keras.Model) -> None:
        """Give the net the best epoch's weights, where they were kept."""
        for number, variable in enumerate(model.variables):
            if f"{_BEST}{number}" in self.arrays:
                variable.assign(self.arrays[f"{_BEST}{number}"])
