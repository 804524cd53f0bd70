"""Models: stored, named specs with versions."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from visualnn_shared.spec.model import Spec

from visualnn.records import Model
from visualnn.resources.paging import pages
from visualnn.transport import Transport


class Models:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, spec: Spec | Mapping[str, Any]) -> Model:
        """Store a spec as a new model with version 1. Raises ``ApiError`` 422 with every problem of the spec."""
        return Model.model_validate(self._transport.json("POST", "/models", body=_plain(spec)))

    def upload(self, path: str | Path, *, format: str | None = None) -> Model:
        """Store the model of a file in any format the server reads (Caffe prototxt, Keras JSON, ...)."""
        path = Path(path)
        content = path.read_bytes()
        answer = self._transport.json(
            "POST",
            "/models",
            files=lambda: {"file": (path.name, content)},
            form={"format": format} if format else None,
        )
        return Model.model_validate(answer)

    def list(self) -> Iterator[Model]:
        return pages(self._transport, "/models", Model)

    def get(self, model: str) -> Model:
        return Model.model_validate(self._transport.get(f"/models/{model}"))

    def update(self, model: Model, spec: Spec | Mapping[str, Any]) -> Model:
        """Store the next version; ``ApiError`` 412 where somebody was faster than ``model`` knows."""
        answer = self._transport.json(
            "PUT", f"/models/{model.id}/spec", body=_plain(spec), headers={"If-Match": f'"{model.etag}"'}
        )
        return Model.model_validate(answer)

    def delete(self, model: str) -> None:
        self._transport.json("DELETE", f"/models/{model}")

    def summary(
        self,
        model: str,
        *,
        batch_size: int = 1,
        optimizer: str = "adam",
        dtype: str = "float32",
        device_bytes: int | None = None,
    ) -> dict[str, Any]:
        """Shapes, parameters, MACs and memory, as ``visualnn summary`` prints them."""
        asked = {"batch_size": batch_size, "optimizer": optimizer, "dtype": dtype}
        if device_bytes is not None:
            asked["device_bytes"] = device_bytes
        found = self._transport.get(f"/models/{model}/summary", **asked)
        return dict(found)


def _plain(spec: Spec | Mapping[str, Any]) -> Any:
    return spec.model_dump(mode="json", exclude_defaults=False) if isinstance(spec, Spec) else dict(spec)
