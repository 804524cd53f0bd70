"""What the predictor answers, for the document: the gateway passes answers on unread."""

from typing import Any

from pydantic import ConfigDict, Field

from visualnn_api.views.common import View


class Prediction(View):
    """One sample's answer: class, index, score and scores; or values, for a regression."""

    class_: str | None = Field(default=None, alias="class")
    index: int | None = None
    score: float | None = None
    scores: list[float] | None = None
    """By index; the operator's classes name them."""
    values: Any = None
    """The output as nested lists of numbers."""


class Predictions(View):
    """One prediction for each sample, in order."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "operator": "digits",
                    "version": 1,
                    "predictions": [{"class": "1", "index": 1, "score": 0.75, "scores": [0.25, 0.75]}],
                }
            ]
        }
    )

    operator: str
    version: int
    predictions: list[Prediction]
    outputs: dict[str, Any] | None = None
    """The other outputs of a network that has several, as nested lists of numbers."""
    answers: dict[str, list[Prediction]] | None = None
    """The same as predictions, one for each sample, where training has told what these outputs mean."""
