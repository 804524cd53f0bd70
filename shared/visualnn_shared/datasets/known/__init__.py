"""Data sets known by name: some are here, offline; the others are fetched at first use."""

from visualnn_shared.datasets.known import bundled, pictures, synthetic, texts
from visualnn_shared.datasets.known.registry import Known

KNOWN: dict[str, Known] = {
    one.name: one for group in (bundled.KNOWN, synthetic.KNOWN, pictures.KNOWN, texts.KNOWN) for one in group
}
