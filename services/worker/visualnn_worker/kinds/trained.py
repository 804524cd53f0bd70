"""What evaluate and predict jobs share: a trained net from its weights file, and the samples of some splits."""

from collections.abc import Sequence

from visualnn_shared.errors import NotFound
from visualnn_shared.training.choose import Fit

from visualnn_worker.fitting.samples import Samples, all_of
from visualnn_worker.kinds import weights_file
from visualnn_worker.kinds.context import Context
from visualnn_worker.network.build import Network, build
from visualnn_worker.network.weights import set_weights


def load_trained(context: Context) -> tuple[Network, weights_file.Trained]:
    """The net of the order's source job, with its weights. Raises ``NotFound``, ``ObjectMissing``."""
    if context.order.weights is None:
        raise NotFound("weights of the source job", context.order.params.get("job"))
    path = context.folder / "source.safetensors"
    context.fetch(context.order.weights, path)
    tensors, trained = weights_file.read(path)
    network = build(trained.spec)
    set_weights(network, tensors)
    return network, trained


def samples_of(context: Context, fit: Fit, trained: weights_file.Trained, split: str) -> Sequence[tuple[str, Samples]]:
    """(split, samples) of the splits that ``split`` names: one, or all."""
    data = context.load_data(fit.schema)
    names = list(data.splits) if split == "all" else [split]
    return [(name, all_of(data.splits[name], trained.serving, fit.features, fit.labels)) for name in names]
