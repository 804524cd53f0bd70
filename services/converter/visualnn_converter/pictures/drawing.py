"""What a picture of a network says: a box for each layer, a line for each tensor."""

from dataclasses import dataclass, field
from math import prod

from visualnn_shared.analysis.walk import ResolvedLayer, resolve
from visualnn_shared.catalogue.free import FREE, Shape, known
from visualnn_shared.errors import ConversionImpossible, SpecInvalid
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.problem import problem

from visualnn_converter.report import Report

MOST_LAYERS = 3_000
"""Layers of one picture."""
KINDS = {
    "data": ("Input", "#e8eaed", "#5f6368"),
    "vision": ("Convolution, pooling", "#dbe9fb", "#2f6fce"),
    "common": ("Dense, dropout", "#e3dcf7", "#6b46c1"),
    "recurrent": ("Recurrent", "#d9f2e6", "#1e8e5a"),
    "attention": ("Attention", "#fbdcea", "#c2276f"),
    "normalization": ("Normalisation", "#fdeccf", "#b9770e"),
    "activation": ("Activation", "#fbe0d8", "#cc4a2b"),
    "utility": ("Merging, reshaping", "#e2ecec", "#3d7a7a"),
}
"""Group of a layer -> title, fill, and the darker colour of its edge; others look like ``utility``."""


@dataclass(frozen=True, slots=True)
class Box:
    """A layer as a picture says it."""

    name: str
    type: str
    detail: str
    """What matters of its parameters: 3×3/2, 64."""
    shape: str
    """28×28×64"""
    params: int
    kind: str
    """One of ``KINDS``."""
    simple: bool
    """Without a window or a merge: may hang below the layer before it."""


@dataclass(slots=True)
class Drawing:
    """A network as boxes and lines between them, by index."""

    name: str
    boxes: list[Box] = field(default_factory=list)
    lines: list[tuple[int, int]] = field(default_factory=list)
    params: int = 0


def drawing(spec: Spec, report: Report) -> Drawing:
    """The picture's content. Raises ``SpecInvalid``, and ``ConversionImpossible`` for more layers than one can see."""
    resolved = resolve(spec)
    if resolved.problems:
        raise SpecInvalid(resolved.problems, spec.name)
    if len(resolved.layers) > MOST_LAYERS:
        rule = f"a picture must show at most {MOST_LAYERS:,} layers"
        raise ConversionImpossible([problem(rule, len(resolved.layers))], report.source, report.target)
    found, known_already = Drawing(cleaned(spec.name)), bool(report.mapped)
    index = {layer.name: number for number, layer in enumerate(resolved.layers)}
    for layer in resolved.layers:
        box = _box(layer)
        found.boxes.append(box)
        found.params += box.params
        found.lines += [(index[ref.layer], index[layer.name]) for ref in layer.inputs]
        if not known_already:
            report.maps(layer.name, layer.type, "box")
    return found


def cleaned(text: str) -> str:
    """Text without what no printer shows; characters that turn the direction of writing are gone too."""
    return "".join(c if c.isprintable() else "�" for c in text)


def _box(layer: ResolvedLayer) -> Box:
    count = sum(prod(known(n) or 0 for n in v.shape) for v in layer.weights) if layer.weights_of is None else 0
    group = layer.entry.group if layer.entry.group in KINDS else "utility"
    simple = layer.entry.group in ("activation", "normalization", "noise") or layer.type in ("Softmax", "Dropout")
    shape = ", ".join(map(_shape, layer.output_shapes[:3]))
    return Box(cleaned(layer.name), layer.type, _detail(layer), shape, count, group, simple)


def _shape(shape: Shape) -> str:
    return "×".join("?" if size is FREE else str(size) for size in shape) or "1"


def _detail(layer: ResolvedLayer) -> str:
    """Window and stride, size of the output, function, share that is dropped."""
    p, parts = layer.params, []
    window = p.get("kernel_size") or p.get("pool_size")
    if isinstance(window, tuple):
        strides = p.get("strides", (1,))
        step = "" if set(strides) == {1} else "/" + "×".join(map(str, sorted(set(strides))))
        parts.append("×".join(map(str, window)) + step)
    size = p.get("filters") or p.get("units") or p.get("output_dim") or p.get("num_heads")
    parts += [str(size)] if isinstance(size, int) else []
    function = p.get("activation")
    parts += [function] if isinstance(function, str) and function != "linear" else []
    parts += [f"{p['rate']:g}"] if isinstance(p.get("rate"), float) else []
    inner = p.get("layer")
    parts += [str(inner["type"])] if hasattr(inner, "get") and inner is not None else []
    return ", ".join(parts)


def counted(number: int) -> str:
    """1,234 as 1.2 K: what fits a box."""
    for limit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "K")):
        if number >= limit:
            return f"{number / limit:.3g} {letter}"
    return str(number)
