"""Networks for handwritten digits."""

from typing import Any

from visualnn_shared.spec.model import Spec
from visualnn_shared.zoo.builder import Net
from visualnn_shared.zoo.network import Network

LENET = "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner (1998): Gradient-Based Learning Applied to Document Recognition"
HIGHWAY = "R. K. Srivastava, K. Greff, J. Schmidhuber (2015): Training Very Deep Networks"
SELU = "G. Klambauer, T. Unterthiner, A. Mayr, S. Hochreiter (2017): Self-Normalizing Neural Networks"


def _dense(name: str, values: int) -> Spec:
    """Two hidden layers of 512 with dropout, as Keras' first MNIST example had them."""
    net = Net(name)
    net.input("input", values)
    net.add("fc1", "Dense", units=512, activation="relu")
    net.add("drop1", "Dropout", rate=0.2)
    net.add("fc2", "Dense", units=512, activation="relu")
    net.add("drop2", "Dropout", rate=0.2)
    net.add("prob", "Dense", units=10, activation="softmax")
    return net.spec()


def mnist_dnn() -> Spec:
    """784-512-512-10 for pictures of 28 x 28."""
    return _dense("mnist-dnn", 784)


def digits_dnn() -> Spec:
    """64-512-512-10 for the pictures of 8 x 8 that come with scikit-learn."""
    return _dense("digits-dnn", 64)


def digits_heads() -> Spec:
    """One body, three outputs for digits of 8 x 8, each with labels of its own: which it is, its parity, its ink."""
    net = Net("digits-heads")
    net.input("input", 64)
    net.add("fc1", "Dense", units=128, activation="relu")
    body = net.add("fc2", "Dense", units=64, activation="relu")
    digit = net.add("digit", "Dense", body, units=10, activation="softmax")
    parity = net.add("parity", "Dense", body, units=1, activation="sigmoid")
    ink = net.add("ink", "Dense", body, units=1)
    return net.spec(digit, parity, ink)


def mnist_cnn() -> Spec:
    """After LeNet: two convolutions with pooling, then dense layers; batch normalisation before each activation."""
    net = Net("mnist-cnn")
    net.input("input", 28, 28, 1)
    for i, filters in enumerate((20, 50), start=1):
        net.add(f"conv{i}", "Conv2D", filters=filters, kernel_size=[5, 5], use_bias=False)
        net.add(f"bn{i}", "BatchNormalization")
        net.add(f"relu{i}", "ReLU")
        net.add(f"pool{i}", "MaxPooling2D", pool_size=[2, 2])
    net.add("flatten", "Flatten")
    net.add("fc1", "Dense", units=500, use_bias=False)
    net.add("bn3", "BatchNormalization")
    net.add("relu3", "ReLU")
    net.add("drop1", "Dropout", rate=0.5)
    net.add("prob", "Dense", units=10, activation="softmax")
    return net.spec()


def lenet_body(net: Net, x: str, suffix: str = "", owner: str | None = None) -> str:
    """Two convolutions with pooling and a dense layer of 500, as in Caffe's MNIST examples, fed by ``x``.

    ``suffix`` ends every name; with ``owner``, the layers use the weights of those whose names end so.
    """

    def add(name: str, type: str, **params: Any) -> str:
        shared = None if owner is None or type not in ("Conv2D", "Dense") else f"{name}{owner}"
        return net.add(f"{name}{suffix}", type, net.last if name != "conv1" else x, weights_of=shared, **params)

    for i, filters in enumerate((20, 50), start=1):
        add(f"conv{i}", "Conv2D", filters=filters, kernel_size=5)
        add(f"pool{i}", "MaxPooling2D", pool_size=2, strides=2, ceil_mode=True)
    add("flatten", "Flatten")
    return add("ip1", "Dense", units=500, activation="relu")


def lenet() -> Spec:
    """Two convolutions, each with pooling, and two dense layers; sizes as in Caffe's version."""
    net = Net("lenet")
    lenet_body(net, net.input("data", 28, 28, 1))
    net.add("ip2", "Dense", units=10)
    net.add("prob", "Activation", activation="softmax")
    return net.spec()


def _snn(hidden: int) -> Spec:
    net = Net(f"snn-{hidden}")
    net.input("input", 784)
    for i in range(1, hidden + 1):
        net.add(f"fc{i}", "Dense", units=256, activation="selu", kernel_initializer="lecun_normal")
        net.add(f"drop{i}", "AlphaDropout", rate=0.05)
    net.add("prob", "Dense", units=10, activation="softmax", kernel_initializer="lecun_normal")
    return net.spec()


def snn_8() -> Spec:
    """Eight hidden layers of 256 that keep mean 0 and variance 1 by themselves: SELU, alpha dropout, LeCun's start."""
    return _snn(8)


def snn_16() -> Spec:
    """As snn-8, with sixteen hidden layers of 256."""
    return _snn(16)


def snn_32() -> Spec:
    """As snn-8, with thirty-two hidden layers of 256."""
    return _snn(32)


def highway() -> Spec:
    """Ten highway layers of 50 on a dense one: gates, closed at the start, let the values pass unchanged."""
    net = Net("highway")
    net.input("input", 784)
    net.add("fc", "Dense", units=50, activation="relu")
    for i in range(1, 11):
        net.add(f"highway{i}", "Highway", activation="relu")
    net.add("prob", "Dense", units=10, activation="softmax")
    return net.spec()


NETWORKS = {
    "mnist-dnn": Network("Dense network for MNIST", "digits", mnist_dnn, 10),
    "mnist-cnn": Network("Convolutional network for MNIST", "digits", mnist_cnn, 10),
    "digits-dnn": Network("Dense network for 8 x 8 digits", "digits", digits_dnn, 10),
    "digits-heads": Network("Three outputs for 8 x 8 digits", "digits", digits_heads, 10),
    "lenet": Network("LeNet", "digits", lenet, 10, LENET),
    "highway": Network("Highway network", "digits", highway, 10, HIGHWAY),
    "snn-8": Network("Self-normalising network, 8 layers", "digits", snn_8, 10, SELU),
    "snn-16": Network("Self-normalising network, 16 layers", "digits", snn_16, 10, SELU),
    "snn-32": Network("Self-normalising network, 32 layers", "digits", snn_32, 10, SELU),
}
