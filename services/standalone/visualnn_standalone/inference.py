"""Predictions in this process, from a weights file alone, as a server makes them from a registered operator."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError
from visualnn_converter import conversion
from visualnn_predictor.friendly import read_request, write_answer
from visualnn_predictor.model import RUN_ERRORS, Model
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.datasets.gaps import listed
from visualnn_shared.errors import Invalid
from visualnn_shared.spec.problem import problem
from visualnn_shared.spec.reading import read_spec
from visualnn_shared.training.serving import Serving
from visualnn_shared.training.untrained import untrained_serving

from visualnn_standalone.local import read_weights

_BATCH = 256
_MOST = 10_000_000


@dataclass(frozen=True, slots=True)
class LocalOperator:
    """A trained network with its preprocessing, in ONNX Runtime."""

    model: Model

    @classmethod
    def of(cls, weights: Path, *, spec: str, serving: str | None) -> Self:
        """From a safetensors file and the metadata in it. Raises ``Invalid`` and ``ConversionImpossible``.

        A file without ``serving`` was not trained here: then values go in as the net takes them.
        """
        net = read_spec(spec)
        onnx = conversion.write(net, "onnx", read_weights(weights)).data
        known = untrained_serving(resolve(net)) if serving is None else _serving(serving, weights)
        return cls(Model(weights.stem, 1, known, onnx, _BATCH))

    @property
    def signature(self) -> dict[str, Any]:
        """Raw inputs and outputs, as an operator on a server tells them."""
        return {
            "inputs": [one.model_dump(mode="json") for one in self.model.serving.inputs],
            "outputs": [one.model_dump(mode="json") for one in self.model.serving.outputs],
        }

    def predict(self, samples: dict[str, npt.NDArray[Any]]) -> list[dict[str, Any]]:
        """One prediction for each sample, as ``POST /operators/{name}/predict`` answers. Raises ``Invalid``."""
        return next(iter(self.answers(samples).values()))

    def answers(self, samples: dict[str, npt.NDArray[Any]]) -> dict[str, list[dict[str, Any]]]:
        """The same of every output whose meaning is known, the first one's first. Raises ``Invalid``."""
        raw = read_request(
            {"inputs": {name: listed(values) for name, values in samples.items()}}, self.model.serving, _MOST
        )
        try:
            outputs = self.model.run(raw)
        except RUN_ERRORS as error:
            rule = "the samples must be such that the network can answer them"
            raise Invalid("the input", [problem(rule, str(error)[:300])]) from error
        plain = {name: np.ascontiguousarray(values) for name, values in outputs.items()}
        answer = json.loads(write_answer(self.model, plain))
        return {self.model.outputs[0]: answer["predictions"], **answer.get("answers", {})}


def _serving(text: str, weights: Path) -> Serving:
    try:
        return Serving.model_validate_json(text)
    except ValidationError:
        rule = "what the weights say of how they are served must be readable (metadata visualnn.serving)"
        hint = "fetch the file again, or convert it without this metadata"
        raise Invalid(f"weights file {weights.name!r}", [problem(rule, text[:100], hint=hint)]) from None
