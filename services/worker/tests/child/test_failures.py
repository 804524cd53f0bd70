import errno

import pytest
from visualnn_shared.errors import SpecInvalid, Unavailable
from visualnn_shared.objects import ObjectMissing
from visualnn_shared.spec.problem import problem
from visualnn_worker.child.failures import KerasRefused, classify, refusals
from visualnn_worker.fitting.reporting import NotFinite


class ResourceExhaustedError(Exception):
    """Named as TensorFlow's."""


class InvalidArgumentError(Exception):
    """Named as TensorFlow's."""


@pytest.mark.parametrize(
    ("error", "class_", "code", "word"),
    [
        (NotFinite(3, 17, float("nan")), "user", "nan-loss", "epoch 3, batch 17"),
        (SpecInvalid([problem("units must be at least 1", 0, layer="fc")]), "user", "spec-invalid", "layer fc"),
        (KerasRefused("Keras could not build the net: no"), "user", "keras-refused", "could not build"),
        (MemoryError(), "resource", "out-of-memory", "memory"),
        (ResourceExhaustedError("OOM when allocating"), "resource", "out-of-memory", "allocating"),
        (RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying"), "resource", "out-of-memory", "trying"),
        (OSError(errno.ENOSPC, "No space left on device"), "resource", "disk-full", "space"),
        (ObjectMissing("datasets/x"), "infrastructure", "object-store", "datasets/x"),
        (Unavailable("the object store", "a timeout"), "infrastructure", "object-store", "timeout"),
        (KeyError("oops"), "infrastructure", "unexpected", "KeyError: 'oops'"),
    ],
)
def test_an_exception_becomes_an_error_of_its_class_that_says_what_to_do(error, class_, code, word):
    found = classify(error)
    assert (found.class_, found.code) == (class_, code)
    assert word in found.detail
    assert found.next_step.endswith(".")


@pytest.mark.parametrize("error", [ValueError("bad"), TypeError("bad"), InvalidArgumentError("bad")])
def test_what_keras_says_of_a_net_is_a_refusal(error):
    with pytest.raises(KerasRefused, match="could not train the net: bad"), refusals("train"):
        raise error


@pytest.mark.parametrize("error", [KeyError("x"), MemoryError(), NotFinite(1, 1, 0.0), Unavailable("the store", "x")])
def test_other_errors_pass_through(error):
    with pytest.raises(type(error)), refusals("train"):
        raise error


@pytest.mark.parametrize(
    ("error", "limit_mb", "gpu", "code"),
    [
        (MemoryError(), 500, False, "memory-limit"),
        (RuntimeError("std::bad_alloc"), None, False, "out-of-memory"),
        (ResourceExhaustedError("OOM when allocating on /device:CPU:0 by allocator cpu"), 500, True, "memory-limit"),
        (
            ResourceExhaustedError("OOM when allocating on /device:GPU:0 by GPU_0_bfc"),
            500,
            True,
            "device-out-of-memory",
        ),
        (type("OutOfMemoryError", (RuntimeError,), {})("CUDA out of memory"), None, True, "device-out-of-memory"),
        (RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying"), None, True, "device-out-of-memory"),
        (MemoryError(), None, True, "out-of-memory"),
    ],
)
def test_lack_of_memory_is_told_by_whose_it_is(error, limit_mb, gpu, code):
    found = classify(error, limit_mb=limit_mb, gpu=gpu)
    assert (found.class_, found.code) == ("resource", code)
