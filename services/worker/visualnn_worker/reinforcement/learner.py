"""Deep Q-learning as a Keras model, so that one step of it is one ``train_on_batch`` on every backend."""

from typing import Any

import keras
from keras import ops
from visualnn_shared.reinforcement.planning import DqnPlan

from visualnn_worker.fitting.compiling import compile_model
from visualnn_worker.network.build import Network


class Learner(keras.Model):  # type: ignore[misc]
    """The network, and the target network that values what comes next (Mnih et al. 2015).

    The target of a transition is ``reward + discount * (1 - ended) * Q'(next, a)``: Q' is the target network, a its
    best action, or with ``double`` the network's own best (van Hasselt et al. 2016). The loss is that of the difference
    to Q(observation, action), meant over the batch, plus what the network's regularizers ask.
    """

    def __init__(self, online: Network, target: Network, plan: DqnPlan) -> None:
        super().__init__(name="learner")
        self.online = online.model
        self.target = target.model
        self.target.trainable = False
        self._discount = plan.params.discount
        self._double = plan.params.double
        self._huber = plan.params.loss == "huber"
        compile_model(Network(self, online.resolved, online.owners), plan.recipe, serving=plan.serving)
        self.sync()

    def build(self, input_shape: Any = None) -> None:  # noqa: ARG002 - both networks are built already
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        return self.online(inputs["observation"], training=training)

    def compute_loss(self, x: Any = None, y: Any = None, y_pred: Any = None, *_others: Any, **_more: Any) -> Any:
        """Of a batch (observation, next, action, reward, ended); ``y`` is nothing: the target is made here."""
        assert y is None
        penalties = list(self.losses)
        values = _taken(y_pred, x["action"])
        after = self.target(x["next"], training=False)
        if self._double:
            best = ops.argmax(self.online(x["next"], training=False), axis=-1)
            worth = _taken(after, best)
        else:
            worth = ops.max(after, axis=-1)
        target = ops.stop_gradient(x["reward"] + self._discount * (1.0 - x["ended"]) * worth)
        off = ops.abs(target - values)
        each = ops.where(off <= 1.0, 0.5 * ops.square(off), off - 0.5) if self._huber else ops.square(off)
        return sum(penalties, ops.mean(each))

    def sync(self) -> None:
        """The target network becomes what the network is."""
        for held, learnt in zip(self.target.weights, self.online.weights, strict=True):
            held.assign(ops.copy(learnt.value))  # JAX gives buffers away: none may be in two variables


def _taken(values: Any, actions: Any) -> Any:
    """Of rows of values the one of each row's action."""
    places = ops.expand_dims(ops.cast(actions, "int32"), axis=-1)
    return ops.squeeze(ops.take_along_axis(values, places, axis=-1), axis=-1)
