"""One module per file format, found by listing this folder. All have ``NAME``, ``TITLE``, ``EXTENSIONS``, ``sniff``.

A format either has ``inspect`` and ``load`` (it is kept as uploaded), or ``pack``, which writes an npz once, at the
upload; that is kept then. ``RANK``: who is asked first whether a file is its own; the least first.
"""

import importlib
import pkgutil
from types import ModuleType


def listed() -> dict[str, ModuleType]:
    """Every format of this folder by name, in the order they are asked."""
    modules = [importlib.import_module(f"{__name__}.{one.name}") for one in pkgutil.iter_modules(__path__)
               if not one.name.endswith("_child")]  # fmt: skip
    formats = [module for module in modules if hasattr(module, "NAME")]
    return {module.NAME: module for module in sorted(formats, key=lambda one: (one.RANK, one.NAME))}
