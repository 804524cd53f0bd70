"""Networks that give back what they are given."""

from visualnn_shared.spec.model import Spec
from visualnn_shared.zoo.builder import Net
from visualnn_shared.zoo.network import Network

PAPER = (
    "P. Vincent, H. Larochelle, Y. Bengio, P.-A. Manzagol (2008): "
    "Extracting and Composing Robust Features with Denoising Autoencoders"
)


def denoising_autoencoder() -> Spec:
    """A picture of 28 x 28 without its noise, by way of 7 x 7 x 32 values; training adds the noise."""
    net = Net("denoising-autoencoder")
    net.input("picture", 28, 28, 1)
    net.add("noise", "GaussianNoise", stddev=0.5)
    for i in (1, 2):
        net.add(f"conv{i}", "Conv2D", filters=32, kernel_size=3, padding="same", activation="relu")
        net.add(f"pool{i}", "MaxPooling2D", pool_size=2)
    for i in (3, 4):
        net.add(f"conv{i}", "Conv2D", filters=32, kernel_size=3, padding="same", activation="relu")
        net.add(f"up{i}", "UpSampling2D", size=2)
    net.add("clean", "Conv2D", filters=1, kernel_size=3, padding="same", activation="sigmoid")
    return net.spec()


NETWORKS = {
    "denoising-autoencoder": Network("Denoising autoencoder", "digits", denoising_autoencoder, paper=PAPER),
}
