"""Deep Q-networks: what each action is worth."""

from visualnn_shared.spec.model import Spec
from visualnn_shared.zoo.builder import Net
from visualnn_shared.zoo.network import Network

PAPER = "V. Mnih, K. Kavukcuoglu, D. Silver and others (2015): Human-level Control through Deep Reinforcement Learning"


def dqn() -> Spec:
    """The value of each of Atari's 18 actions, seen from the last four screens of 84 x 84 in grey."""
    net = Net("dqn")
    net.input("screens", 84, 84, 4)
    for i, (filters, size, stride) in enumerate([(32, 8, 4), (64, 4, 2), (64, 3, 1)], start=1):
        net.add(f"conv{i}", "Conv2D", filters=filters, kernel_size=size, strides=stride, activation="relu")
    net.add("flatten", "Flatten")
    net.add("fc", "Dense", units=512, activation="relu")
    net.add("values", "Dense", units=18)
    return net.spec()


def dqn_cartpole() -> Spec:
    """The value of pushing the cart left or right, from its place and speed and the pole's angle and its speed."""
    net = Net("dqn-cartpole")
    net.input("state", 4)
    net.add("fc1", "Dense", units=128, activation="relu")
    net.add("fc2", "Dense", units=128, activation="relu")
    net.add("values", "Dense", units=2)
    return net.spec()


NETWORKS = {
    "dqn": Network("Deep Q-network for Atari", "games", dqn, paper=PAPER),
    "dqn-cartpole": Network("Deep Q-network for CartPole", "games", dqn_cartpole, paper=PAPER),
}
