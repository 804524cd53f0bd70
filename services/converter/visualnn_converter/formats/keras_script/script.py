"""The whole script: the model layer by layer, data from an .npz file, training, evaluation, saving."""

from collections.abc import Iterator

from visualnn_shared.analysis.walk import Resolved, ResolvedLayer, resolve
from visualnn_shared.catalogue.maps import Context
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.refs import Ref
from visualnn_shared.training.head import heads

from visualnn_converter.formats.keras.writer import legal_name
from visualnn_converter.formats.keras_script.layers import construct
from visualnn_converter.formats.keras_script.literals import Variables, call, literal

LOSSES = {
    "softmax": ("sparse_categorical_crossentropy", "accuracy", "class numbers from 0"),
    "sigmoid": ("binary_crossentropy", "accuracy", "0 or 1"),
}
"""Function of an output -> loss, metric, and what the targets are."""
NUMBERS = ("mse", "mae", "numbers")


def script_of(lowered: Spec) -> str:
    """The source of the script for a spec in Keras' terms."""
    resolved = resolve(lowered)
    names = _Names(resolved)
    body = "\n".join(_model(resolved, names))
    keys = _Keys(resolved, names)
    used = [module for module in ("constraints", "initializers", "regularizers") if f"{module}." in body]
    return _TEMPLATE.format(
        imports=", ".join([*used[:2], "layers", *used[2:]]),
        model=body,
        inputs=_listed(keys.inputs),
        targets=_listed(keys.targets),
        meaning="\n".join(keys.meaning),
        losses=_one_or_list([literal(loss) for loss, _, _ in keys.losses]),
        metrics=_metrics([metric for _, metric, _ in keys.losses]),
    )


class _Names:
    """The variable of each layer's output, and that of each layer that is called more than once."""

    def __init__(self, resolved: Resolved) -> None:
        variables = Variables()
        self.outputs = {layer.name: variables.fresh(layer.name) for layer in resolved.layers}
        owners = dict.fromkeys(layer.weights_of for layer in resolved.layers if layer.weights_of)
        self.shared = {owner: variables.fresh(f"shared {owner}") for owner in owners}
        self.several = {layer.name for layer in resolved.layers if len(layer.output_shapes) > 1}

    def of(self, ref: Ref) -> str:
        """What reads an output of a layer."""
        return f"{self.outputs[ref.layer]}[{ref.output}]" if ref.layer in self.several else self.outputs[ref.layer]


class _Keys:
    """The arrays that the data must hold, and what each output is trained with."""

    def __init__(self, resolved: Resolved, names: _Names) -> None:
        inputs = [names.outputs[layer.name].rstrip("_") for layer in resolved.inputs]
        outputs = [
            names.outputs[ref.layer].rstrip("_") + (f"_{ref.output}" if ref.output else "")
            for ref, _ in resolved.outputs
        ]
        self.inputs = [f"x_{name}" for name in inputs] if len(inputs) > 1 else ["x"]
        self.targets = [f"y_{name}" for name in outputs] if len(outputs) > 1 else ["y"]
        self.losses = [LOSSES.get(head.activation, NUMBERS) for head in heads(resolved)]
        shapes = [tuple(layer.params["shape"]) for layer in resolved.inputs]
        self.meaning = [f"    {key}: samples of shape {shape}" for key, shape in zip(self.inputs, shapes, strict=True)]
        self.meaning += [f"    {key}: {what}" for key, (_, _, what) in zip(self.targets, self.losses, strict=True)]


def _model(resolved: Resolved, names: _Names) -> Iterator[str]:
    """The lines that make the model."""
    for layer in resolved.layers:
        if layer.type == "Input":
            yield f"    {names.outputs[layer.name]} = {_input(layer)}"
            continue
        target = names.outputs[layer.name]
        made = names.shared.get(layer.weights_of or layer.name)
        if made is not None and layer.weights_of is None:
            yield f"    {made} = {_constructed(layer, len(made) + 3)}"
        yield f"    {target} = {made or _constructed(layer, len(target) + 3 + _room(layer))}({_called(layer, names)})"
    inputs = [names.outputs[layer.name] for layer in resolved.inputs]
    outputs = [names.of(ref) for ref, _ in resolved.outputs]
    ends = [f"inputs={_one_or_list(inputs)}", f"outputs={_one_or_list(outputs)}"]
    yield f"    return {call('keras.Model', [*ends, f'name={literal(legal_name(resolved.name))}'], 4, 7)}"


