"""Alembic migrations, kept in the package so that an installed service can upgrade its database."""

HEAD = "0006"
"""The newest revision; a test compares it with the files."""
