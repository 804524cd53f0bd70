"""Operators: trained networks that answer."""

from collections.abc import Iterator, Mapping
from typing import Any

from visualnn.records import Operator
from visualnn.resources.paging import pages
from visualnn.transport import Transport

Samples = list[Any] | Mapping[str, list[Any]]
_Objects = list[dict[str, Any]]
# A version is converted, loaded, and replayed against the samples that the worker predicted.
_REGISTER_TIMEOUT_S = 180.0


class Operators:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, name: str, job: str) -> Operator:
        """Register the weights of a succeeded train job as the next version of operator ``name``."""
        body = {"name": name, "job": job}
        return Operator.model_validate(
            self._transport.json("POST", "/operators", body=body, timeout_s=_REGISTER_TIMEOUT_S)
        )

    def list(self) -> Iterator[Operator]:
        return pages(self._transport, "/operators", Operator)

    def get(self, name: str, version: int | None = None) -> Operator:
        path = f"/operators/{name}" if version is None else f"/operators/{name}/versions/{version}"
        return Operator.model_validate(self._transport.get(path))

    def alias(self, name: str, alias: str, version: int) -> Operator:
        """Let ``alias`` ("champion") mean ``version``."""
        answer = self._transport.json("PUT", f"/operators/{name}/aliases/{alias}", body={"version": version})
        return Operator.model_validate(answer)

    def predict(
        self,
        name: str,
        inputs: Samples,
        *,
        version: int | str | None = None,
    ) -> _Objects:
        """One prediction of the first output for each sample: class, index, score and scores, or values.

        ``inputs`` lists samples (raw, as the data set stored them), or names a list for each input of the network.
        """
        return list(self._answer(name, inputs, version)["predictions"])

    def answers(self, name: str, inputs: Samples, *, version: int | str | None = None) -> dict[str, _Objects]:
        """Predictions as ``predict`` gives them of every output, by its name, the first one's first.

        Of outputs whose meaning is not known (of networks that were not trained here) there are none but the first's.
        """
        answer = self._answer(name, inputs, version)
        first = self.get(name, answer["version"]).signature["outputs"][0]["name"]
        return {first: answer["predictions"], **(answer.get("answers") or {})}

    def _answer(self, name: str, inputs: Samples, version: int | str | None) -> dict[str, Any]:
        given = dict(inputs) if isinstance(inputs, Mapping) else inputs
        path = f"/operators/{name}/predict"
        return dict(self._transport.json("POST", path, body={"inputs": given}, params={"version": version}, safe=True))

    def infer(self, name: str, inputs: _Objects, *, version: int | None = None) -> dict[str, Any]:
        """The Open Inference Protocol: ``inputs`` are ``{name, shape, datatype, data}``."""
        path = f"/v2/models/{name}" + ("" if version is None else f"/versions/{version}") + "/infer"
        return dict(self._transport.json("POST", path, body={"inputs": inputs}, safe=True))
