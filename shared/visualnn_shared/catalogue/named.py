"""Small catalogues of named things with parameters of their own: initializers, regularizers, constraints, activations.

Normal form: the name alone where every parameter has its default, else ``{"name": ..., parameter: value, ...}`` with
the parameters that differ. Keras' class names and its ``{"class_name": ..., "config": {...}}`` form are accepted too.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from visualnn_shared.catalogue.free import Shape
from visualnn_shared.catalogue.kinds import (
    LARGEST_INT,
    Bool,
    Choice,
    Float,
    Int,
    Kind,
    ListOf,
    Optional,
    Refused,
    closest,
)


@dataclass(frozen=True, slots=True)
class Variant:
    """One named thing: Keras' class, parameters with kind and default, and the tensors it works on.

    Their ``ranks``, and ``needs``: from parameters and shape to what it needs besides, or None where that is given.
    """

    name: str
    keras_class: str
    params: Mapping[str, tuple[Kind, Any]] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    ranks: tuple[int, int] = (0, LARGEST_INT)
    needs: Callable[[Mapping[str, Any], Shape], str | None] | None = None


class Named:
    """The kind of a parameter that names a variant, by any of its spellings, with or without parameters."""

    __slots__ = ("_one", "_spellings", "variants", "what")

    def __init__(self, what: str, variants: Iterable[Variant]) -> None:
        self.what = what
        self._one = f"{'an' if what[0] in 'ai' else 'a'} {what}"
        self.variants = {variant.name: variant for variant in variants}
        self._spellings = {s: v for v in self.variants.values() for s in (v.name, v.keras_class, *v.aliases)}

    @property
    def must_be(self) -> str:
        return f"the name of {self._one}, or an object with its name and parameters"

    def clean(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._variant(value).name
        if not isinstance(value, Mapping):
            raise Refused(self.must_be, value)
        name, given = _name_and_params(value)
        variant = self._variant(name)
        unknown = [key for key in given if key not in variant.params]
        if unknown:
            raise Refused(
                f"an object with the parameters of {variant.name} ({', '.join(variant.params) or 'none'})",
                unknown[0],
                path=f".{unknown[0]}",
                hint=closest(unknown[0], list(variant.params)),
            )
        params = {key: _inner(key, variant.params[key][0], item) for key, item in given.items()}
        self._in_order(variant, params, value)
        changed = {key: item for key, item in params.items() if item != variant.params[key][1]}
        return {"name": variant.name, **changed} if changed else variant.name

    def _in_order(self, variant: Variant, given: Mapping[str, Any], value: Any) -> None:
        """A range must not end before it begins."""
        for low, high in (("minval", "maxval"), ("min_value", "max_value")):
            if low in variant.params and high in variant.params:
                ends = [given.get(key, variant.params[key][1]) for key in (low, high)]
                if ends[0] > ends[1]:
                    raise Refused(f"{self._one} whose {low} is at most its {high}", dict(value), path=f".{low}")

    def _variant(self, name: Any) -> Variant:
        found = self._spellings.get(name) if isinstance(name, str) else None
        if found is None:
            raise Refused(f"{self._one}: one of {', '.join(self.variants)}", name, hint=closest(name, self._spellings))
        return found

    def variant(self, clean: Any) -> Variant:
        """The variant that a clean value names."""
        return self.variants[clean if isinstance(clean, str) else clean["name"]]

    def complete(self, clean: Any) -> tuple[Variant, dict[str, Any]]:
        """The variant of a clean value, and all its parameters, defaults filled in."""
        variant = self.variant(clean)
        given = {} if isinstance(clean, str) else clean
        return variant, {key: given.get(key, default) for key, (_kind, default) in variant.params.items()}

    def as_json(self) -> dict[str, Any]:
        params = {
            name: [
                {"name": key, "default": default, **kind.as_json()} for key, (kind, default) in variant.params.items()
            ]
            for name, variant in self.variants.items()
        }
        return {"kind": self.what, "choices": list(self.variants), "params": params}


def _name_and_params(value: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Both spellings: ours, and Keras' ``class_name`` and ``config``; the rest says nothing more."""
    if "class_name" in value:
        config = value.get("config")
        given = config if isinstance(config, Mapping) else {}
        return value["class_name"], {k: v for k, v in given.items() if not (v is None and k.endswith("_axes"))}
    return value.get("name"), {key: item for key, item in value.items() if key != "name"}


def _inner(key: str, kind: Kind, value: Any) -> Any:
    try:
        return kind.clean(value)
    except Refused as refused:
        raise Refused(refused.must_be, refused.received, path=f".{key}{refused.path}", hint=refused.hint) from None


SEED: tuple[Kind, Any] = (Optional(Int(0)), None)
_NUMBER = Float()
_SPREAD: dict[str, tuple[Kind, Any]] = {"mean": (_NUMBER, 0.0), "stddev": (Float(0), 0.05), "seed": SEED}
_SCALING: dict[str, tuple[Kind, Any]] = {
    "scale": (Float(0, above=True), 1.0),
    "mode": (Choice(("fan_in", "fan_out", "fan_avg")), "fan_in"),
    "distribution": (
        Choice(("truncated_normal", "untruncated_normal", "uniform"), {"normal": "truncated_normal"}),
        "truncated_normal",
    ),
    "seed": SEED,
}

