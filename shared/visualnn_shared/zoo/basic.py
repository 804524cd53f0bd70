"""The smallest networks of their kind."""

from visualnn_shared.spec.model import Spec
from visualnn_shared.zoo.builder import Net
from visualnn_shared.zoo.network import Network


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


def neurons_4_2() -> Spec:
    """Three inputs, one hidden layer of 4 neurons and 2 outputs: 20 weights and 6 biases, to be counted by hand."""
    net = Net("neurons-4-2")
    net.input("x", 3)
    net.add("hidden", "Dense", units=4, activation="sigmoid")
    net.add("y", "Dense", units=2)
    return net.spec()


def neurons_4_4_1() -> Spec:
    """Three inputs, two hidden layers of 4 neurons and 1 output: 32 weights and 9 biases, to be counted by hand."""
    net = Net("neurons-4-4-1")
    net.input("x", 3)
    net.add("hidden1", "Dense", units=4, activation="sigmoid")
    net.add("hidden2", "Dense", units=4, activation="sigmoid")
    net.add("y", "Dense", units=1)
    return net.spec()


NETWORKS = {
    "linear": Network("Straight line", "basic", linear),
    "two-input": Network("Two inputs", "basic", two_input, 3),
    "neurons-4-2": Network("Six neurons", "basic", neurons_4_2),
    "neurons-4-4-1": Network("Nine neurons", "basic", neurons_4_4_1),
}