def _room(layer: ResolvedLayer) -> int:
    return sum(len(ref.layer) + 2 for ref in layer.inputs[:2])


def _input(layer: ResolvedLayer) -> str:
    dtype = layer.params["dtype"]
    given = [f"shape={_shape(tuple(layer.params['shape']))}", f"name={literal(layer.name)}"]
    return call("keras.Input", given if dtype == "float32" else [*given, f"dtype={literal(dtype)}"], 4)


def _shape(sizes: tuple[int | None, ...]) -> str:
    inner = ", ".join(map(repr, sizes))
    return f"({inner},)" if len(sizes) == 1 else f"({inner})"


def _constructed(layer: ResolvedLayer, used: int) -> str:
    context = Context(input_shapes=layer.input_shapes, output_shapes=layer.output_shapes)
    return construct(layer.entry, layer.params, context, layer.name, 4, used)


def _called(layer: ResolvedLayer, names: _Names) -> str:
    given, ports = [names.of(ref) for ref in layer.inputs], layer.entry.ports
    if ports.call == "state" and given[1:]:
        return f"{given[0]}, initial_state=[{', '.join(given[1:])}]"
    return f"[{', '.join(given)}]" if ports.call == "list" and ports.most != 1 else ", ".join(given)


def _one_or_list(items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"[{', '.join(items)}]"


def _metrics(names: list[str]) -> str:
    listed = [f"[{literal(name)}]" for name in names]
    return listed[0] if len(listed) == 1 else f"[{', '.join(listed)}]"


def _listed(keys: list[str]) -> str:
    return f"[{', '.join(map(literal, keys))}]"


_TEMPLATE = '''"""Builds, trains and saves a network with Keras 3. Written by VisualNN.

    python train.py data.npz --epochs 10 --save model.keras

The .npz file holds an array for each input and each output, with one row a sample:
{meaning}
"""

import argparse

import keras
import numpy as np
from keras import {imports}

INPUTS = {inputs}
TARGETS = {targets}


def build_model():
    """The network, with new weights."""
{model}


def load_data(path, test_share, seed):
    """Inputs and targets for training and for testing, shuffled before they are split."""
    with np.load(path) as data:
        missing = [key for key in [*INPUTS, *TARGETS] if key not in data]
        if missing:
            raise SystemExit(f"{{path}} must hold the arrays {{', '.join(missing)}}")
        arrays = [data[key] for key in [*INPUTS, *TARGETS]]
    order = np.random.default_rng(seed).permutation(len(arrays[0]))
    cut = len(order) - max(1, int(len(order) * test_share))
    parts = [[array[part] for array in arrays] for part in (order[:cut], order[cut:])]
    return [(_one_or_all(part[: len(INPUTS)]), _one_or_all(part[len(INPUTS) :])) for part in parts]


def _one_or_all(arrays):
    return arrays[0] if len(arrays) == 1 else arrays


def parse_arguments():
    parser = argparse.ArgumentParser(description="Train the network.")
    parser.add_argument("data", help="an .npz file, see above")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--learning-rate", type=float, default=0.001)
    parser.add_argument("--test-share", type=float, default=0.2, help="share of the samples to test with")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--save", default="model.keras", help="where the trained model goes")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    keras.utils.set_random_seed(arguments.seed)
    (x_train, y_train), (x_test, y_test) = load_data(arguments.data, arguments.test_share, arguments.seed)

    model = build_model()
    model.summary()
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=arguments.learning_rate),
        loss={losses},
        metrics={metrics},
    )
    model.fit(x_train, y_train, epochs=arguments.epochs, batch_size=arguments.batch_size)
    for name, value in model.evaluate(x_test, y_test, return_dict=True, verbose=0).items():
        print(f"test {{name}}: {{value:.4f}}")
    model.save(arguments.save)


if __name__ == "__main__":
    main()
'''
