"""Limits and warnings of jobs, what they wait for, and an order in which waiting makes up for a low priority."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_QUEUED = sa.text("state = 'queued'")


def upgrade() -> None:
    json = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
    op.add_column("jobs", sa.Column("memory_limit_mb", sa.Integer(), nullable=True))
    op.add_column("jobs", sa.Column("warnings", json, nullable=True))
    op.add_column("jobs", sa.Column("waiting_for", sa.String(length=1000), nullable=True))
    op.add_column("jobs", sa.Column("waiting_since", sa.Double(), nullable=True))
    op.drop_index("ix_jobs_waiting", "jobs")
    _index(sa.text("(run_after - 600.0 * priority)"))


def downgrade() -> None:
    op.drop_index("ix_jobs_waiting", "jobs")
    _index(sa.text("priority DESC"), "run_after")
    for name in ("waiting_since", "waiting_for", "warnings", "memory_limit_mb"):
        op.drop_column("jobs", name)


def _index(*order: sa.TextClause | str) -> None:
    op.create_index("ix_jobs_waiting", "jobs", ["queue", *order, "id"], postgresql_where=_QUEUED, sqlite_where=_QUEUED)
