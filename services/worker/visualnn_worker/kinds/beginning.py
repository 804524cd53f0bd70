"""A training's first weights, where they are another run's, and its last ones in full precision."""

from dataclasses import replace

import keras
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.errors import Invalid, NotFound
from visualnn_shared.spec.model import Spec
from visualnn_shared.training.choose import Plan
from visualnn_shared.training.initial import taken

from visualnn_worker.fitting.compiling import compile_model
from visualnn_worker.fitting.train import Training
from visualnn_worker.kinds import weights_file
from visualnn_worker.kinds.context import Context
from visualnn_worker.network.build import Network, build
from visualnn_worker.network.weights import read_weights, set_weights, variables


def begin_with(context: Context, network: Network) -> None:
    """Give the layers that are in the source job's net its weights. Raises ``Invalid`` where none is, ``NotFound``."""
    named = context.order.params["initial_weights"]
    if context.order.weights is None:
        raise NotFound("weights of the source job", named)
    path = context.folder / "initial.safetensors"
    context.fetch(context.order.weights, path)
    tensors, trained = weights_file.read(path)
    path.unlink()
    layers, problems = taken(network.resolved, resolve(trained.spec))
    if problems:
        raise Invalid("the training job", problems)
    for name, variable in variables(network).items():
        if name.rpartition("/")[0] in layers:
            variable.assign(tensors[name])
    for layer in layers:
        owner = network.owners[layer]
        if isinstance(owner, keras.layers.Normalization) and owner.input_mean is None:
            owner.finalize_state()  # it computes with copies of its variables
    context.channel.log(f"{len(layers)} layers begin with the weights of {named}: {', '.join(layers[:10])}")


def in_full(training: Training, planned: Plan, spec: Spec, *, anew: bool = False) -> Training:
    """The training's net in float32 on one device, its weights kept: what is measured and stored is what is served.

    ``anew``: it is on several now."""
    if planned.params.precision == "float32" and not anew:
        return training
    network = build(spec, planned.params.seed, planned.frozen)
    set_weights(network, read_weights(training.network))
    compile_model(network, planned.params, training.epochs().per_epoch, serving=planned.serving)
    return replace(training, network=network)
