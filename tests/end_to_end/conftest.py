"""One platform for the whole session in each variant: on the embedded parts, and on real ones."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from visualnn import Client
from visualnn_standalone.platform import Platform

from tests.end_to_end.support import BRISK_TIMERS


def real_parts(request: pytest.FixtureRequest) -> dict[str, str]:
    """What makes a platform use a real Postgres, Redis and S3."""
    postgres, redis, s3 = (request.getfixturevalue(f"{name}_server") for name in ("postgres", "redis", "s3"))
    redis.clear()
    return {
        "VISUALNN_DATABASE_URL": postgres.create_database(),
        "VISUALNN_BROKER_URL": redis.url,
        **s3.access().environment,
    }


@pytest.fixture(scope="package", params=["embedded", "real"])
def platform(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    parts = real_parts(request) if request.param == "real" else {}
    folder = tmp_path_factory.mktemp(f"platform-{request.param}")
    with Platform(folder, environment={**BRISK_TIMERS, **parts}) as running:
        yield running


@pytest.fixture
def client(platform: Platform) -> Iterator[Client]:
    with Client(platform.url) as one:
        yield one


@pytest.fixture(scope="package")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """scikit-learn's handwritten digits as 8-bit pictures."""
    from visualnn.demo.digits import load_digits

    path = tmp_path_factory.mktemp("digits") / "digits.npz"
    load_digits().save(path)
    return path


@pytest.fixture
def line(tmp_path: Path) -> Path:
    """Six points of y = 2x - 1."""
    path = tmp_path / "line.csv"
    path.write_text("x,y\n" + "".join(f"{x},{2 * x - 1}\n" for x in range(-1, 5)))
    return path
