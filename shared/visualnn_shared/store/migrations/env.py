"""Run by Alembic, on the open connection that ``visualnn_shared.store.migrate`` hands over."""

from alembic import context

from visualnn_shared.store.tables import Base


def run() -> None:
    connection = context.config.attributes["connection"]
    # SQLite cannot alter a constraint in place; batch mode copies the table instead.
    context.configure(
        connection=connection, target_metadata=Base.metadata, render_as_batch=connection.dialect.name == "sqlite"
    )
    with context.begin_transaction():
        context.run_migrations()


run()
