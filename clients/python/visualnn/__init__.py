"""Python SDK and command line of VisualNN.

>>> import visualnn
>>> client = visualnn.Client("http://127.0.0.1:8000")
>>> model = client.models.create(visualnn.zoo("mnist-dnn"))
>>> data = client.datasets.upload("mnist.npz")
>>> job = client.jobs.wait(client.jobs.train(model, data, epochs=5).id)
>>> client.jobs.weights(job.id, "weights.safetensors")
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from visualnn_shared.zoo import load as zoo

    from visualnn.client import Client as Client
    from visualnn.errors import ApiError as ApiError
    from visualnn.errors import JobCancelled as JobCancelled
    from visualnn.errors import JobFailed as JobFailed
    from visualnn.errors import ServerUnreachable as ServerUnreachable

_WHERE = {
    "Client": ("visualnn.client", "Client"),
    "ApiError": ("visualnn.errors", "ApiError"),
    "JobCancelled": ("visualnn.errors", "JobCancelled"),
    "JobFailed": ("visualnn.errors", "JobFailed"),
    "ServerUnreachable": ("visualnn.errors", "ServerUnreachable"),
    "zoo": ("visualnn_shared.zoo", "load"),
}
__all__ = ["ApiError", "Client", "JobCancelled", "JobFailed", "ServerUnreachable", "zoo"]


def __getattr__(name: str) -> Any:
    """Import on first use: ``visualnn --help`` must not wait for an HTTP library."""
    if name not in _WHERE:
        raise AttributeError(f"module 'visualnn' has no attribute {name!r}")
    from importlib import import_module

    module, attribute = _WHERE[name]
    return getattr(import_module(module), attribute)
