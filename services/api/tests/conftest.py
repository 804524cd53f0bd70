"""Gateways with SQLite and a folder of objects; the converter and the predictor are the real ones."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from visualnn_api.settings import ApiSettings

from tests.gateway.running import CLOSED, Gateway, process, running
from tests.gateway.trained import Trainer


@pytest.fixture(scope="session")
def converter_url() -> Iterator[str]:
    with process("visualnn_converter", "/healthz") as url:
        yield url


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="session")
def predictor_url(data_dir: Path) -> Iterator[str]:
    with process("visualnn_predictor", "/v2/health/live", VISUALNN_DATA_DIR=str(data_dir)) as url:
        yield url


@pytest.fixture(scope="session")
def lone(data_dir: Path) -> Iterator[Gateway]:
    """A gateway without converter and predictor; fast to start."""
    with running(ApiSettings(data_dir=data_dir, converter_url=CLOSED, predictor_url=CLOSED)) as gateway:
        yield gateway


@pytest.fixture(scope="session")
def converting(data_dir: Path, converter_url: str, lone: Gateway) -> Iterator[Gateway]:
    """A gateway with the converter, on the same rows and objects."""
    with running(ApiSettings(data_dir=data_dir, converter_url=converter_url, predictor_url=CLOSED)) as gateway:
        yield gateway


@pytest.fixture(scope="session")
def whole(data_dir: Path, converter_url: str, predictor_url: str, lone: Gateway) -> Iterator[Gateway]:
    """A gateway with everything but workers."""
    settings = ApiSettings(data_dir=data_dir, converter_url=converter_url, predictor_url=predictor_url)
    with running(settings) as gateway:
        yield gateway


@pytest.fixture(scope="session")
def api(lone: Gateway) -> httpx.Client:
    """A client of /api/v1 that needs neither converter nor predictor."""
    return lone.api


@pytest.fixture(scope="session")
def trainer(lone: Gateway) -> Trainer:
    """Stands in for the worker: claims jobs through the protocol and commits results computed with NumPy."""
    return Trainer(lone.parts.db, lone.parts.objects)


@pytest.fixture
def another(tmp_path: Path) -> Iterator[Callable[..., Gateway]]:
    """Starts gateways of their own data folder with other settings."""
    with ExitStack() as stack:

        def start(**given: object) -> Gateway:
            base = {"data_dir": tmp_path, "converter_url": CLOSED, "predictor_url": CLOSED}
            return stack.enter_context(running(ApiSettings(**{**base, **given})))  # type: ignore[arg-type]

        yield start
