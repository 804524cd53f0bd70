"""Networks for CIFAR-10's pictures of 32 x 32 in colour."""

from visualnn_shared.spec.model import Spec
from visualnn_shared.zoo.builder import Net


def cifar_fnn() -> Spec:
    """3072-200-150-10, without convolutions."""
    net = Net("cifar-fnn")
    net.input("input", 32, 32, 3)
    net.add("flatten", "Flatten")
    net.add("fc1", "Dense", units=200, activation="relu")
    net.add("fc2", "Dense", units=150, activation="relu")
    net.add("prob", "Dense", units=10, activation="softmax")
    return net.spec()


def cifar_cnn() -> Spec:
    """Four blocks of convolution, batch normalisation and leaky ReLU, every second with stride 2; then dense layers."""
    net = Net("cifar-cnn")
    net.input("input", 32, 32, 3)
    for i, (filters, stride) in enumerate([(32, 1), (32, 2), (64, 1), (64, 2)], start=1):
        net.add(f"conv{i}", "Conv2D", filters=filters, kernel_size=[3, 3], strides=[stride, stride], padding="same")
        net.add(f"bn{i}", "BatchNormalization")
        net.add(f"act{i}", "LeakyReLU")
    net.add("flatten", "Flatten")
    net.add("fc1", "Dense", units=128)
    net.add("bn5", "BatchNormalization")
    net.add("act5", "LeakyReLU")
    net.add("drop1", "Dropout", rate=0.5)
    net.add("prob", "Dense", units=10, activation="softmax")
    return net.spec()
