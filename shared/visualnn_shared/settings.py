"""Settings that every service shares; each service adds its own in a subclass. Environment: ``VISUALNN_<FIELD>``."""

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class CommonSettings(BaseSettings):
    """Where the parts are. Each field has one documenting line and a line in ``.env.example``."""

    model_config = SettingsConfigDict(env_prefix="VISUALNN_", extra="ignore", use_attribute_docstrings=True)

    data_dir: Path = Path.home() / ".visualnn"
    """Folder of the embedded parts' data."""
    database_url: str = ""
    """SQLAlchemy address of the rows: postgresql+psycopg://... or sqlite:///...; default: SQLite in the data folder."""
    broker_url: str = ""
    """Celery broker that carries wake-ups: redis://..., redis+socket://..., amqp://...; empty: none, workers poll."""
    object_store: str = ""
    """Where objects lie: s3://bucket, file:///folder; default: a folder in the data folder."""
    s3_endpoint: str = ""
    """Address of the S3-compatible server, with scheme: https://s3.example.org."""
    s3_access_key: str = ""
    """Access key of the S3-compatible server."""
    s3_secret_key: str = ""
    """Secret key of the S3-compatible server."""
    s3_region: str = "us-east-1"
    """Region that S3 requests are signed for."""
    max_running_jobs: Annotated[int, Field(ge=0)] = 0
    """Most jobs of one owner that run at once, others wait; 0: as many as there are workers."""

    @property
    def database(self) -> str:
        """The database address, with its default."""
        return self.database_url or f"sqlite:///{self.data_dir.expanduser() / 'visualnn.db'}"

    @property
    def objects(self) -> str:
        """The object store address, with its default."""
        return self.object_store or (self.data_dir.expanduser() / "objects").as_uri()
