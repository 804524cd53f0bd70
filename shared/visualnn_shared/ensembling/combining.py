"""Several trained nets as one: their layers side by side on the same inputs, their outputs through Average layers.

What comes out is an ordinary network, so that whatever can read one (Keras, ONNX, the editor, the memory estimate)
can read an ensemble.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from visualnn_shared.spec.model import MAX_NAME, MAX_NOTE, Group, Layer, Spec
from visualnn_shared.spec.refs import Ref, split_ref
from visualnn_shared.training.loss_options import as_choice, options_of
from visualnn_shared.training.recipe import LossChoice, TrainParams
from visualnn_shared.training.serving import ScoresBy, Serving


@dataclass(frozen=True, slots=True)
class Ensemble:
    """The one network, and where each member's weights are in it."""

    spec: Spec
    layers: tuple[Mapping[str, str], ...]
    """Of each member: layer -> the layer of the one network that has its weights."""

    def weights(self, members: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Each member's ``layer/variable`` -> tensor, as those of the one network."""
        found = {}
        for names, tensors in zip(self.layers, members, strict=True):
            for name, tensor in tensors.items():
                layer, _, variable = name.rpartition("/")
                found[f"{names[layer]}/{variable}"] = tensor
        return found


def combine(members: Sequence[Spec], name: str) -> Ensemble:
    """Members side by side: layers of member 2 are called ``member2_...``, inputs are shared, outputs averaged.

    Members have the same inputs, by name, and as many outputs of the same shapes; those of the one network are called
    as the first member's are.
    """
    first = members[0]
    shared = [layer for layer in first.layers if layer.type == "Input"]
    outputs = _output_names(first, {layer.name for layer in shared})
    taken = {layer.name for layer in shared} | set(outputs)
    layers, groups, names = list(shared), [], []
    for number, spec in enumerate(members, 1):
        renamed = _renamed(spec, number, taken)
        taken |= set(renamed.values())
        names.append(renamed)
        layers += [_moved(layer, renamed) for layer in spec.layers if layer.type != "Input"]
        own = tuple(renamed[layer.name] for layer in spec.layers if layer.type != "Input")
        groups.append(Group(name=f"member {number}", layers=own, folded=True))
    note = f"the mean of {len(members)} members"
    for place, output in enumerate(outputs):
        inputs = [_ref(spec.outputs[place], renamed) for spec, renamed in zip(members, names, strict=True)]
        layers.append(Layer(name=output, type="Average", inputs=tuple(inputs), note=note))
    spec = Spec(name=name[:MAX_NAME], layers=tuple(layers), outputs=tuple(outputs), groups=tuple(groups))
    return Ensemble(spec, tuple(names))


def with_scores(spec: Spec, serving: Serving) -> Spec:
    """The net with shares as its outputs, where they were trained to give logits: shares are what is averaged."""
    layers, outputs = list(spec.layers), []
    for output, served in zip(spec.outputs, serving.outputs, strict=True):
        function = serving.meaning(served.name).scores_by
        if function in (None, "margin"):  # the mean of margins is one too
            outputs.append(output)
            continue
        name = _free(f"{_plain(split_ref(output))}_scores", {layer.name for layer in layers})
        layers.append(Layer(name=name, type="Activation", params={"activation": function}, inputs=(output,)))
        outputs.append(name)
    if len(layers) == len(spec.layers):
        return spec
    return spec.model_copy(update={"layers": tuple(layers), "outputs": tuple(outputs)})


def without_logits(params: TrainParams) -> TrainParams:
    """The recipe whose losses read shares, as ``with_scores`` makes them."""
    loss = None if params.loss is None else _of_shares(params.loss)
    losses = {name: as_choice(_of_shares(one)) for name, one in params.losses.items()}
    return params.model_copy(update={"loss": loss, "losses": losses})


def _of_shares(loss: str | LossChoice) -> str | LossChoice:
    if not isinstance(loss, LossChoice) or not options_of(loss).get("from_logits"):
        return loss
    rest = {name: value for name, value in (loss.model_extra or {}).items() if name != "from_logits"}
    return LossChoice.model_validate({"name": loss.name, **rest}) if rest else loss.name


def serving_of(serving: Serving, ensemble: Spec) -> Serving:
    """How the one network answers: as its members, by the names of its own outputs."""
    names = dict(zip((one.name for one in serving.outputs), ensemble.outputs, strict=True))
    outputs = tuple(one.model_copy(update={"name": names[one.name]}) for one in serving.outputs)
    others = {
        names[name]: own.model_copy(update={"scores_by": _left(own.scores_by)}) for name, own in serving.others.items()
    }
    changed = {"outputs": outputs, "others": others, "scores_by": _left(serving.scores_by)}
    return serving.model_copy(update=changed)


def _left(function: ScoresBy | None) -> ScoresBy | None:
    """What ``with_scores`` leaves to be done."""
    return function if function == "margin" else None


def without_penalties(spec: Spec) -> Spec:
    """The net without regularizers: a penalty is no part of how well a net answers, and an ensemble has them all."""
    return spec.model_copy(
        update={"layers": tuple(layer.model_copy(update={"params": _free_of_them(layer)}) for layer in spec.layers)}
    )


def _free_of_them(layer: Layer) -> dict[str, Any]:
    if layer.type == "ActivityRegularization":
        return {name: value for name, value in layer.params.items() if name not in ("l1", "l2")}
    return dict(_kept(layer.params))


def _kept(params: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in params.items():
        if name.endswith("_regularizer"):
            continue
        inner = value.get("params") if name in ("layer", "backward_layer") and isinstance(value, Mapping) else None
        yield name, {**value, "params": dict(_kept(inner))} if isinstance(inner, Mapping) else value


def _output_names(spec: Spec, inputs: set[str]) -> list[str]:
    names: list[str] = []
    for text in spec.outputs:
        names.append(_free(_plain(split_ref(text)), inputs | set(names)))
    return names


def _plain(ref: Ref) -> str:
    """An output as a layer may be called."""
    return f"{ref.layer}_{ref.output}" if ref.output else ref.layer


def _renamed(spec: Spec, number: int, taken: set[str]) -> dict[str, str]:
    """Layer -> what it is called in the one network."""
    names: dict[str, str] = {}
    used = set(taken)
    for layer in spec.layers:
        names[layer.name] = layer.name if layer.type == "Input" else _free(f"member{number}_{layer.name}", used)
        used.add(names[layer.name])
    return names


def _free(wanted: str, taken: set[str]) -> str:
    """``wanted``, cut to what a name may be, and numbered where it is taken."""
    name, count = wanted[:MAX_NAME], 1
    while name in taken:
        count += 1
        name = f"{wanted[: MAX_NAME - 8]}_{count}"
    return name


def _moved(layer: Layer, names: Mapping[str, str]) -> Layer:
    inputs = tuple(_ref(text, names) for text in layer.inputs)
    owner = None if layer.weights_of is None else names[layer.weights_of]
    return layer.model_copy(
        update={"name": names[layer.name], "inputs": inputs, "weights_of": owner, "note": layer.note[:MAX_NOTE]}
    )


def _ref(text: str, names: Mapping[str, str]) -> str:
    ref = split_ref(text)
    return str(Ref(names[ref.layer], ref.output))
