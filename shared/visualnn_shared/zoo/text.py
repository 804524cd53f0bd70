"""Networks for text as sequences of word numbers."""

from visualnn_shared.spec.model import Spec
from visualnn_shared.zoo.builder import Net


def imdb_lstm() -> Spec:
    """Is a film review of 80 words friendly? The 20,000 most frequent words, embedded, read by an LSTM."""
    net = Net("imdb-lstm")
    net.input("words", 80, dtype="int32")
    net.add("embedding", "Embedding", input_dim=20_000, output_dim=128)
    net.add("lstm", "LSTM", units=128)
    net.add("prob", "Dense", units=1, activation="sigmoid")
    return net.spec()
