"""What a spec costs, computed off the event loop."""

from typing import Annotated

from anyio import to_thread
from fastapi import Query
from visualnn_shared.analysis.summary import Summary, summary
from visualnn_shared.spec.model import Spec
from visualnn_shared.training.names import OptimizerName as Optimizers

BatchSize = Annotated[int, Query(description="Samples that the memory is computed for.", ge=1, le=65_536)]
OptimizerName = Annotated[Optimizers, Query(description="Its state is part of the training memory.")]


async def summarised(spec: Spec, batch_size: int, optimizer: str) -> Summary:
    """Raises SpecInvalid with every problem."""
    return await to_thread.run_sync(lambda: summary(spec, batch_size=batch_size, optimizer=optimizer))
