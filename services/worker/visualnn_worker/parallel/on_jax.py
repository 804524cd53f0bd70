"""Several devices under JAX: Keras' own data parallelism. XLA computes on the shards what it would on the whole."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras
from keras.src.backend.jax import trainer  # how a batch gets to the devices has no public name


class _Evenly(keras.distribution.DataParallel):  # type: ignore[misc]
    """A batch of another size than a multiple of the devices is on each of them."""

    def get_data_layout(self, data_shape: Sequence[int]) -> keras.distribution.TensorLayout:
        axes: list[str | None] = [None] * len(data_shape)
        if data_shape and data_shape[0] % self.num_model_replicas == 0:
            axes[0] = self.batch_dim_name
        return keras.distribution.TensorLayout(axes, self.device_mesh)


@contextmanager
def spread_over(names: Sequence[str]) -> Iterator[None]:
    """Inside, variables that are made are on all these devices, and batches are shared out among them."""
    plain = trainer._distribute_data

    def by_its_shape(data: Any, layouts: Any = None) -> Any:  # noqa: ARG001 - those of the first batch of an epoch
        return plain(data)

    trainer._distribute_data = by_its_shape
    try:
        with _Evenly(devices=list(names), auto_shard_dataset=False).scope():
            yield
    finally:
        trainer._distribute_data = plain
