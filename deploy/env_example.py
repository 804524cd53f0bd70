"""Writes ``.env.example`` from the settings classes: ``python deploy/env_example.py > .env.example``."""

import ast
import importlib
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic_settings import BaseSettings

ROOT = Path(__file__).resolve().parents[1]
HEADER = """\
# Settings of the platform, for docker-compose and for each service by itself. Copy to .env; docker-compose refuses to
# start before the secrets have values. Made by deploy/env_example.py from the settings classes.

# ---- Secrets of the stack in docker-compose.yml ----
# Of each: letters and digits only, for they become parts of addresses; `openssl rand -hex 24` makes one.

# Password of the Postgres user visualnn.
POSTGRES_PASSWORD=
# Password of Redis.
REDIS_PASSWORD=
# Secret key of the S3-compatible server, and its access key: for ours two names with a colon between.
VISUALNN_S3_SECRET_KEY=
VISUALNN_S3_ACCESS_KEY=visualnn:platform

# ---- What docker-compose itself reads ----

# Port on this machine's loopback where the gateway answers.
# VISUALNN_PORT=8000
# Image that the services' images are built from: Python 3.11 or newer with venv.
# BASE_IMAGE=python:3.11-slim-bookworm
# Images to run in place of the default ones.
# POSTGRES_IMAGE=postgres:17-bookworm
# REDIS_IMAGE=redis:7.2-bookworm
# S3_IMAGE=visualnn-s3
# API_IMAGE=visualnn-api
# CONVERTER_IMAGE=visualnn-converter
# PREDICTOR_IMAGE=visualnn-predictor
# WORKER_IMAGE=visualnn-worker
# DISPATCHER_IMAGE=visualnn-dispatcher

# ---- Layers of your own ----

# Python modules, separated by commas, that declare more layer types; on PYTHONPATH of every service.
# VISUALNN_PLUGINS=

# ---- Other programs' variables ----

# What Keras computes with: tensorflow, jax or torch; the worker's image holds tensorflow.
# KERAS_BACKEND=tensorflow
"""
IN_HEADER = {"VISUALNN_S3_SECRET_KEY", "VISUALNN_S3_ACCESS_KEY"}


def settings_classes() -> list[type[BaseSettings]]:
    """Every settings class in the packages, shared ones first."""
    folders = [ROOT / "shared", *sorted((ROOT / "services").iterdir()), ROOT / "clients" / "python"]
    return [
        found for folder in folders for path in sorted(folder.glob("visualnn*/**/*.py")) for found in _in(folder, path)
    ]


def _in(folder: Path, path: Path) -> Iterator[type[BaseSettings]]:
    """A class counts by its bases' names, so that only modules with settings are imported."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base).endswith("Settings") for base in node.bases):
            module = importlib.import_module(".".join(path.relative_to(folder).with_suffix("").parts))
            found = getattr(module, node.name)
            if issubclass(found, BaseSettings):
                yield found


def variables(settings: type[BaseSettings]) -> Iterator[tuple[str, str, str]]:
    """(name, default as text, documentation) of each field that the class itself declares."""
    prefix = settings.model_config.get("env_prefix", "")
    for name, field in settings.model_fields.items():
        if name in settings.__annotations__:
            yield f"{prefix}{name}".upper(), _text(field.default), " ".join((field.description or "").split())


def _text(default: Any) -> str:
    if default is None:
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, Path) and default.is_relative_to(Path.home()):
        return f"~/{default.relative_to(Path.home())}"
    return str(default)


def render() -> str:
    lines = [HEADER]
    known = set(IN_HEADER)
    for settings in settings_classes():
        lines.append(f"# ---- {settings.__module__}.{settings.__name__} ----\n")
        for name, default, text in variables(settings):
            if name not in known:
                known.add(name)
                lines.extend(textwrap.wrap(text, 118, initial_indent="# ", subsequent_indent="# "))
                lines.append(f"# {name}={default}")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    sys.stdout.write(render())
