"""Networks that classify text, given as sequences of word numbers."""

from typing import Any

from visualnn_shared.spec.model import Spec
from visualnn_shared.zoo.builder import Net
from visualnn_shared.zoo.network import Network

WORDS = 20_000
LSTM = "S. Hochreiter, J. Schmidhuber (1997): Long Short-Term Memory"


def _imdb(name: str, type: str, **params: Any) -> Spec:
    net = Net(f"imdb-{name}")
    net.input("words", 80, dtype="int32")
    net.add("embedding", "Embedding", input_dim=WORDS, output_dim=128)
    net.add(name, type, **params)
    net.add("prob", "Dense", units=1, activation="sigmoid")
    return net.spec()


def imdb_lstm() -> Spec:
    """Is a film review of 80 words friendly? The 20,000 most frequent words, embedded, read by an LSTM."""
    return _imdb("lstm", "LSTM", units=128)


NETWORKS = {"imdb-lstm": Network("Recurrent network for film reviews", "text", imdb_lstm, 2, LSTM)}
