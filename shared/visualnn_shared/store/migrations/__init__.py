"""Alembic migrations, kept in the package so that an installed service can upgrade its database."""

HEAD = "0005"
"""The newest revision; a test compares it with the files."""
