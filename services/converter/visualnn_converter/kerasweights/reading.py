"""The tensors of a Keras file for a spec's layers: every variable found, of the right shape, or a problem each."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray
from visualnn_shared.analysis.walk import ResolvedLayer, Variable, resolve
from visualnn_shared.catalogue.maps import Unmappable
from visualnn_shared.errors import ConversionImpossible
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.problem import Problem, problem

from visualnn_converter.formats.keras.source import Net, Source
from visualnn_converter.kerasweights import keras1
from visualnn_converter.kerasweights.hdf5 import Tree
from visualnn_converter.kerasweights.order import Leaf, leaves, loaded
from visualnn_converter.kerasweights.places import copies, in_order, places
from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights

_OLD_ROOT = "_layer_checkpoint_dependencies"
"""What TensorFlow 2.13 called ``layers``."""
_SEEDS = "seed_generator"
Slot = tuple[ResolvedLayer, Variable]


@dataclass(slots=True)
class Taking:
    """What a file's tensors become; problems are gathered, and raised at the end."""

    tree: Tree
    owners: dict[str, ResolvedLayer]
    """Layers with variables of their own, by name."""
    report: Report
    found: dict[str, NDArray[Any]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def take(self, slot: Slot, path: str) -> None:
        """One variable, from the dataset at this path."""
        layer, variable = slot
        self.used.add(path)
        if path not in self.tree.datasets:
            rule = "the file must hold every variable of the layer"
            self.problems.append(problem(rule, f"nothing at {path}"[:300], layer=layer.name, field=variable.name))
            return
        try:
            tensor = self.tree.tensor(path)
        except Unmappable as broken:
            self.problems.append(broken.problem(layer.name))
            return
        self.keep(slot, tensor, path)

    def keep(self, slot: Slot, tensor: NDArray[Any], path: str) -> None:
        """One variable's tensor, if it has the right shape."""
        layer, variable = slot
        if tensor.shape != tuple(variable.shape):
            rule = f"{variable.name} must have the shape {list(variable.shape)}"
            self.problems.append(problem(rule, list(tensor.shape), layer=layer.name, field=path[:300]))
            return
        self.found[f"{layer.name}/{variable.name}"] = tensor

    def weights(self) -> Weights:
        """The tensors. Raises ``ConversionImpossible`` with every mismatch."""
        if self.problems:
            raise ConversionImpossible(self.problems, self.report.source, self.report.target)
        return self.found


def read_weights(tree: Tree, net: Net, spec: Spec, report: Report) -> Weights:
    """The tensors of whichever layout the file has, under the names that ``report`` gave the layers.

    Raises ``ConversionImpossible`` with every variable that is missing or of another shape.
    """
    owners = {layer.name: layer for layer in resolve(spec).layers if layer.weights and layer.weights_of is None}
    taking = Taking(tree, owners, report)
    if "layer_names" in tree.groups[""] or "model_weights" in tree.groups:
        _by_layer_name(taking, net)
    else:
        _by_path(taking, net)
    return taking.weights()


def _owner(taking: Taking, name: str) -> ResolvedLayer | None:
    return taking.owners.get(taking.report.renamed.get(name, name))


def _by_path(taking: Taking, net: Net) -> None:
    """Keras 3: ``layers/dense_1/vars/0``, after classes and their order in the model."""
    root = "layers" if "layers" in taking.tree.groups or _OLD_ROOT not in taking.tree.groups else _OLD_ROOT
    for leaf in leaves(net, path=root):
        layer = _owner(taking, leaf.name)
        if layer is None:
            continue
        path = leaf.path if root == "layers" else leaf.path.replace("/layers/", f"/{root}/")
        wanted = places(layer)
        for variable in layer.weights:
            taking.take((layer, variable), _existing(taking.tree, path, wanted[variable.name]))
        taking.used |= {f"{path}/{copy}" for copy in copies(layer).values()}
        _nothing_more(taking, layer, path)
    _others(taking, root)


def _existing(tree: Tree, group: str, place: str) -> str:
    """The path; parts of attention layers were private attributes once."""
    path = f"{group}/{place}"
    return f"{group}/_{place}" if path not in tree.datasets and f"{group}/_{place}" in tree.datasets else path


def _nothing_more(taking: Taking, layer: ResolvedLayer, path: str) -> None:
    """A layer with more variables than we know is another layer: quantised, or changed by its author."""
    more = [
        one for one in taking.tree.datasets
        if one.startswith(f"{path}/") and one not in taking.used and _SEEDS not in one.split("/")
    ]  # fmt: skip
    if more:
        rule = f"the file must hold {len(layer.weights)} variables of this layer, and no others"
        taking.problems.append(problem(rule, more[0][:300], layer=layer.name))
    taking.used.update(more)


def _others(taking: Taking, root: str) -> None:
    for path in taking.tree.datasets:
        if path.startswith(f"{root}/") and path not in taking.used and _SEEDS not in path.split("/"):
            taking.report.drops(path[:200], "a tensor", "no layer of the model has it")


def _by_layer_name(taking: Taking, net: Net) -> None:
    """Keras 1 and 2, and Keras 3's old form: a group for each layer, whose ``weight_names`` tell the order."""
    tree = taking.tree
    root = "model_weights" if "model_weights" in tree.groups else ""
    wanted = [(source, slots) for source in loaded(net) if (slots := list(_slots(taking, source)))]
    groups = _groups(tree, root, [source for source, _ in wanted])
    for (source, slots), group in zip(wanted, groups, strict=True):
        names = tree.texts(group, "weight_names") if group in tree.groups else None
        if names and source.net is None and _of_keras_1(taking, source, [f"{group}/{name}" for name in names], slots):
            continue
        if names is None or len(names) != len(slots):
            rule = f"the file must hold the layer's {len(slots)} variables"
            layer = slots[0][0].name if source.net is None else source.name
            taking.problems.append(problem(rule, None if names is None else len(names), layer=layer))
            continue
        for slot, name in zip(slots, names, strict=True):
            taking.take(slot, f"{group}/{name}")


def _of_keras_1(taking: Taking, source: Source, paths: list[str], slots: list[Slot]) -> bool:
    """Take tensors that lie otherwise in the file: Keras 1's, and kernels of Theano. False: there is nothing to do."""
    made = keras1.rearranged(taking.tree, source, paths)
    if made is None:
        return False
    taking.used.update(paths)
    order = keras1.variables(source.type, [variable.name for _, variable in slots])
    by_name = {variable.name: (layer, variable) for layer, variable in slots}
    if len(made) != len(order):
        rule = f"the file must hold the layer's {len(order)} variables"
        taking.problems.append(problem(rule, len(made), layer=slots[0][0].name))
        return True
    for name, tensor in zip(order, made, strict=True):
        taking.keep(by_name[name], tensor, paths[0])
    if keras1.is_turned(taking.tree, source):
        taking.report.rewrote(slots[0][0].name, "kernel turned around", "Theano convolves, others correlate")
    return True


def _groups(tree: Tree, root: str, sources: list[Source]) -> list[str]:
    """The group of each layer: of its name, or as many as there are in their order, as Keras pairs them."""
    prefix = f"{root}/" if root else ""
    named = [f"{prefix}{source.name}" for source in sources]
    if all(name in tree.groups for name in named):
        return named
    filled = [
        f"{prefix}{name}" for name in tree.texts(root, "layer_names") or []
        if f"{prefix}{name}" in tree.groups and tree.texts(f"{prefix}{name}", "weight_names")
    ]  # fmt: skip
    return filled if len(filled) == len(sources) else named


def _slots(taking: Taking, source: Source) -> Iterator[Slot]:
    """The variables of a layer, or of all layers of a model, in the order of Keras' ``weights``: trained ones first."""
    inner = [Leaf(source, source.name, "")] if source.net is None else list(leaves(source.net, f"{source.name}/"))
    trained: list[Slot] = []
    others: list[Slot] = []
    for leaf in inner:
        layer = _owner(taking, leaf.name)
        if layer is None:
            continue
        by_name = {variable.name: variable for variable in layer.weights}
        frozen = leaf.source.config.get("trainable") is False
        for name in in_order((v.name, v.trainable) for v in layer.weights):
            (trained if by_name[name].trainable and not frozen else others).append((layer, by_name[name]))
    yield from trained
    yield from others
