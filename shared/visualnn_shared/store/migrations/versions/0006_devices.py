"""How many devices a job's worker must have, so that only one that has them takes it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("jobs", sa.Column("devices", sa.Integer(), nullable=False, server_default="1"))
    _fill()


def downgrade() -> None:
    op.drop_column("jobs", "devices")


def _fill() -> None:
    """From the recipes of the trainings that still wait."""
    jobs = sa.table("jobs", sa.column("state"), sa.column("kind"), sa.column("params", _JSON), sa.column("devices"))
    wanted = jobs.c.params["devices"].as_string()
    waiting = (jobs.c.kind == "train") & jobs.c.state.not_in(["succeeded", "cancelled"]) & wanted.not_in(["all", "1"])
    op.execute(sa.update(jobs).where(waiting).values(devices=jobs.c.params["devices"].as_integer()))
