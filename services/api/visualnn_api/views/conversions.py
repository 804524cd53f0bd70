"""Conversions as requests."""

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class FromUrl(BaseModel):
    """What `POST /conversions/from-url` takes."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"url": "https://example.org/model.json", "target": "native"}]},
    )

    url: str = Field(min_length=1, max_length=2000)
    """Where the file is."""
    target: str = Field(min_length=1, max_length=32)
    """The wanted format: one that GET /formats lists as written."""
    source: str | None = Field(default=None, max_length=32)
    """The file's format; found out from its content where it is left out."""
    input_shape: Any = None
    """Shape of inputs that the file does not say."""
    phase: str | None = Field(default=None, max_length=16)
    """Of a Caffe net: `TRAIN` or `TEST`; left out, what the file's `state` says, or `TRAIN`."""
    stage: str | None = Field(default=None, max_length=1000)
    """Of a Caffe net: a stage that `include` and `exclude` rules ask for; several with commas between."""
    level: int | None = None
    """Of a Caffe net: the level that `min_level` and `max_level` ask for; 0 where it is left out."""
    allow_rewrite: bool | None = None
    """Rewrite layers that the target cannot say into others of the same meaning."""
    verify: bool | None = None
    """Run source and target on the same inputs; a certificate in the report, 422 where they differ."""
    gate: float | None = Field(default=None, ge=0)
    """Largest absolute error that passes; 0.0001 where it is left out."""
    seed: int | None = Field(default=None, ge=0)
    """Of what is drawn to verify, and of the initial weights; 0 where it is left out."""
    require_independent: bool | None = None
    """Verify, and 422 where no runtime but VisualNN's own ran the target."""
    reference: Literal["auto", "numpy", "keras"] | None = None
    """What stands beside both sides to verify; `auto` where it is left out."""
    initial_weights: bool | None = None
    """Where there are no weights, those with which a training of `seed` begins."""

    def passed_on(self) -> dict[str, str]:
        """The fields that the converter takes as they are, as the parts of its form."""
        given = self.model_dump(exclude={"url", "target"}, exclude_none=True)
        return {name: value if isinstance(value, str) else json.dumps(value) for name, value in given.items()}
