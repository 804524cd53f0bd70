"""Networks that classify text, given as sequences of word numbers."""

from typing import Any

from visualnn_shared.spec.model import Spec
from visualnn_shared.zoo.builder import Net
from visualnn_shared.zoo.network import Network

WORDS = 20_000
LSTM = "S. Hochreiter, J. Schmidhuber (1997): Long Short-Term Memory"
ELMAN = "J. L. Elman (1990): Finding Structure in Time"
GRU = (
    "K. Cho, B. van Merrienboer, C. Gulcehre and others (2014): "
    "Learning Phrase Representations using RNN Encoder-Decoder for Statistical Machine Translation"
)
BIDIRECTIONAL = "M. Schuster, K. K. Paliwal (1997): Bidirectional Recurrent Neural Networks"


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


def imdb_rnn() -> Spec:
    """Is a film review of 80 words friendly? The same words read by a simple recurrent layer."""
    return _imdb("rnn", "SimpleRNN", units=128)


def imdb_gru() -> Spec:
    """Is a film review of 80 words friendly? The same words read by a GRU."""
    return _imdb("gru", "GRU", units=128)


def imdb_bidirectional() -> Spec:
    """Is a film review of 80 words friendly? The same words read forwards and backwards by an LSTM each."""
    return _imdb("bidirectional", "Bidirectional", layer={"type": "LSTM", "params": {"units": 64}})


def imdb_cnn_lstm() -> Spec:
    """Is a film review of 100 words friendly? Windows of five words, pooled, then read by an LSTM."""
    net = Net("imdb-cnn-lstm")
    net.input("words", 100, dtype="int32")
    net.add("embedding", "Embedding", input_dim=WORDS, output_dim=128)
    net.add("drop", "Dropout", rate=0.25)
    net.add("conv", "Conv1D", filters=64, kernel_size=5, activation="relu")
    net.add("pool", "MaxPooling1D", pool_size=4)
    net.add("lstm", "LSTM", units=70)
    net.add("prob", "Dense", units=1, activation="sigmoid")
    return net.spec()


NETWORKS = {
    "imdb-lstm": Network("Recurrent network for film reviews", "text", imdb_lstm, 2, LSTM),
    "imdb-rnn": Network("Simple recurrent network for film reviews", "text", imdb_rnn, 2, ELMAN),
    "imdb-gru": Network("Gated recurrent network for film reviews", "text", imdb_gru, 2, GRU),
    "imdb-bidirectional": Network("Bidirectional network for film reviews", "text", imdb_bidirectional, 2,
                                  BIDIRECTIONAL),
    "imdb-cnn-lstm": Network("Convolutions and LSTM for film reviews", "text", imdb_cnn_lstm, 2),
}  # fmt: skip
