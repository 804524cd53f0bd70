"""Every layer type, declared once: parameters, ports, shape and cost rules, weights, and the maps to each format."""

from visualnn_shared.catalogue.describing import as_json
from visualnn_shared.catalogue.entry import Entry, Param
from visualnn_shared.catalogue.registry import CATALOGUE, load

load()

__all__ = ["CATALOGUE", "Entry", "Param", "as_json"]
