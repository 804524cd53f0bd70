"""Conversions as requests."""

import json
from typing import Any

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

    def passed_on(self) -> dict[str, str]:
        """The fields that the converter takes as they are."""
        shape = {} if self.input_shape is None else {"input_shape": json.dumps(self.input_shape)}
        return shape if self.source is None else {"source": self.source, **shape}
