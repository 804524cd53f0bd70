"""The test accuracy of a training and the network that has it, so that the best of a network is found at once."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_KNOWN = sa.text("accuracy IS NOT NULL")
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("jobs", sa.Column("accuracy", sa.Double(), nullable=True))
    op.add_column("jobs", sa.Column("spec_etag", sa.String(length=64), nullable=True))
    _fill()
    op.create_index(
        "ix_jobs_accuracy",
        "jobs",
        ["owner", "spec_etag", "accuracy", "id"],
        postgresql_where=_KNOWN,
        sqlite_where=_KNOWN,
    )


def downgrade() -> None:
    op.drop_index("ix_jobs_accuracy", "jobs")
    for name in ("spec_etag", "accuracy"):
        op.drop_column("jobs", name)


def _fill() -> None:
    """From the metrics of the trainings that were."""
    jobs = sa.table(
        "jobs", sa.column("kind"), sa.column("state"), sa.column("metrics", _JSON), sa.column("accuracy"),
        sa.column("spec_etag"), sa.column("model_id"), sa.column("model_version"),
    )  # fmt: skip
    versions = sa.table("model_versions", sa.column("model_id"), sa.column("number"), sa.column("etag"))
    of_job = (versions.c.model_id == jobs.c.model_id) & (versions.c.number == jobs.c.model_version)
    op.execute(
        sa.update(jobs)
        .where(jobs.c.kind == "train", jobs.c.state == "succeeded")
        .values(
            accuracy=jobs.c.metrics["test_accuracy"].as_float(),
            spec_etag=sa.select(versions.c.etag).where(of_job).scalar_subquery(),
        )
    )
