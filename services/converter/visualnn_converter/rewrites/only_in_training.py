"""Layers that act in training only: left out of a net for inference."""

from visualnn_shared.spec.problem import Problem

from visualnn_converter.rewrites.base import Place, Rewrite

NAME = "only in training"
WHAT = "noise and dropout that acts in training only as a Dropout layer of rate 0 (same numbers at inference)"
_TYPES = frozenset({
    "AlphaDropout", "GaussianNoise", "GaussianDropout", "Dropout",
    *(f"SpatialDropout{rank}D" for rank in (1, 2, 3)),
})  # fmt: skip


def rewrite(place: Place, _problem: Problem) -> Rewrite | None:
    """``AlphaDropout``, ``GaussianNoise``, ... -> ``Dropout``, which every format has. Exact at inference."""
    if place.layer.type not in _TYPES:
        return None
    return Rewrite((place.last("Dropout", {"rate": 0.0}, place.inputs),))
