"""One module a runtime, found by listing this folder: ``FORMATS`` that it runs, and ``load(file) -> Running``."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from visualnn_standalone.verify.runtimes.base import ModelFile, Running, Unable


@cache
def runtimes() -> tuple[ModuleType, ...]:
    """Every runtime's module."""
    found = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__) if module.name != "base"]
    return tuple(module for module in found if hasattr(module, "FORMATS"))


def running(file: ModelFile, prefer: str = "keras") -> Running:
    """The file in an independent runtime where one can run it, otherwise read back by our own reader, on Keras or in
    NumPy; ``prefer`` says on which first.

    Raises ``Unable`` where neither can.
    """
    from visualnn_standalone.verify.runtimes import read_back

    reasons = []
    for module in runtimes():
        if file.format not in module.FORMATS:
            continue
        try:
            found: Running = module.load(file)
        except Unable as unable:
            reasons.append(str(unable))
        else:
            return found
    return read_back.load(file, tuple(reasons), prefer)
