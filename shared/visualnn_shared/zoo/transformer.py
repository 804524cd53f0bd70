"""The encoder of a Transformer."""

from visualnn_shared.spec.model import Spec
from visualnn_shared.zoo.builder import Net
from visualnn_shared.zoo.network import Network

PAPER = "A. Vaswani, N. Shazeer, N. Parmar and others (2017): Attention Is All You Need"
WORDS, WIDTH, HEADS = 200, 32, 2


def _residual(net: Net, name: str, x: str) -> str:
    """What the last layer gives, with dropout, added to ``x`` and normalised."""
    net.add(f"{name}_drop", "Dropout", rate=0.1)
    net.add(f"{name}_sum", "Add", x, net.last)
    return net.add(f"{name}_norm", "LayerNormalization", epsilon=1e-6)


def transformer_encoder() -> Spec:
    """Is a film review of 200 words friendly? One encoder block of two heads on 20,000 words; their vectors are
    projected, and a learnt one for each place is added.
    """
    net = Net("transformer-encoder")
    net.input("words", WORDS, dtype="int32")
    net.add("embedding", "Embedding", input_dim=20_000, output_dim=WIDTH)
    x = net.add(
        "positions", "EinsumDense", equation="abc,cd->abd", output_shape=[WORDS, WIDTH], bias_axes="bd",
    )  # fmt: skip
    net.add("attention", "MultiHeadAttention", x, x, num_heads=HEADS, key_dim=WIDTH // HEADS)
    x = _residual(net, "attention", x)
    net.add("fc1", "Dense", units=WIDTH, activation="relu")
    net.add("fc2", "Dense", units=WIDTH)
    _residual(net, "fc", x)
    net.add("mean", "GlobalAveragePooling1D")
    net.add("drop", "Dropout", rate=0.1)
    net.add("hidden", "Dense", units=20, activation="relu")
    net.add("prob", "Dense", units=1, activation="sigmoid")
    return net.spec()


NETWORKS = {
    "transformer-encoder": Network("Transformer encoder for film reviews", "text", transformer_encoder, 2, PAPER)
}
