"""Networks for CIFAR-10's pictures of 32 x 32 in colour."""

from visualnn_shared.spec.model import Spec
from visualnn_shared.zoo.builder import Net
from visualnn_shared.zoo.network import Network

ALL_CNN = (
    "J. T. Springenberg, A. Dosovitskiy, T. Brox, M. Riedmiller (2014): "
    "Striving for Simplicity: The All Convolutional Net"
)


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


def all_cnn() -> Spec:
    """All-CNN-C: convolutions only; windows with stride 2 take the place of pooling, a mean that of dense layers."""
    net = Net("all-cnn")
    net.input("input", 32, 32, 3)
    net.add("drop0", "Dropout", rate=0.2)
    for i, (filters, size, stride) in enumerate(
        [(96, 3, 1), (96, 3, 1), (96, 3, 2), (192, 3, 1), (192, 3, 1), (192, 3, 2), (192, 3, 1), (192, 1, 1)], start=1
    ):
        padding = "valid" if i > 6 else "same"
        net.add(
            f"conv{i}", "Conv2D", filters=filters, kernel_size=size, strides=stride, padding=padding, activation="relu"
        )
        if stride > 1:
            net.add(f"drop{i}", "Dropout", rate=0.5)
    net.add("conv9", "Conv2D", filters=10, kernel_size=1, activation="relu")
    net.add("mean", "GlobalAveragePooling2D")
    net.add("prob", "Activation", activation="softmax")
    return net.spec()


NETWORKS = {
    "cifar-fnn": Network("Dense network for CIFAR-10", "pictures", cifar_fnn, 10),
    "cifar-cnn": Network("Convolutional network for CIFAR-10", "pictures", cifar_cnn, 10),
    "all-cnn": Network("All-convolutional network for CIFAR-10", "pictures", all_cnn, 10, ALL_CNN),
}
