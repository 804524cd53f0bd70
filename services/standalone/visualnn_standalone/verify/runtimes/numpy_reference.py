"""The spec in NumPy alone: formulas written from the papers, by no framework. It runs no file, but what was read."""

import numpy as np
from visualnn_shared.errors import VisualNNError
from visualnn_shared.reference import Reference
from visualnn_shared.spec.model import Spec

from visualnn_standalone.verify.certificate import Runtime
from visualnn_standalone.verify.runtimes.base import Arrays, Unable


def of_spec(spec: Spec, weights: Arrays, how: str, instead_of: tuple[str, ...] = ()) -> "InNumPy":
    """A spec with its tensors in float64. Raises ``Unable``, naming the layers, where one has no reference."""
    try:
        net = Reference(spec, weights)
    except VisualNNError as error:
        raise Unable(f"NumPy: {' '.join(str(error).split())[:300]}") from None
    runtime = Runtime(
        name="NumPy reference",
        version=f"NumPy {np.__version__}, float64",
        how=how,
        independent=False,
        instead_of=instead_of,
    )
    return InNumPy(net, runtime)


class InNumPy:
    """A net that the reference computes."""

    def __init__(self, net: Reference, runtime: Runtime) -> None:
        self._net, self.runtime = net, runtime

    def outputs(self, inputs: Arrays) -> list[np.ndarray]:
        """In the spec's order."""
        try:
            return self._net.outputs(inputs)
        except VisualNNError as error:
            raise Unable(f"NumPy: {' '.join(str(error).split())[:300]}") from None

    def layers(self, inputs: Arrays) -> Arrays:
        """First output of every layer, by the spec's names."""
        try:
            return self._net.layers(inputs)
        except VisualNNError as error:
            raise Unable(f"NumPy: {' '.join(str(error).split())[:300]}") from None
