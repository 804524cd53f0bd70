"""The gateway's version, from its package."""

from importlib.metadata import version

VERSION = version("visualnn-api")
