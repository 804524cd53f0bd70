"""Spectrograms: convolutions with sines and cosines, and what is made of their results."""

from collections.abc import Callable
from math import pi

import numpy as np
from numpy.typing import NDArray
from visualnn_shared.catalogue.entry import Params

from visualnn_converter.formats.onnx.composed.normal import KERAS_EPSILON
from visualnn_converter.formats.onnx.emission import Emission, fixed
from visualnn_converter.formats.onnx.graph import Value
from visualnn_converter.layout import identity


def stft(e: Emission) -> list[Value]:
    """STFTSpectrogram: each channel by itself through convolutions; (batch, channels, frequencies, time) inside."""
    p, value = e.p, e.plain()
    channels = fixed(value.shape[1])
    alone = e.reshaped(e.op("Transpose", value, perm=[0, 2, 1]), [-1, 1, (value, 1)])
    step = p["frame_step"] or p["frame_length"] // 2
    parts = {}
    for name in ("real", "imag"):
        if e.has(f"{name}_kernel"):
            kernel = e.tensor(f"{name}_kernel", lambda x: x.transpose(2, 1, 0))
            same = "SAME_UPPER" if p["padding"] == "same" else "NOTSET"
            window = [p["frame_length"]]
            parts[name] = e.op("Conv", alone, kernel, kernel_shape=window, strides=[step], auto_pad=same)
    found = _measured(e, parts)
    out = e.layer.output_shapes[0]
    bins = fixed(out[1]) if p["expand_dims"] else fixed(out[1]) // channels
    return [_laid(e, found, channels, bins)]


def _laid(e: Emission, found: str, channels: int, bins: int) -> Value:
    """(batch x channels, frequencies, time) with the axes as the layer gives them."""
    apart = _apart(e, found, channels)
    if e.p["expand_dims"]:
        return e.made(e.op("Transpose", apart, perm=[0, 3, 2, 1]), label=identity(4))
    flat = e.reshaped(e.op("Transpose", apart, perm=[0, 3, 1, 2]), [0, 0, channels * bins])
    return e.made(flat, label=identity(3))


def _apart(e: Emission, found: str, channels: int) -> str:
    """(batch x channels, frequencies, time) -> (batch, channels, frequencies, time)."""
    tail = e.op("Shape", found, start=1)
    sizes = e.op("Concat", e.graph.constant("int64", [-1, channels]), tail, axis=0)
    return str(e.op("Reshape", found, sizes))


def _measured(e: Emission, parts: dict[str, str]) -> str:
    """What ``mode`` wants of the real and the imaginary part."""
    mode, real, imag = e.p["mode"], parts.get("real", ""), parts.get("imag", "")
    if mode in ("real", "imag"):
        return real or imag
    if mode == "stft":
        return str(e.op("Concat", real, imag, axis=1))
    if mode == "angle":
        return _angle(e, real, imag)
    power = e.op("Add", e.op("Mul", real, real), e.op("Mul", imag, imag))
    if mode == "psd":
        inner = e.op("Slice", power, [1], [-1], [1])
        return str(e.op("Add", power, e.op("Pad", inner, [0, 1, 0, 0, 1, 0])))
    magnitude = e.op("Sqrt", e.op("Max", power, KERAS_EPSILON))
    return str(magnitude if mode == "magnitude" else e.op("Log", e.op("Max", magnitude, KERAS_EPSILON)))


def _angle(e: Emission, x: str, y: str) -> str:
    """atan2(y, x): ONNX has only the arcus tangent of a quotient."""
    turn = e.op("Where", e.op("Less", y, 0.0), -pi, pi)
    base = e.op("Atan", e.op("Div", y, x))
    left = e.op("Add", base, e.op("Where", e.op("Less", x, 0.0), turn, 0.0))
    upright = e.op("Mul", e.op("Sign", y), pi / 2)
    return str(e.op("Where", e.op("Equal", x, 0.0), upright, left))


def mel(e: Emission) -> list[Value]:
    """MelSpectrogram: mirrored ends, a transform of each stretch, the bands' sums, decibels."""
    p, value = e.p, e.plain()
    half = p["fft_length"] // 2
    sound = e.op("Unsqueeze", e.op("Pad", value, [0, half, 0, half], mode="reflect"), [1])
    bins, waves = half + 1, _waves(p["fft_length"], p["sequence_length"], p["window"])
    both = e.op("Conv", sound, e.constant(waves), kernel_shape=[p["fft_length"]], strides=[p["sequence_stride"]])
    real, imag = e.op("Split", both, [bins, bins], outputs=2, axis=1)
    power = e.op("Add", e.op("Mul", real, real), e.op("Mul", imag, imag))
    strength = e.op("Pow", e.op("Sqrt", power), float(p["mag_exp"]))
    bands = e.op("MatMul", e.constant(_bands(p)), strength)
    return [e.made(_decibels(e, bands) if p["power_to_db"] else bands, label=identity(3))]


def _waves(length: int, inside: int, window: str | None) -> NDArray[np.float32]:
    """(2 frequencies, 1, length): cosines, then minus sines, times the window in the middle."""
    left = (length - inside) // 2
    turns = 2 * pi * np.arange(inside) / inside
    shape = {None: np.ones(inside), "hann": 0.5 - 0.5 * np.cos(turns), "hamming": 0.54 - 0.46 * np.cos(turns)}[window]
    padded = np.pad(shape, (left, length - inside - left)) if window else np.ones(length)
    angles = 2 * pi * np.outer(np.arange(length // 2 + 1), np.arange(length)) / length
    return np.asarray(np.concatenate([np.cos(angles), -np.sin(angles)]) * padded, np.float32)[:, None, :]


def _to_mel(hertz: NDArray[np.float64] | float) -> NDArray[np.float64]:
    return np.asarray(1127.0 * np.log(1.0 + np.asarray(hertz) / 700.0))


def _bands(p: Params) -> NDArray[np.float32]:
    """(bands, frequencies): triangles on the mel scale, each of height 1; the lowest frequency is in none."""
    rate, bins = p["sampling_rate"], p["fft_length"] // 2 + 1
    highest = p["max_freq"] or int(rate / 2)
    places = _to_mel(np.linspace(0.0, rate / 2, bins)[1:])[None, :]
    edges = np.linspace(_to_mel(p["min_freq"]), _to_mel(highest), p["num_mel_bins"] + 2)[:, None]
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    triangles = np.minimum((places - low) / (centre - low), (high - places) / (high - centre))
    return np.pad(np.maximum(0.0, triangles), ((0, 0), (1, 0))).astype(np.float32)


def _decibels(e: Emission, bands: str) -> str:
    """10 log10, of the reference too, and no further below the strongest than ``top_db``."""
    p = e.p
    tens = 10 / np.log(10)
    found = e.op("Mul", e.op("Log", e.op("Max", bands, float(p["min_power"]))), tens)
    found = e.op("Sub", found, float(10 * np.log10(max(abs(p["ref_power"]), p["min_power"]))))
    least = e.op("Sub", e.op("ReduceMax", found, keepdims=0), float(p["top_db"]))
    return str(e.op("Max", found, least))


FUNCTIONS: tuple[Callable[[Emission], list[Value]], ...] = (stft, mel)
