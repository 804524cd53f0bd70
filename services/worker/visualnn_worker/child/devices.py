"""Which devices Keras' backend sees, by name and kind."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

Device = dict[str, Any]
"""{"kind": cpu|gpu, "name", "memory_bytes"}; the CPU that is several devices also has {"devices": how many}."""
_GROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def devices(backend: str) -> list[Device]:
    """The CPU, and every GPU that the backend can use."""
    found = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}.get(backend, list)()
    return [_cpu(len(names(backend, gpu=False))), *found]


def divide_cpu(backend: str, count: int) -> None:
    """Let the backend see the CPU as so many devices, before it looks; PyTorch knows of one."""
    if count > 1 and backend == "jax":
        import jax

        jax.config.update("jax_num_cpu_devices", count)
    elif count > 1 and backend == "tensorflow":
        import tensorflow as tf

        (cpu,) = tf.config.list_physical_devices("CPU")
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * count)


def names(backend: str, *, gpu: bool) -> list[str]:
    """Devices that batches may be shared out among, as ``keras.device`` takes them: ``gpu`` or else the CPU's."""
    kind = "gpu" if gpu else "cpu"
    if backend == "tensorflow":
        import tensorflow as tf

        count = len(tf.config.list_logical_devices(kind.upper()))
    elif backend == "jax":
        import jax

        count = sum(device.platform == kind for device in jax.devices(kind))
    else:
        count = len(_torch()) if gpu and backend == "torch" else 1
    return [f"{kind}:{number}" for number in range(count)]


def machine_bytes() -> int:
    """The machine's memory, or what its control group (a container) allows."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for path in _GROUP_LIMITS:
        with suppress(OSError, ValueError):  # "max" is no number
            memory = min(memory, int(Path(path).read_text()))
    return memory


def _cpu(count: int) -> Device:
    found: Device = {"kind": "cpu", "name": f"{os.cpu_count() or 1} cores", "memory_bytes": machine_bytes()}
    return {**found, "name": f"{found['name']} as {count} devices", "devices": count} if count > 1 else found


def _tensorflow() -> list[Device]:
    import tensorflow as tf

    found = []
    for device in tf.config.list_physical_devices("GPU"):
        details = tf.config.experimental.get_device_details(device)
        found.append({"kind": "gpu", "name": details.get("device_name", device.name), "memory_bytes": None})
    return found


def _jax() -> list[Device]:
    import jax

    return [
        {"kind": "gpu", "name": device.device_kind, "memory_bytes": (device.memory_stats() or {}).get("bytes_limit")}
        for device in jax.devices()
        if device.platform == "gpu"
    ]


def _torch() -> list[Device]:
    import torch

    properties = [torch.cuda.get_device_properties(i) for i in range(torch.cuda.device_count())]
    return [{"kind": "gpu", "name": p.name, "memory_bytes": p.total_memory} for p in properties]
