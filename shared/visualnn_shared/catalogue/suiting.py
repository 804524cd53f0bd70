"""Whether what a variable starts from, and what its penalty is computed from, suit its shape."""

from visualnn_shared.catalogue.entry import Broken, Params, Weight
from visualnn_shared.catalogue.free import Shape
from visualnn_shared.catalogue.kinds import LARGEST_INT
from visualnn_shared.catalogue.named import INITIALIZER, REGULARIZER, Named, Variant

_ANY_SHAPE = frozenset(
    name
    for kind in (INITIALIZER, REGULARIZER.of)
    for name, variant in kind.variants.items()  # type: ignore[attr-defined]
    if variant.ranks == (0, LARGEST_INT) and variant.needs is None
)


def unsuited(weight: Weight, params: Params, shape: Shape) -> Broken | None:
    """The rule that the variable's initializer or regularizer breaks at this shape, if there is one."""
    if weight.initializer is None:
        return None
    penalty = weight.initializer.replace("_initializer", "_regularizer")
    for param, kind in ((weight.initializer, INITIALIZER), (penalty, REGULARIZER.of)):
        value = params.get(param)
        if value is None or (isinstance(value, str) and value in _ANY_SHAPE):
            continue
        assert isinstance(kind, Named)
        variant, given = kind.complete(value)
        rule = _ranks(variant, shape) or (variant.needs(given, shape) if variant.needs else None)
        if rule:
            text = f"{param} must suit {weight.name}: this {kind.what} needs {rule}"
            return Broken(text, value, param=param, hint=f"{weight.name} has the shape {shape}")
    return None


def _ranks(variant: Variant, shape: Shape) -> str | None:
    least, most = variant.ranks
    if least <= len(shape) <= most:
        return None
    return f"{least} axes" if least == most else f"at least {least} axes"
