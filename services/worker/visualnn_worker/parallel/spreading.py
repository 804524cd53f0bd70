"""Batches shared out among several devices: the same steps as on one, whatever the backend.

A batch that cannot be shared out evenly (the last one of an epoch) is done whole by every device, and counts once: so
loss, gradients and statistics are those of the batch, without padding.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import keras

Take = Callable[[keras.Model], None]


@contextmanager
def spread_over(names: Sequence[str]) -> Iterator[Take]:
    """Inside, build, compile and fit a net; its variables are on all these devices.

    What is given takes the compiled net before its first step. One device changes nothing.
    """
    if len(names) == 1:
        yield lambda _model: None
    elif keras.backend.backend() == "jax":
        from visualnn_worker.parallel import on_jax

        with on_jax.spread_over(names):
            yield lambda _model: None
    else:
        from visualnn_worker.parallel import on_tensorflow

        with on_tensorflow.spread_over(names) as take:
            yield take
