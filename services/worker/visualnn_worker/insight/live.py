"""What goes on in a net while it is trained: steps against weights, histograms, dead units.

Where the net is not very large its first batch is looked into, so that a short training tells something too. After that
looks are sampled: together they cost at most 1/50 of the training's time. The last epoch is looked into as well where
that is quick.
"""

import math
import time
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from visualnn_shared.analysis.walk import Resolved

from visualnn_worker.checking.bench import numbers
from visualnn_worker.checking.calls import calls
from visualnn_worker.child.channel import Channel
from visualnn_worker.fitting.samples import Samples
from visualnn_worker.network.build import Network
from visualnn_worker.network.gradients import gradient
from visualnn_worker.network.weights import variables
from visualnn_worker.parallel.shares import held, put

SHARE = 0.02
QUICK_S = 0.5
"""What the last look may cost where the training was so short that its share of the time is less."""
SAMPLES, BINS, MOST_LAYERS, MOST_VALUES, MOST_LOOKS = 32, 20, 16, 20_000, 200
MOST_OUTPUTS, MOST_WEIGHTS = 8_000_000, 20_000_000
"""What a look may hold: values of one layer's output, and of how large a net each training's first batch is seen."""
_CHUNK = 1 << 20


class Live(keras.callbacks.Callback):  # type: ignore[misc]
    """Looks at the first step, and at the last one of an epoch, and the net after it, as often as ``share`` of the time
    allows; below 0 never."""

    def __init__(
        self, network: Network, samples: Samples, channel: Channel, batch_size: int, share: float = SHARE
    ) -> None:
        """Of ``samples`` the first are looked at: never more than a batch, and fewer where outputs are large."""
        super().__init__()
        self.looks: list[dict[str, Any]] = []
        self._network = network
        self._samples = samples.part(slice(0, min(SAMPLES, batch_size, _fitting(network))))
        self._channel = channel
        self._share = share
        self._first = share >= 0 and network.model.count_params() <= MOST_WEIGHTS
        self._began = time.monotonic()
        self._spent = self._last = 0.0
        self._armed = False
        self._epoch = 0
        self._before: dict[str, NDArray[Any]] | None = None
        self._ratios: dict[str, float] = {}
        self._probe: tuple[list[str], keras.Model] | None = None

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002 - Keras' signature
        self._epoch = epoch
        self._armed = not self._first and self._may_look()

    def _may_look(self) -> bool:
        """Whether another look as long as the last one is worth its time in this epoch."""
        room = self._share * (time.monotonic() - self._began) - self._spent
        last = self._epoch + 1 == self.params["epochs"]
        return self._share >= 0 and self._last <= max(room, QUICK_S if last else 0.0)

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002 - Keras' signature
        if self._first or (self._armed and batch + 1 == self.params["steps"]):
            began = time.monotonic()
            _synced = self.model  # under JAX the variables are empty between steps until a callback asks for its model
            self._before = self._weights()
            self._spent += time.monotonic() - began

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002 - Keras' signature
        if self._before is not None:
            began = time.monotonic()
            _synced = self.model
            self._ratios = ratios(self._before, self._weights())
            self._before = None
            self._spent += time.monotonic() - began
        if self._first:
            self._first = False
            self._look({"epoch": self._epoch + 1, "first_batch": True})
            self._armed = batch + 1 < self.params["steps"] and self._may_look()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002 - Keras' signature
        if self._armed:
            self._look({"epoch": epoch + 1})

    def _look(self, when: dict[str, Any]) -> None:
        began = time.monotonic()
        look = {**when, "time": round(time.time(), 3), "layers": self.layers()}
        self.looks = [*self.looks, look][-MOST_LOOKS:]
        self._channel.event("insight", look)
        self._last = time.monotonic() - began
        self._spent += self._last

    def layers(self) -> list[dict[str, Any]]:
        """A row for each layer with weights or a function, the net as it is now."""
        inputs = self._network.pack(self._samples.inputs(slice(None)))
        names, probe = self._probe = self._probe or _probe(self._network)
        outputs = probe(inputs if isinstance(inputs, list | tuple) else [inputs], training=False)
        outputs = list(outputs) if isinstance(outputs, list | tuple) else [outputs]
        found, weights = self._gradients(inputs), self._spread()
        rows = []
        for name, output in zip(names, outputs, strict=True):
            values = numbers(output)
            row: dict[str, Any] = {"layer": name, "activation": histogram(values)}
            if _is_relu(self._network.resolved, name):
                units = values.reshape(-1, values.shape[-1])
                row |= {"zeros": float((values == 0).mean()), "dead": float((units == 0).all(axis=0).mean())}
            if name in weights:
                row["weights"] = histogram(weights[name])
            if name in found:
                row["gradient"] = histogram(found[name])
                if math.isfinite(norm := _norm(found[name])):
                    row["gradient_norm"] = norm
            if name in self._ratios:
                row["update_ratio"] = self._ratios[name]
            rows.append(row)
        return rows

    def _weights(self) -> dict[str, NDArray[Any]]:
        """Copies of each layer's trained weights, as one vector."""
        parts: dict[str, list[NDArray[Any]]] = {}
        for name, variable in variables(self._network).items():
            if variable.trainable:
                parts.setdefault(name.rpartition("/")[0], []).append(numbers(variable.value).reshape(-1).copy())
        return {name: np.concatenate(each) for name, each in parts.items()}

    def _spread(self) -> dict[str, NDArray[Any]]:
        """Of each layer's trained weights those that a histogram counts."""
        parts: dict[str, list[NDArray[Any]]] = {}
        for name, variable in variables(self._network).items():
            if variable.trainable:
                flat = numbers(variable.value).reshape(-1)
                parts.setdefault(name.rpartition("/")[0], []).append(flat[:: max(1, len(flat) // MOST_VALUES)])
        return {name: np.concatenate(each) for name, each in parts.items()}

    def _gradients(self, inputs: Any) -> dict[str, NDArray[Any]]:
        """Of the loss of these samples, by each layer's weights."""
        model, labels = self._network.model, self._samples.labels(slice(None))
        owned = {name: v for name, v in variables(self._network).items() if v.trainable}

        def loss(_tensors: list[Any]) -> Any:
            return model.compute_loss(inputs, labels, model(inputs, training=False), training=False)

        several = len(model.outputs) > 1
        told = [(variable, held(variable)) for variable in model.metrics_variables if several]
        found, _none = gradient(loss, list(owned.values()), [])
        for variable, value in told:  # the loss of each output counts what it is asked: this is no step of the training
            put(variable, value)
        parts: dict[str, list[NDArray[Any]]] = {}
        for name, array in zip(owned, found, strict=True):
            parts.setdefault(name.rpartition("/")[0], []).append(array.reshape(-1))
        return {name: np.concatenate(each) for name, each in parts.items()}


def _probe(network: Network) -> tuple[list[str], keras.Model]:
    """A model of the layers' outputs, those with weights first chosen; and the layers' names."""
    found = [call for call in calls(network) if not isinstance(call.layer, keras.layers.Flatten | keras.layers.Reshape)]
    chosen = [call for call in found if call.layer.weights or "ReLU" in type(call.layer).__name__] or found
    if len(chosen) > MOST_LAYERS:
        places = np.linspace(0, len(chosen) - 1, MOST_LAYERS).astype(int)
        chosen = [chosen[place] for place in places]
    return [call.name for call in chosen], keras.Model(
        network.model.inputs, [call.node.output_tensors[0] for call in chosen]
    )


def _fitting(network: Network) -> int:
    """So many samples have outputs, of any layer, that a look may hold."""
    sizes = [math.prod(size or 1 for size in call.node.output_tensors[0].shape[1:]) for call in calls(network)]
    return max(1, MOST_OUTPUTS // max(sizes, default=1))


def _is_relu(resolved: Resolved, name: str) -> bool:
    layer = next((one for one in resolved.layers if one.name == name), None)
    return layer is not None and (layer.type == "ReLU" or layer.params.get("activation") == "relu")


def ratios(before: dict[str, NDArray[Any]], after: dict[str, NDArray[Any]]) -> dict[str, float]:
    """Size of a step over the size of the weights, layer by layer; about 1e-3 is healthy."""
    found = {}
    for name, old in before.items():
        size, step = _norm(old), _norm(after[name], old)
        if size > 0 and math.isfinite(step / size):
            found[name] = step / size
    return found


def _norm(values: NDArray[Any], less: NDArray[Any] | None = None) -> float:
    """Of a vector, less another one; in float64, piece by piece: the squares of large float32 values are no float32 any
    more. Not finite where a value is not."""
    total = 0.0
    with np.errstate(all="ignore"):
        for start in range(0, len(values), _CHUNK):
            part = values[start : start + _CHUNK].astype(np.float64)
            if less is not None:
                part -= less[start : start + _CHUNK]
            total += float(part @ part)
        return float(np.sqrt(total))


def histogram(values: NDArray[Any]) -> dict[str, Any]:
    """Counts between the least and the largest value, of at most so many values."""
    flat = np.asarray(values).reshape(-1)
    flat = flat[:: max(1, len(flat) // MOST_VALUES)].astype(np.float64)
    flat = flat[np.isfinite(flat)]
    if not len(flat):
        return {"low": None, "high": None, "counts": []}
    low, high = float(flat.min()), float(flat.max())
    counts, _edges = np.histogram(flat, BINS, (low, high if high > low else low + 1e-12 + abs(low) * 1e-9))
    return {"low": low, "high": high, "counts": counts.tolist()}
