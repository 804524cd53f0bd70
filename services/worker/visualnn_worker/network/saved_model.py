"""A network as TensorFlow's SavedModel, which needs neither Keras nor VisualNN to run: a folder, or a zip of it."""

import json
import re
import tempfile
import zipfile
from collections.abc import Mapping
from keyword import iskeyword
from pathlib import Path
from typing import Any

import keras
from visualnn_shared.errors import Invalid
from visualnn_shared.spec.problem import problem

from visualnn_worker.network.build import Network

BACKEND = "tensorflow"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_FOLDERS = ("variables", "assets")


def must_be_possible() -> None:
    """Raises ``Invalid`` where Keras does not run on TensorFlow, which alone writes a SavedModel."""
    backend = keras.backend.backend()
    if backend != BACKEND:
        rule = "a SavedModel must be made where Keras runs on TensorFlow"
        hint = f"set KERAS_BACKEND={BACKEND}, with TensorFlow installed, where this runs"
        raise Invalid("the export", [problem(rule, backend, field="format", hint=hint)])


def save(network: Network, folder: Path, extra: Mapping[str, str] | None = None) -> None:
    """Write the SavedModel into ``folder``, which must be empty or absent: endpoint ``serve``, ``serving_default``.

    Inputs are in the spec's order, with a free batch. ``extra`` are texts by file name, kept in ``assets.extra``, which
    TensorFlow leaves alone. Raises ``Invalid``.
    """
    must_be_possible()
    network.model.export(folder, format="tf_saved_model", verbose=False, input_signature=_signature(network))
    for name, text in (extra or {}).items():
        (folder / "assets.extra").mkdir(exist_ok=True)
        (folder / "assets.extra" / name).write_text(text)


def _signature(network: Network) -> list[Any]:
    """The inputs, by names that Python takes for arguments: TensorFlow makes such of them."""
    specs, taken = [], set[str]()
    for name, tensor in zip(network.input_names, network.model.inputs, strict=True):
        plain = re.sub(r"\W", "_", name, flags=re.ASCII)
        plain = plain if plain.isidentifier() and not iskeyword(plain) else f"input_{plain}"
        while plain in taken:
            plain += "_"
        taken.add(plain)
        specs.append(keras.InputSpec(shape=tuple(tensor.shape), dtype=tensor.dtype, name=plain))
    return specs if len(specs) == 1 else [specs]


def save_zip(network: Network, path: Path, extra: Mapping[str, str] | None = None) -> None:
    """The folder's files as a zip, uncompressed: weights hardly shrink. Raises ``Invalid``."""
    with tempfile.TemporaryDirectory(dir=path.parent) as made, zipfile.ZipFile(path, "w") as archive:
        save(network, Path(made), extra)
        for name in _FOLDERS:  # empty ones belong to it
            archive.writestr(zipfile.ZipInfo(f"{name}/", _EPOCH), b"")
        for file in sorted(one for one in Path(made).rglob("*") if one.is_file()):
            info = zipfile.ZipInfo(file.relative_to(made).as_posix(), _EPOCH)
            info.external_attr = 0o644 << 16
            with file.open("rb") as source, archive.open(info, "w", force_zip64=True) as target:
                while block := source.read(2**20):
                    target.write(block)


def about(spec_json: bytes, serving_json: str | None = None) -> dict[str, str]:
    """What a SavedModel does not say: the spec, and how inputs are prepared and outputs meant."""
    found = {"spec.json": json.dumps(json.loads(spec_json), indent=2)}
    return found if serving_json is None else {**found, "serving.json": serving_json}
