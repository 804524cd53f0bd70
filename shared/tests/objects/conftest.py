"""The two stores that every test of the interface runs against."""

from pathlib import Path

import pytest
from visualnn_shared.objects import ObjectStore, open_store
from visualnn_shared.settings import CommonSettings

from tests.parts.s3 import S3


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    """An empty store."""
    if request.param == "folder":
        return open_store(CommonSettings(object_store=(tmp_path / "objects").as_uri()))
    server: S3 = request.getfixturevalue("s3_server")
    return open_store(server.access().settings)
