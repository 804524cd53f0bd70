"""What a spec costs, computed off the event loop."""

from typing import Annotated, Literal

from anyio import to_thread
from fastapi import Depends, Query
from visualnn_shared.analysis.memory import MOST, SLOTS, Load
from visualnn_shared.analysis.summary import Summary, summary
from visualnn_shared.spec.model import Spec

BatchSize = Annotated[int, Query(description="Samples that the memory is computed for.", ge=1, le=65_536)]
OptimizerName = Annotated[
    str, Query(description="Its state is part of the training memory.", json_schema_extra={"enum": list(SLOTS)})
]


Dtype = Annotated[
    Literal["float32", "float16", "bfloat16", "float64", "mixed_float16", "mixed_bfloat16"],
    Query(description="Keras dtype policy: the size of variables and activations."),
]
DeviceBytes = Annotated[
    int | None, Query(description="Memory of a device: will the net fit, and with which batch?", ge=1, le=MOST)
]


def _load(
    batch_size: BatchSize = 1,
    optimizer: OptimizerName = "adam",
    dtype: Dtype = "float32",
    device_bytes: DeviceBytes = None,
) -> Load:
    return Load(batch_size, optimizer, dtype, device_bytes)


Question = Annotated[Load, Depends(_load)]
"""What the memory is computed for."""


async def summarised(spec: Spec, load: Load) -> Summary:
    """Raises SpecInvalid with every problem."""
    return await to_thread.run_sync(lambda: summary(spec, load))
