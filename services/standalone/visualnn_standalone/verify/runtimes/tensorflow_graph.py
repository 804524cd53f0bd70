"""TensorFlow itself, on graphs of TensorFlow 1 (GraphDef) with their weights as constants."""

from importlib import import_module
from typing import Any

from visualnn_shared.analysis.walk import resolve

from visualnn_standalone.verify.certificate import Runtime
from visualnn_standalone.verify.runtimes.base import Arrays, ModelFile, Unable, last_of

FORMATS = ("tensorflow", "tensorflow-text")


def load(file: ModelFile) -> "InTensorFlow":
    """The graph, imported. Raises ``Unable`` where TensorFlow is not installed or refuses it."""
    try:
        import tensorflow

        text_format = import_module("google.protobuf.text_format")
    except ImportError:
        raise Unable("TensorFlow: not installed") from None
    found = tensorflow.compat.v1.GraphDef()
    try:
        if file.format.endswith("text"):
            text_format.Parse(file.data, found)
        else:
            found.ParseFromString(file.data)
        graph = tensorflow.Graph()
        with graph.as_default():
            tensorflow.compat.v1.import_graph_def(found, name="")
    except Exception as error:  # noqa: BLE001 - protobuf's and TensorFlow's errors have no common base
        raise Unable(f"TensorFlow: {' '.join(str(error).split())[:200]}") from None
    return InTensorFlow(graph, file, tensorflow)


class InTensorFlow:
    """A graph; its inputs are the placeholders, each layer's value the last one below its name."""

    def __init__(self, graph: Any, file: ModelFile, tensorflow: Any) -> None:
        self._graph, self._tf = graph, tensorflow
        resolved = resolve(file.spec)
        told = {layer.name: file.renamed.get(layer.name, layer.name) for layer in resolved.layers}
        operations = [one for one in graph.get_operations() if one.type != "NoOp" and one.outputs]
        holders = [one.name for one in operations if one.type == "Placeholder"]
        wanted = [told[name] for name in file.input_names]
        self._inputs = wanted if set(wanted) <= set(holders) else holders
        if len(self._inputs) != len(wanted):
            raise Unable(f"TensorFlow: the graph has {len(holders)} placeholders, the net {len(wanted)} inputs")
        self._names = file.input_names
        self._made = [one.name for one in operations if one.type not in ("Placeholder", "Const")]
        others = frozenset(told.values())
        self._outputs = [
            self._further(told[ref.layer], ref.output) if ref.output else last_of(told[ref.layer], self._made, others)
            for ref, _ in resolved.outputs
        ]
        if None in self._outputs:
            raise Unable("TensorFlow: the outputs cannot be told by their names")

    def _further(self, layer: str, output: int) -> str | None:
        """The node that gives another output of a layer than its first."""
        name = f"{layer}/output_{output}"
        return name if name in self._made else None

    @property
    def runtime(self) -> Runtime:
        """For the certificate."""
        how = "the graph imported by TensorFlow itself"
        return Runtime(name="TensorFlow", version=str(self._tf.__version__), how=how, independent=True)

    def _run(self, fetched: list[Any], inputs: Arrays) -> list[Any]:
        feed = {f"{holder}:0": inputs[name] for holder, name in zip(self._inputs, self._names, strict=True)}
        try:
            with self._tf.compat.v1.Session(graph=self._graph) as session:
                return list(session.run([f"{name}:0" for name in fetched], feed))
        except (self._tf.errors.OpError, ValueError, TypeError, KeyError) as error:
            raise Unable(f"TensorFlow: {' '.join(str(error).split())[:200]}") from None

    def outputs(self, inputs: Arrays) -> list[Any]:
        """In the spec's order."""
        return self._run(list(self._outputs), inputs)

    def layers(self, inputs: Arrays) -> Arrays:
        """First output of every operation by its name, in the graph's order."""
        return dict(zip(self._made, self._run(self._made, inputs), strict=True))
