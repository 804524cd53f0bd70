"""Layers of papers that Keras does not have."""

import numpy as np

from visualnn_shared.reference.calling import Array, Call, forward
from visualnn_shared.reference.layers.functions import activated, sigmoid, softmax


@forward("Highway")
def highway(c: Call) -> Array:
    """T H + (1 - T) x. Srivastava, Greff and Schmidhuber 2015, equation 3."""
    gate = sigmoid(c.biased(c.x @ c.w["transform_kernel"], "transform_bias"))
    changed = activated(c.biased(c.x @ c.w["kernel"]), c.p["activation"])
    return np.asarray(gate * changed + (1 - gate) * c.x)


@forward("Maxout")
def maxout(c: Call) -> Array:
    """The largest of several affine functions. Goodfellow et al. 2013, section 3."""
    sums = c.biased(c.x @ c.w["kernel"])
    return np.asarray(sums.reshape(*sums.shape[:-1], c.p["units"], c.p["pieces"]).max(-1))


@forward("HierarchicalSoftmax")
def hierarchical(c: Call) -> Array:
    """p(cluster) p(class | cluster), class i in cluster i // classes_per_cluster. Goodman 2001."""
    clusters = softmax(c.biased(c.x @ c.w["cluster_kernel"], "cluster_bias"))
    logits = c.biased(c.x @ c.w["kernel"])
    size = c.p["classes_per_cluster"]
    starts = range(0, c.p["classes"], size)
    shares = [softmax(logits[..., i : i + size]) * clusters[..., i // size, None] for i in starts]
    return np.concatenate(shares, -1)
