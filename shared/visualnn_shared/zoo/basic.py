"""The smallest networks of their kind."""

from visualnn_shared.spec.model import Spec
from visualnn_shared.zoo.builder import Net


def linear() -> Spec:
    """y = w x + b."""
    net = Net("linear")
    net.input("x", 1)
    net.add("y", "Dense", units=1)
    return net.spec()


def two_input() -> Spec:
    """Two inputs, each with a hidden layer, concatenated to three classes."""
    net = Net("two-input")
    left = net.add("left_fc", "Dense", net.input("left", 8), units=16, activation="relu")
    right = net.add("right_fc", "Dense", net.input("right", 4), units=16, activation="relu")
    net.add("both", "Concatenate", left, right)
    net.add("fc", "Dense", units=16, activation="relu")
    net.add("prob", "Dense", units=3, activation="softmax")
    return net.spec()
