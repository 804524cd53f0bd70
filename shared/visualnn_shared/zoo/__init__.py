"""Built-in networks: small builders, one file a group."""

from collections.abc import Callable
from typing import Any

from visualnn_shared.analysis.summary import summary
from visualnn_shared.catalogue.kinds import closest
from visualnn_shared.errors import NotFound
from visualnn_shared.spec.model import Spec
from visualnn_shared.zoo import basic, cifar, digits, text

_NETS: dict[str, tuple[str, str, int | None, Callable[[], Spec]]] = {
    "linear": ("Straight line", "basic", None, basic.linear),
    "two-input": ("Two inputs", "basic", 3, basic.two_input),
    "mnist-dnn": ("Dense network for MNIST", "digits", 10, digits.mnist_dnn),
    "mnist-cnn": ("Convolutional network for MNIST", "digits", 10, digits.mnist_cnn),
    "digits-dnn": ("Dense network for 8 x 8 digits", "digits", 10, digits.digits_dnn),
    "cifar-fnn": ("Dense network for CIFAR-10", "pictures", 10, cifar.cifar_fnn),
    "cifar-cnn": ("Convolutional network for CIFAR-10", "pictures", 10, cifar.cifar_cnn),
    "imdb-lstm": ("Recurrent network for film reviews", "text", 2, text.imdb_lstm),
}
"""Name -> title, group, number of classes (None: a regression), builder."""

NAMES: tuple[str, ...] = tuple(_NETS)


def load(name: str) -> Spec:
    """The network of this name. Raises ``NotFound``."""
    if name not in _NETS:
        hint = closest(name, list(_NETS)) or f"there are {', '.join(NAMES)}"
        raise NotFound(f"a built-in network ({hint})", name)
    return _NETS[name][3]()


def describe() -> list[dict[str, Any]]:
    """One row for each network: ``name, title, group, input`` (shape by input layer), ``classes, params, doc``."""
    return [_row(name) for name in NAMES]


def _row(name: str) -> dict[str, Any]:
    title, group, classes, build = _NETS[name]
    spec = build()
    shapes = {layer.name: layer.params["shape"] for layer in spec.layers if layer.type == "Input"}
    doc = " ".join((build.__doc__ or "").split())
    params = summary(spec).params
    return {
        "name": name, "title": title, "group": group, "input": shapes, "classes": classes, "params": params, "doc": doc,
    }  # fmt: skip
