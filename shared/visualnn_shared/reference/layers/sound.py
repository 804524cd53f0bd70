"""Sound as the strength of its frequencies over time."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from visualnn_shared.reference.calling import Array, Call, forward
from visualnn_shared.reference.layers.convolution import convolved

_SMALLEST = 1e-7
"""Below which Keras cuts off what it takes a root or a logarithm of."""


@forward("STFTSpectrogram")
def stft(c: Call) -> Array:
    """Convolutions with the waves that the weights hold, each channel by itself: (batch, times, channels x bands)."""
    p, (batch, length, channels) = c.p, c.x.shape
    alone = c.x.transpose(0, 2, 1).reshape(-1, length, 1)
    step = [p["frame_step"] or p["frame_length"] // 2]
    real, imaginary = (
        convolved(alone, c.w[name], step, p["padding"], [1]) if name in c.w else np.zeros(())
        for name in ("real_kernel", "imag_kernel")
    )
    bands = _as_asked(p["mode"], real, imaginary)
    apart = bands.reshape(batch, channels, *bands.shape[1:]).transpose(0, 2, 3, 1)
    if p["expand_dims"]:
        return apart
    return apart.swapaxes(2, 3).reshape(batch, apart.shape[1], -1)


def _as_asked(mode: str, real: Array, imaginary: Array) -> Array:
    """(rows, times, bands)."""
    if mode in ("real", "imag"):
        return real if mode == "real" else imaginary
    if mode == "stft":
        return np.concatenate([real, imaginary], -1)
    if mode == "angle":
        return np.asarray(np.arctan2(imaginary, real))
    power = real**2 + imaginary**2
    if mode == "psd":  # of one side: all bands but the first and the last stand for two
        power[..., 1:-1] *= 2
        return np.asarray(power)
    magnitude = np.sqrt(np.maximum(power, _SMALLEST))
    return np.asarray(magnitude if mode == "magnitude" else np.log(np.maximum(magnitude, _SMALLEST)))


def _mel(hertz: Array) -> Array:
    """The mel scale of HTK: 1127 log(1 + f / 700)."""
    found: Array = 1127.0 * np.log1p(hertz / 700.0)
    return found


def _bands(bins: int, c: Call) -> Array:
    """(bins, mel bands): triangles that peak at 1, evenly apart in mel; the first bin, 0 Hz, is in none."""
    p = c.p
    top = p["max_freq"] or p["sampling_rate"] / 2
    at = _mel(np.linspace(0, p["sampling_rate"] / 2, bins))[1:, None]
    edges = np.linspace(_mel(np.asarray(p["min_freq"])), _mel(np.asarray(top)), p["num_mel_bins"] + 2)
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    triangles = np.maximum(0, np.minimum((at - low) / (middle - low), (high - at) / (high - middle)))
    return np.vstack([np.zeros((1, len(middle))), triangles])


@forward("MelSpectrogram")
def mel(c: Call) -> Array:
    """(batch, ..., samples) -> (batch, ..., bands, times). Decibels are cut ``top_db`` below the loudest of the batch:
    Keras' rule, which makes a sample's values depend on its neighbours.
    """
    p, length = c.p, c.p["fft_length"]
    x = np.pad(c.x, [(0, 0)] * (c.x.ndim - 1) + [(length // 2, length // 2)], mode="reflect")
    frames = sliding_window_view(x, length, -1)[..., :: p["sequence_stride"], :]
    power = np.abs(np.fft.rfft(frames * _window(c), axis=-1)) ** p["mag_exp"]
    found = power @ _bands(power.shape[-1], c)
    if p["power_to_db"]:
        least, loudness = p["min_power"], 10 * np.log10(np.maximum(found, p["min_power"]))
        loudness = loudness - 10 * np.log10(max(abs(p["ref_power"]), least))
        found = np.maximum(loudness, loudness.max() - p["top_db"])
    return np.asarray(found.swapaxes(-1, -2))


def _window(c: Call) -> Array:
    """Of ``sequence_length`` in the middle of ``fft_length``; periodic, so that it ends one sample before its start."""
    n, length = c.p["sequence_length"], c.p["fft_length"]
    if c.p["window"] is None:
        return np.ones(length)
    if n == 1:
        return np.pad([1.0], ((length - 1) // 2, length - 1 - (length - 1) // 2))
    wave = np.cos(2 * np.pi * np.arange(n) / n)
    shape = 0.5 - 0.5 * wave if c.p["window"] == "hann" else 0.54 - 0.46 * wave
    before = (length - n) // 2
    return np.pad(shape, (before, length - n - before))
