"""Networks for handwritten digits."""

from visualnn_shared.spec.model import Spec
from visualnn_shared.zoo.builder import Net


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
    """The same for the 8 x 8 digits that come with scikit-learn."""
    return _dense("digits-dnn", 64)


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
