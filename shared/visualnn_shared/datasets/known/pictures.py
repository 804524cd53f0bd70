"""Data sets of pictures that are fetched at first use."""

import shutil
import tarfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from visualnn_shared.datasets.formats.idx_arrays import read_idx
from visualnn_shared.datasets.known.registry import Known, Make, Remote
from visualnn_shared.datasets.writing import write_npz

_KERAS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
_CIFAR = "https://www.cs.toronto.edu/~kriz/"
_FASHION = (
    ("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
    ("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
    ("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
    ("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
)
_CLOTHES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
_THINGS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_HUNDRED = (
    "apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle", "bowl", "boy",
    "bridge", "bus", "butterfly", "camel", "can", "castle", "caterpillar", "cattle", "chair", "chimpanzee", "clock",
    "cloud", "cockroach", "couch", "crab", "crocodile", "cup", "dinosaur", "dolphin", "elephant", "flatfish", "forest",
    "fox", "girl", "hamster", "house", "kangaroo", "keyboard", "lamp", "lawn_mower", "leopard", "lion", "lizard",
    "lobster", "man", "maple_tree", "motorcycle", "mountain", "mouse", "mushroom", "oak_tree", "orange", "orchid",
    "otter", "palm_tree", "pear", "pickup_truck", "pine_tree", "plain", "plate", "poppy", "porcupine", "possum",
    "rabbit", "raccoon", "ray", "road", "rocket", "rose", "sea", "seal", "shark", "shrew", "skunk", "skyscraper",
    "snail", "snake", "spider", "squirrel", "streetcar", "sunflower", "sweet_pepper", "table", "tank", "telephone",
    "television", "tiger", "tractor", "train", "trout", "tulip", "turtle", "wardrobe", "whale", "willow_tree", "wolf",
    "woman", "worm",
)  # fmt: skip


def _copy(path: Path, files: Sequence[Path]) -> None:
    shutil.copyfile(files[0], path)


def _from_idx(path: Path, files: Sequence[Path]) -> None:
    names = ("x_train", "y_train", "x_test", "y_test")
    write_npz(path, {name: read_idx(file) for name, file in zip(names, files, strict=True)})


def _from_cifar(train: tuple[str, ...], test: str, label_bytes: int) -> Make:
    """Records of labels (the last byte is the fine one) and 3 x 32 x 32 pixels, channels first."""

    def make(path: Path, files: Sequence[Path]) -> None:
        with tarfile.open(files[0], "r:gz") as archive:
            parts = [_member(archive, name, label_bytes) for name in train]
            x_test, y_test = _member(archive, test, label_bytes)
        x, y = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        write_npz(path, {"x_train": x, "y_train": y, "x_test": x_test, "y_test": y_test})

    return make


def _member(archive: tarfile.TarFile, name: str, label_bytes: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    file = archive.extractfile(name)
    assert file is not None  # the archive is the one whose checksum is known
    records = np.frombuffer(file.read(), np.uint8).reshape(-1, label_bytes + 3072)
    pictures = records[:, label_bytes:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(pictures), records[:, label_bytes - 1].copy()


KNOWN = (
    Known(
        "mnist",
        "70,000 handwritten digits, 28 x 28 pixels",
        "Y. LeCun, C. Cortes, C. Burges: The MNIST Database of Handwritten Digits",
        _copy,
        files=(
            Remote(
                "mnist.npz",
                f"{_KERAS}mnist.npz",
                "sha256:731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
            ),
        ),
        classes=tuple("0123456789"),
    ),
    Known(
        "fashion_mnist",
        "70,000 pieces of clothing, 28 x 28 pixels",
        "H. Xiao, K. Rasul, R. Vollgraf (2017): Fashion-MNIST",
        _from_idx,
        files=tuple(Remote(f"fashion-mnist/{name}", f"{_KERAS}{name}", f"md5:{md5}") for name, md5 in _FASHION),
        classes=_CLOTHES,
    ),
    Known(
        "cifar10",
        "60,000 pictures of ten things, 32 x 32 pixels in colour",
        "A. Krizhevsky (2009): Learning Multiple Layers of Features from Tiny Images",
        _from_cifar(
            tuple(f"cifar-10-batches-bin/data_batch_{number}.bin" for number in range(1, 6)),
            "cifar-10-batches-bin/test_batch.bin",
            1,
        ),
        files=(
            Remote(
                "cifar-10-binary.tar.gz",
                f"{_CIFAR}cifar-10-binary.tar.gz",
                "md5:c32a1d4ab5d03f1284b67883e8d87530",
            ),
        ),
        classes=_THINGS,
    ),
    Known(
        "cifar100",
        "60,000 pictures of a hundred things, 32 x 32 pixels in colour",
        "A. Krizhevsky (2009): Learning Multiple Layers of Features from Tiny Images",
        _from_cifar(("cifar-100-binary/train.bin",), "cifar-100-binary/test.bin", 2),
        files=(
            Remote(
                "cifar-100-binary.tar.gz",
                f"{_CIFAR}cifar-100-binary.tar.gz",
                "md5:03b5dce01913d631647c71ecec9e9cb8",
            ),
        ),
        classes=_HUNDRED,
    ),
)
