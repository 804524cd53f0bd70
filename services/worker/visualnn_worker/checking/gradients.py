"""Every layer's gradient against differences, alone: a wrong one is found in the layer that has it.

A net's gradient is the product of its layers' (the chain rule), so where each is right the whole is.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from visualnn_shared.training.checking import CheckItem, has_corners, kinked

from visualnn_worker.checking.bench import Bench, numbers
from visualnn_worker.checking.calls import Call, calls, values_of
from visualnn_worker.checking.differences import Compared, compare
from visualnn_worker.network.build import Network
from visualnn_worker.network.weights import read_weights, set_weights

SMOOTH, WITH_CORNERS = 1e-7, 1e-4
"""Relative errors that are still rounding."""
SAMPLES = 3
MOST_LAYERS = 80


def check_gradients(bench: Bench) -> list[CheckItem]:
    """One item for the net, with a row for each layer; and one for each layer whose gradient is wrong."""
    with _float64():
        network = bench.rebuilt(bench.spec, "float64")
        set_weights(network, read_weights(bench.network))
        few = bench.samples.part(slice(0, SAMPLES))
        inputs = keras.tree.map_structure(_wide, network.pack(few.inputs(slice(None))))
        rows = [*_layers(bench, network, inputs), _loss(bench, network, inputs, few.labels(slice(None)))]
    return _judge(rows)


@contextmanager
def _float64() -> Iterator[None]:
    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    try:
        yield
    finally:
        keras.config.set_floatx(before)


def _wide(array: Any) -> Any:
    return array.astype(np.float64) if np.issubdtype(array.dtype, np.floating) else array


def _layers(bench: Bench, network: Network, inputs: Any) -> Iterator[dict[str, Any]]:
    found = calls(network)
    values = values_of(network, found, inputs)
    if len(found) > MOST_LAYERS:
        chosen = sorted(set(np.linspace(0, len(found) - 1, MOST_LAYERS).astype(int).tolist()))
        found, values = [found[n] for n in chosen], [values[n] for n in chosen]
    corners = kinked(network.resolved)
    rng = np.random.default_rng([bench.params.seed, 3])
    for call, (before, _after) in zip(found, values, strict=True):
        limit = WITH_CORNERS if call.name in corners else SMOOTH
        yield _row(call.name, limit, lambda c=call, b=before, k=call.name in corners: _compare(bench, c, b, k, rng))


def _compare(bench: Bench, call: Call, before: list[Any], has_kinks: bool, rng: np.random.Generator) -> Compared:
    tensors = [keras.ops.convert_to_tensor(_wide(numbers(one))) for one in before]
    variables = [v for v in call.layer.trainable_variables if np.issubdtype(numbers(v.value).dtype, np.floating)]
    return compare(call.run, variables, tensors, entries=bench.params.entries, kinked=has_kinks, rng=rng)


def _loss(bench: Bench, network: Network, inputs: Any, labels: Any) -> dict[str, Any]:
    """The loss by the net's outputs."""
    outputs = network.model(inputs, training=False)
    several = isinstance(outputs, list | tuple)
    # Copies: TensorFlow's losses look through a softmax that made their tensor.
    tensors = [keras.ops.convert_to_tensor(numbers(one)) for one in (outputs if several else [outputs])]
    has_kinks = any(has_corners(end) for end in bench.planned.ends)

    def run(given: list[Any]) -> Any:
        return network.model.compute_loss(inputs, labels, given if several else given[0], training=False)

    rng = np.random.default_rng([bench.params.seed, 4])
    limit = WITH_CORNERS if has_kinks else SMOOTH
    return _row(
        "loss", limit, lambda: compare(run, [], tensors, entries=bench.params.entries, kinked=has_kinks, rng=rng)
    )


def _row(name: str, limit: float, compare: Any) -> dict[str, Any]:
    """A row of the report; what the backend cannot do in float64 is left out, and said."""
    try:
        found = compare()
    except Exception as error:  # noqa: BLE001 - whatever a backend raises for an operation it has not in float64
        return {"layer": name, "limit": limit, "error": None, "entries": 0, "corners": 0, "worst": "",
                "skipped": f"{type(error).__name__}: {error}"[:300]}  # fmt: skip
    return {"layer": name, "limit": limit, "error": found.error, "entries": found.entries, "corners": found.corners,
            "worst": found.worst, "skipped": None}  # fmt: skip


def _judge(rows: list[dict[str, Any]]) -> list[CheckItem]:
    wrong = [row for row in rows if row["error"] is not None and not row["error"] <= row["limit"]]
    items = [
        CheckItem(
            name="gradients", verdict="fail", layer=row["layer"], values={"row": row},
            reason=f"the gradient of {row['layer']} by {row['worst']} is off by {row['error']:.2g}, more than "
            f"{row['limit']:g}: differences say something else",
            hint="look at the layer's own gradient, and for operations that stop one",
        )
        for row in wrong
    ]  # fmt: skip
    looked = [row for row in rows if row["error"] is not None]
    if not wrong and looked:
        most = max(looked, key=lambda row: row["error"] / row["limit"])
        left = sum(row["corners"] for row in rows)
        reason = f"gradients of {len(looked)} layers agree with differences; the largest error is {most['error']:.2g}, "
        reason += f"of {most['layer']} (limit {most['limit']:g})" + (
            f"; {left} entries at corners left out" if left else ""
        )
        return [CheckItem(name="gradients", verdict="pass", reason=reason, values={"layers": rows})]
    if not looked:
        reason = f"no layer's gradient could be checked: {rows[0]['skipped'] if rows else 'there is none'}"
        return [CheckItem(name="gradients", verdict="skip", reason=reason, values={"layers": rows})]
    return [items[0].model_copy(update={"values": {"layers": rows}}), *items[1:]]
