"""Micro-batching is right: whatever is sent at the same time, everyone gets the answer to their own samples."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from visualnn_predictor.batching import Batcher, BatchLimits
from visualnn_predictor.errors import RequestInvalid, TooLate
from visualnn_predictor.metrics import Metrics, ModelMetrics
from visualnn_predictor.model import Arrays, Model
from visualnn_shared.errors import Overloaded

from tests.predictor.served import RNG, Served, dense, embedding, serving

FILE, KERNEL, BIAS = dense(3, 2, "Tanh")
LIMITS = BatchLimits(waiting=10_000, deadline_s=30, inline_s=0.001)


def model(max_batch: int = 8) -> Model:
    return Model("net", 1, serving((3,), (2,)), FILE, max_batch)


def truth(samples: np.ndarray) -> np.ndarray:
    return np.asarray(np.tanh(samples @ KERNEL + BIAS))


class Recorder(Model):
    """The real model, which notes the batches it is given and can be made slow."""

    def __init__(self, max_batch: int = 8, onnx: bytes = FILE, signature: Any = None) -> None:
        super().__init__("net", 1, signature or serving((3,), (2,)), onnx, max_batch)
        self.calls: list[tuple[tuple[int, ...], ...]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.slow = False

    def seconds(self, rows: int) -> float:
        return 1.0 if self.slow else 0.0

    def run(self, raw: Any) -> Arrays:
        self.calls.append(tuple(values.shape for values in raw.values()))
        assert self.gate.wait(20)
        return super().run(raw)


def batched(
    net: Model, requests: list[np.ndarray], limits: BatchLimits = LIMITS, during: Callable[[], Any] | None = None
) -> list[Any]:
    """What each request gets when all are sent in one turn of the event loop; exceptions as values."""

    async def send() -> list[Any]:
        with ThreadPoolExecutor(2) as threads:
            batcher = Batcher(net, limits, threads, ModelMetrics(Metrics(), "net"))
            tasks = [asyncio.ensure_future(batcher.run({"x": values})) for values in requests]
            if during is not None:
                await asyncio.sleep(0.05)
                during()
            found = await asyncio.gather(*tasks, return_exceptions=True)
            assert batcher.idle
            return found

    return asyncio.run(send())


@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 12), min_size=1, max_size=30),
    max_batch=st.integers(1, 16),
    slow=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_every_request_gets_the_answer_to_its_own_rows(sizes: list[int], max_batch: int, slow: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    requests = [rng.normal(size=(rows, 3)).astype("f") for rows in sizes]
    net = Recorder(max_batch)
    net.slow = slow
    found = batched(net, requests)
    for values, outputs in zip(requests, found, strict=True):
        np.testing.assert_allclose(outputs["y"], truth(values), rtol=1e-4, atol=1e-6)
    assert sum(shapes[0][0] for shapes in net.calls) == sum(sizes)
    assert all(shapes[0][0] <= max(max_batch, *sizes) for shapes in net.calls)


def test_what_waits_together_goes_through_the_model_together() -> None:
    net = Recorder(max_batch=64)
    batched(net, [RNG.normal(size=(1, 3)).astype("f") for _ in range(20)])
    assert net.calls == [((20, 3),)]


def test_what_comes_while_the_model_works_shares_the_next_call() -> None:
    net = Recorder(max_batch=4)
    net.slow = True
    net.gate.clear()
    requests = [RNG.normal(size=(1, 3)).astype("f") for _ in range(11)]
    found = batched(net, requests, during=net.gate.set)
    assert [shapes[0][0] for shapes in net.calls] == [4, 4, 3]
    for values, outputs in zip(requests, found, strict=True):
        np.testing.assert_allclose(outputs["y"], truth(values), rtol=1e-4, atol=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 4)), min_size=1, max_size=20), st.booleans())
def test_samples_of_different_shapes_never_share_a_call(shapes: list[tuple[int, int]], slow: bool) -> None:
    net = Recorder(16, embedding(), serving((None,), (2,), dtype="int32"))
    net.slow = slow
    requests = [np.asarray(RNG.integers(0, 5, shape), np.int32) for shape in shapes]
    found = batched(net, requests)
    table = np.arange(10).reshape(5, 2)
    for values, outputs in zip(requests, found, strict=True):
        np.testing.assert_allclose(outputs["y"], table[values].mean(axis=1), rtol=1e-5)


def test_a_request_larger_than_a_batch_is_answered_in_parts() -> None:
    values = RNG.normal(size=(50, 3)).astype("f")
    (outputs,) = batched(model(max_batch=8), [values])
    np.testing.assert_allclose(outputs["y"], truth(values), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("slow", [False, True])
def test_a_value_the_model_refuses_costs_its_sender_only(slow: bool) -> None:
    net = Recorder(16, embedding(), serving((None,), (2,), dtype="int32"))
    net.slow = slow
    requests = [np.array([[n]], np.int32) for n in (0, 1, 99, 2, 3)]
    found = batched(net, requests)
    assert isinstance(found[2], RequestInvalid)
    assert "must accept the values" in str(found[2])
    assert "/" not in str(found[2].problems[0].received)
    for index in (0, 1, 3, 4):
        np.testing.assert_array_equal(found[index]["y"], [[2.0 * requests[index][0, 0], 2 * requests[index][0, 0] + 1]])


def test_too_many_waiting_samples_are_refused_at_once() -> None:
    net = Recorder(max_batch=1)
    limits = BatchLimits(waiting=5, deadline_s=30, inline_s=0.001)
    found = batched(net, [np.ones((1, 3), "f")] * 9, limits)
    refused = [one for one in found if isinstance(one, Overloaded)]
    assert len(refused) == 4
    assert refused[0].retry_after_s == 1
    assert all("y" in one for one in found if not isinstance(one, Exception))


def test_a_request_that_waits_behind_a_long_call_is_given_up_at_its_deadline() -> None:
    net = Recorder(max_batch=1)
    net.slow = True
    net.gate.clear()

    async def send() -> list[Any]:
        with ThreadPoolExecutor(1) as threads:
            limits = BatchLimits(waiting=10, deadline_s=0.1, inline_s=0.001)
            batcher = Batcher(net, limits, threads, ModelMetrics(Metrics(), "net"))
            first, second = (asyncio.ensure_future(batcher.run({"x": np.ones((1, 3), "f")})) for _ in range(2))
            late = await asyncio.gather(second, return_exceptions=True)
            assert not first.done()
            net.gate.set()
            return [*late, await first]

    late, answered = asyncio.run(send())
    assert isinstance(late, TooLate)
    np.testing.assert_allclose(answered["y"], truth(np.ones((1, 3))), rtol=1e-5)
    assert len(net.calls) == 1


def test_a_caller_that_leaves_does_not_disturb_the_others() -> None:
    net = Recorder(max_batch=8)

    async def send() -> Arrays:
        with ThreadPoolExecutor(1) as threads:
            batcher = Batcher(net, LIMITS, threads, ModelMetrics(Metrics(), "net"))
            gone = asyncio.ensure_future(batcher.run({"x": np.zeros((1, 3), "f")}))
            stays = asyncio.ensure_future(batcher.run({"x": np.ones((1, 3), "f")}))
            await asyncio.sleep(0)
            gone.cancel()
            return await stays

    np.testing.assert_allclose(asyncio.run(send())["y"], truth(np.ones((1, 3))), rtol=1e-5)


def test_a_slow_model_leaves_the_event_loop_free() -> None:
    net = Recorder(max_batch=8)
    net.slow = True
    net.gate.clear()
    turns = 0

    async def send() -> None:
        nonlocal turns
        with ThreadPoolExecutor(1) as threads:
            batcher = Batcher(net, LIMITS, threads, ModelMetrics(Metrics(), "net"))
            running = asyncio.ensure_future(batcher.run({"x": np.zeros((1, 3), "f")}))
            while not net.calls:
                await asyncio.sleep(0.001)
            for _ in range(10):
                await asyncio.sleep(0)
                turns += 1
            assert not running.done()
            net.gate.set()
            await running

    asyncio.run(send())
    assert turns == 10


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    counts=st.lists(st.tuples(st.integers(1, 4), st.booleans()), min_size=1, max_size=40), seed=st.integers(0, 10**6)
)
def test_over_http_every_response_is_that_of_its_request(
    tmp_path_factory: Any, counts: list[tuple[int, bool]], seed: int
) -> None:
    folder: Path = tmp_path_factory.mktemp("served")
    rng = np.random.default_rng(seed)
    other, kernel, bias = dense(3, 2, "Tanh", seed=9)
    served = Served(folder, predictor_max_batch=16)
    try:
        served.register("a", FILE, serving((3,), (2,)))
        served.register("b", other, serving((3,), (2,)))
        samples = [rng.normal(size=(rows, 3)).astype("f") for rows, _ in counts]

        async def send() -> list[Any]:
            names = ["a" if first else "b" for _, first in counts]
            posts = [
                served.client.post(f"/predict/{name}", json={"inputs": values.tolist()})
                for name, values in zip(names, samples, strict=True)
            ]
            return list(await asyncio.gather(*posts))

        answers = served.runner.run(send())
    finally:
        served.close()
    for answer, values, (_, first) in zip(answers, samples, counts, strict=True):
        assert answer.status_code == 200
        expected = truth(values) if first else np.tanh(values @ kernel + bias)
        np.testing.assert_allclose([p["values"] for p in answer.json()["predictions"]], expected, rtol=1e-4, atol=1e-5)
