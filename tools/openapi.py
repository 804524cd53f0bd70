"""Write the gateway's OpenAPI document to standard output; clients in other languages are generated from it."""

import json
import tempfile
from pathlib import Path

from visualnn_api.main import create_app
from visualnn_api.settings import ApiSettings


def document() -> str:
    """The document as JSON with sorted keys, so that a change shows as a small difference."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(ApiSettings(data_dir=Path(folder)))
        return json.dumps(app.openapi(), indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    print(document(), end="")