_WINDOWS = (
    "barthann", "bartlett", "blackman", "blackmanharris", "bohman", "boxcar", "cosine", "exponential", "flattop",
    "hamming", "hann", "lanczos", "nuttall", "parzen", "taylor", "triang", "tukey",
)  # fmt: skip
"""SciPy's window functions that need no parameters."""
_FOURIER: dict[str, tuple[Kind, Any]] = {
    "side": (Choice(("real", "imag")), "real"),
    "window": (Optional(Choice(_WINDOWS)), "hann"),
    "scaling": (Optional(Choice(("density", "spectrum"))), "density"),
    "periodic": (Bool(), False),
}


def _needs_bands(_params: Mapping[str, Any], shape: Shape) -> str | None:
    """(window, 1, fft length / 2 + 1)."""
    return "the axes (cells of the window, 1, 2 or more bands)" if shape[1] != 1 or shape[2] < 2 else None


def _needs_pairs(params: Mapping[str, Any], shape: Shape) -> str | None:
    """One row, or column, has no other to be orthogonal to."""
    mode = params["mode"]
    return f"at least 2 {mode}" if shape[mode == "columns"] < 2 else None


# Keras has no sparse initializer: one of our own would make files that load nowhere but here.
INITIALIZER = Named("initializer", [
    Variant("zeros", "Zeros", aliases=("zero",)),
    Variant("ones", "Ones", aliases=("one",)),
    Variant("constant", "Constant", {"value": (_NUMBER, 0.0)}),
    Variant("random_normal", "RandomNormal", _SPREAD, aliases=("normal",)),
    Variant("truncated_normal", "TruncatedNormal", _SPREAD),
    Variant("random_uniform", "RandomUniform", {"minval": (_NUMBER, -0.05), "maxval": (_NUMBER, 0.05), "seed": SEED},
            aliases=("uniform",)),
    Variant("variance_scaling", "VarianceScaling", _SCALING),
    *(Variant(f"{who}_{shape}", f"{who.title()}{shape.title()}", {"seed": SEED})
      for who in ("glorot", "he", "lecun") for shape in ("uniform", "normal")),
    Variant("orthogonal", "Orthogonal", {"gain": (_NUMBER, 1.0), "seed": SEED}, aliases=("OrthogonalInitializer",),
            ranks=(2, LARGEST_INT)),
    Variant("identity", "Identity", {"gain": (_NUMBER, 1.0)}, aliases=("IdentityInitializer",), ranks=(2, 2)),
    Variant("stft", "STFT", _FOURIER, aliases=("STFTInitializer",), ranks=(3, 3), needs=_needs_bands),
])  # fmt: skip

_STRENGTH: tuple[Kind, Any] = (Float(0), 0.01)
_SIZES = [
    Variant("l1", "L1", {"l1": _STRENGTH}),
    Variant("l2", "L2", {"l2": _STRENGTH}),
    Variant("l1_l2", "L1L2", {"l1": (Float(0), 0.0), "l2": (Float(0), 0.0)}, aliases=("l1l2",)),
]
REGULARIZER = Optional(Named("regularizer", [
    *_SIZES,
    Variant("orthogonal_regularizer", "OrthogonalRegularizer",
            {"factor": _STRENGTH, "mode": (Choice(("rows", "columns")), "rows")}, aliases=("orthogonal",),
            ranks=(2, 2), needs=_needs_pairs),
]))  # fmt: skip
ACTIVITY_REGULARIZER = Optional(Named("regularizer", _SIZES))
"""Penalties that outputs can have: their batch has no size that is known beforehand."""

_AXES: tuple[Kind, Any] = (ListOf(Int(-8, 8), 1, 8, alone=True), (0,))
CONSTRAINT = Optional(Named("constraint", [
    Variant("max_norm", "MaxNorm", {"max_value": (Float(0), 2.0), "axis": _AXES}),
    Variant("min_max_norm", "MinMaxNorm", {"min_value": (Float(0), 0.0), "max_value": (Float(0), 1.0),
                                           "rate": (Float(0, 1), 1.0), "axis": _AXES}),
    Variant("non_neg", "NonNeg"),
    Variant("unit_norm", "UnitNorm", {"axis": _AXES}),
]))  # fmt: skip

_ACTIVATIONS = (
    "linear", "relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish", "sigmoid", "hard_sigmoid",
    "log_sigmoid", "hard_silu", "tanh", "hard_tanh", "tanh_shrink", "softmax", "log_softmax", "sparsemax", "softplus",
    "softsign", "exponential", "squareplus", "soft_shrink", "hard_shrink", "sparse_plus", "sparse_sigmoid",
)  # fmt: skip
_ACTIVATION_ALIASES = {"silu": ("swish",), "hard_silu": ("hard_swish",)}


class _Activation(Named):
    """An activation by name; null is ``linear``, as in Keras."""

    __slots__ = ()

    def clean(self, value: Any) -> Any:
        return "linear" if value is None else super().clean(value)


ACTIVATION = _Activation(
    "activation", [Variant(name, name, aliases=_ACTIVATION_ALIASES.get(name, ())) for name in _ACTIVATIONS]
)
