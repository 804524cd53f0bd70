"""Spec names as Keras layer names, and back.

Keras forbids ``/`` in a layer's name, and TensorFlow takes ``[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*`` for a scope. So every
other character becomes ``>`` and its UTF-8 bytes in hexadecimal, and a name that does not begin with a letter or a
digit gets a ``.`` in front.
"""

import re

_ESCAPED = re.compile(r">([0-9A-F]{2})")
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-")


def keras_name(name: str) -> str:
    """The Keras layer name of a spec's layer: the same for plain names. Different names stay different."""
    text = "".join(chr(byte) if byte in _PLAIN else f">{byte:02X}" for byte in name.encode())
    return text if text[:1].isascii() and text[:1].isalnum() else f".{text}"


def spec_name(name: str) -> str:
    """The spec's name of a Keras layer that ``keras_name`` named."""
    text = name[1:] if name.startswith(".") else name
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text).encode("latin-1").decode()
