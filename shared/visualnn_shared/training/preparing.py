"""The steps that come before matching: what the user asks for, and what pictures and texts need to fit at all."""

import math
from collections.abc import Mapping, Sequence

from visualnn_shared.analysis.walk import Resolved, ResolvedLayer
from visualnn_shared.datasets.schema import FeatureSchema
from visualnn_shared.spec.problem import Problem, problem
from visualnn_shared.training.head import plain, readers
from visualnn_shared.training.pipeline import Piped, pipe
from visualnn_shared.training.steps import ChannelsAs, Preprocessing, RecipeStep, ResizeTo, Tokenise

_WORDS, _LENGTH = 20_000, 200
"""Of texts, where neither the user nor the net says."""
_FLAT_CHANNELS = (1, 3)
Dims = tuple[int | None, ...]


def unknown_inputs(asked: Preprocessing, inputs: Mapping[str, Dims]) -> list[Problem]:
    """Names in ``asked`` that are no inputs."""
    if not isinstance(asked, dict):
        return []
    rule = f"preprocessing must name inputs of the net ({', '.join(inputs)})"
    return [problem(rule, name, field=f"params.preprocessing.{name}") for name in asked if name not in inputs]


def prepared(
    resolved: Resolved, features: Sequence[FeatureSchema], asked: Preprocessing, whys: list[str]
) -> dict[str, Piped]:
    """Feature name -> the feature after its steps. Why steps were chosen goes to ``whys``."""
    layers = {layer.name: layer for layer in resolved.inputs}
    only = next(iter(layers)) if len(layers) == 1 == len(features) else None
    found = {}
    for feature in features:
        name = only or feature.name
        steps: tuple[RecipeStep, ...]
        where = "params.preprocessing"
        if isinstance(asked, dict):
            steps, where = asked.get(name, ()), f"{where}.{name}"
        else:
            steps = asked
        found[feature.name] = pipe(feature, _completed(resolved, layers.get(name), feature, steps, whys), where)
    return found


def _completed(
    resolved: Resolved,
    layer: ResolvedLayer | None,
    feature: FeatureSchema,
    steps: tuple[RecipeStep, ...],
    whys: list[str],
) -> tuple[RecipeStep, ...]:
    if feature.dtype == "text":
        return _with_words(resolved, layer, feature, steps, whys)
    if layer is None or steps or feature.dtype != "uint8":
        return steps
    chosen = _resized(plain(layer.output_shapes[0]), feature.shape)
    if chosen and isinstance(last := chosen[-1], ResizeTo):
        sizes = " x ".join(map(str, feature.shape[:2])), f"{last.height} x {last.width}"
        whys.append(f"{layer.name} takes pictures of {sizes[1]}, samples are {sizes[0]}: resized")
        whys.extend("channels are made as many as the net takes" for step in chosen if isinstance(step, ChannelsAs))
    return chosen


def _with_words(
    resolved: Resolved,
    layer: ResolvedLayer | None,
    feature: FeatureSchema,
    steps: tuple[RecipeStep, ...],
    whys: list[str],
) -> tuple[RecipeStep, ...]:
    """Texts are tokenised first, by what the net takes."""
    first = steps[0] if steps and isinstance(steps[0], Tokenise) else Tokenise(step="tokenise")
    rest = steps[1:] if steps and first is steps[0] else steps
    words, length = _WORDS, _LENGTH
    if layer is not None:
        tables = [int(one.params["input_dim"]) for one in readers(resolved, layer.name) if one.type == "Embedding"]
        dims = plain(layer.output_shapes[0])
        words = min(tables) if tables else words
        length = dims[0] or length if len(dims) == 1 else length
    told = first.model_copy(update={"words": first.words or max(3, words), "length": first.length or length})
    if told != first:
        whys.append(f"texts of {feature.name} become {told.length} numbers of the {told.words:,} most frequent words")
    return (told, *rest)


def _resized(wanted: Dims, shape: tuple[int, ...]) -> "tuple[ChannelsAs | ResizeTo, ...] | tuple[()]":
    """Steps that bring 8-bit pictures to what the net takes; none where they fit, or where it is no picture."""
    have = 1 if len(shape) == 2 else shape[2] if len(shape) == 3 else 0
    sizes = [dim for dim in wanted if dim is not None]
    if have not in _FLAT_CHANNELS or len(sizes) < len(wanted) or math.prod(sizes) == math.prod(shape):
        return ()
    if len(sizes) == 1:
        side = math.isqrt(sizes[0] // have)
        if side * side * have != sizes[0] or shape[0] != shape[1]:
            return ()
        return (ResizeTo(step="resize", height=side, width=side),)
    if len(sizes) == 2 and have == 1:
        return (ResizeTo(step="resize", height=sizes[0], width=sizes[1]),)
    if len(sizes) != 3 or sizes[2] not in _FLAT_CHANNELS:
        return ()
    resize = ResizeTo(step="resize", height=sizes[0], width=sizes[1])
    if have == sizes[2]:
        return (resize,)
    return (ChannelsAs(step="channels", order="colour" if have == 1 else "grey"), resize)
