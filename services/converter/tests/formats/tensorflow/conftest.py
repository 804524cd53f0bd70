"""TensorFlow itself as the reference: graphs are built, frozen and run by it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

tf = pytest.importorskip("tensorflow")


def _loaded(data: bytes) -> Any:
    message = tf.compat.v1.GraphDef()
    message.ParseFromString(data)
    graph = tf.Graph()
    with graph.as_default():
        tf.import_graph_def(message, name="")
    return graph


@pytest.fixture(scope="session")
def answers() -> Callable[..., list[np.ndarray]]:
    """What TensorFlow answers for a GraphDef: the values that nothing reads, in the file's order."""

    def run(data: bytes, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        graph = _loaded(data)
        made = [op for op in graph.get_operations() if op.outputs and op.type != "Placeholder"]
        ends = [op.outputs[0] for op in made if not any(out.consumers() for out in op.outputs)]
        with tf.compat.v1.Session(graph=graph) as session:
            return list(session.run(ends, {f"{name}:0": value for name, value in inputs.items()}))

    return run


@pytest.fixture(scope="session")
def built() -> Callable[..., tuple[Any, list[np.ndarray]]]:
    """A graph of TensorFlow 1, frozen or not: GraphDef and answers. ``make(v1, *placeholders)`` gives the outputs."""

    def build(make: Any, *inputs: np.ndarray, freeze: bool = True, names: Any = None) -> tuple[Any, list[np.ndarray]]:
        v1 = tf.compat.v1
        with tf.Graph().as_default() as graph, v1.Session(graph=graph) as session:
            v1.set_random_seed(3)
            fed = [v1.placeholder(one.dtype, (None, *one.shape[1:]), f"x{i}") for i, one in enumerate(inputs)]
            made = make(v1, *fed)
            outputs = list(made) if isinstance(made, list | tuple) else [made]
            session.run(v1.global_variables_initializer())
            found = session.run(outputs, dict(zip(fed, inputs, strict=True)))
            message = graph.as_graph_def()
            if freeze:
                ends = names or [one.op.name for one in outputs]
                message = v1.graph_util.convert_variables_to_constants(session, message, ends)
        return message, found

    return build


@pytest.fixture(scope="session")
def frozen() -> Callable[[Any], Any]:
    """The GraphDef of a Keras model, its variables as constants."""
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    def freeze(model: Any) -> Any:
        call = tf.function(lambda *x: model(x[0] if len(x) == 1 else list(x), training=False))
        specs = [tf.TensorSpec(one.shape, one.dtype, name=one.name) for one in model.inputs]
        return convert_variables_to_constants_v2(call.get_concrete_function(*specs)).graph.as_graph_def()

    return freeze
