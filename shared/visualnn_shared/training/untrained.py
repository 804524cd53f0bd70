"""How a net is served of which only the network and its weights are known: one that came from another tool."""

from visualnn_shared.analysis.walk import Resolved
from visualnn_shared.training.head import Head, heads, plain
from visualnn_shared.training.serving import Serving, Task, TensorSpec

_WIDER = {"float16": "float32"}


def untrained_serving(resolved: Resolved) -> Serving:
    """Values go in as the net takes them, unscaled; classes have no names. The first output says what is answered."""
    outputs = heads(resolved)
    return Serving(
        inputs=tuple(
            TensorSpec(name=layer.name, shape=plain(layer.output_shapes[0]), dtype=_WIDER.get(type, type))
            for layer in resolved.inputs
            for type in (layer.params["dtype"],)
        ),
        outputs=tuple(TensorSpec(name=str(head.ref), shape=head.shape, dtype="float32") for head in outputs),
        task=_task(outputs[0]),
    )


def _task(head: Head) -> Task:
    if head.activation == "softmax" and len(head.shape) == 1:
        return "classification"
    return "binary" if head.activation == "sigmoid" and head.shape == (1,) else "regression"
