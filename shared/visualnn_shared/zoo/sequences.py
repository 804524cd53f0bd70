"""Networks that write text: a distribution over the next character at each step. Characters come one-hot."""

from visualnn_shared.spec.model import Spec
from visualnn_shared.zoo.builder import Net
from visualnn_shared.zoo.network import Network

GRAVES = "A. Graves (2013): Generating Sequences With Recurrent Neural Networks"
SUTSKEVER = "I. Sutskever, O. Vinyals, Q. V. Le (2014): Sequence to Sequence Learning with Neural Networks"


def char_rnn() -> Spec:
    """The next of 65 characters after each of the last 50, by two LSTMs; 65 are what Shakespeare's plays have."""
    net = Net("char-rnn")
    net.input("text", 50, 65)
    net.add("lstm1", "LSTM", units=128, return_sequences=True)
    net.add("lstm2", "LSTM", units=128, return_sequences=True)
    net.add("next", "Dense", units=65, activation="softmax")
    return net.spec()


def seq2seq() -> Spec:
    """A sentence of up to 16 characters translated to one of up to 59: the states in which an LSTM has read the first
    are those in which another begins the second. While training, ``target`` is the answer one step late.
    """
    net = Net("seq2seq")
    source, target = net.input("source", 16, 71), net.input("target", 59, 93)
    encoder = net.add("encoder", "LSTM", source, units=256, return_state=True)
    net.add("decoder", "LSTM", target, f"{encoder}:1", f"{encoder}:2", units=256, return_sequences=True)
    net.add("next", "Dense", units=93, activation="softmax")
    return net.spec()


NETWORKS = {
    "char-rnn": Network("Text character by character", "text", char_rnn, 65, GRAVES),
    "seq2seq": Network("Translation character by character", "text", seq2seq, 93, SUTSKEVER),
}
