"""Networks with two inputs that are compared or joined."""

from visualnn_shared.spec.model import Spec
from visualnn_shared.zoo.builder import Net
from visualnn_shared.zoo.digits import lenet_body
from visualnn_shared.zoo.network import Network

SIAMESE = "G. Koch, R. Zemel, R. Salakhutdinov (2015): Siamese Neural Networks for One-shot Image Recognition"
VQA = "S. Antol, A. Agrawal, J. Lu and others (2015): VQA: Visual Question Answering"


def siamese() -> Spec:
    """Do two pictures show the same digit? LeNet reads both with the same weights; the distance by feature decides."""
    net = Net("siamese")
    left, right = net.input("left", 28, 28, 1), net.input("right", 28, 28, 1)
    lenet_body(net, left)
    one = net.add("feat", "Dense", units=10)
    lenet_body(net, right, "_p", owner="")
    other = net.add("feat_p", "Dense", units=10, weights_of="feat")
    larger, smaller = net.add("larger", "Maximum", one, other), net.add("smaller", "Minimum", one, other)
    net.add("distance", "Subtract", larger, smaller)
    net.add("same", "Dense", units=1, activation="sigmoid")
    return net.spec()


def vqa() -> Spec:
    """A question of 26 words about a picture, answered by one of 1,000 words. The picture comes as the 4,096 values of
    VGG's last hidden layer; two LSTMs read the question, and their states are multiplied with the picture.
    """
    net = Net("vqa")
    picture, _question = net.input("picture", 4096), net.input("question", 26, dtype="int32")
    net.add("embedding", "Embedding", input_dim=10_000, output_dim=300)
    first = net.add("lstm1", "LSTM", units=512, return_sequences=True, return_state=True)
    second = net.add("lstm2", "LSTM", units=512, return_state=True)
    states = [f"{lstm}:{output}" for lstm in (first, second) for output in (1, 2)]
    net.add("states", "Concatenate", *states)
    words = net.add("question_fc", "Dense", units=1024, activation="tanh")
    seen = net.add("picture_fc", "Dense", picture, units=1024, activation="tanh")
    net.add("fused", "Multiply", words, seen)
    for i in (1, 2):
        net.add(f"fc{i}", "Dense", units=1000, activation="tanh")
        net.add(f"drop{i}", "Dropout", rate=0.5)
    net.add("answer", "Dense", units=1000, activation="softmax")
    return net.spec()


NETWORKS = {
    "siamese": Network("Siamese network for pairs of digits", "pairs", siamese, 2, SIAMESE),
    "vqa": Network("Visual question answering", "pairs", vqa, 1000, VQA),
}
