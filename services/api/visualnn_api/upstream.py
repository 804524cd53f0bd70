"""The two services behind the gateway, over HTTP. Their problems pass through; their absence is a 503."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import httpx
from visualnn_shared.errors import Unavailable, VisualNNError
from visualnn_shared.spec.problem import Problem

PROBLEM_JSON = "application/problem+json"


class Refused(VisualNNError):  # noqa: N818 - named as its family
    """What another service answered with 4xx, told on with its own type, status and problems."""

    code: ClassVar[str] = "refused"

    def __init__(self, body: Mapping[str, Any], status: int) -> None:
        problems = [Problem.model_validate(entry) for entry in body.get("problems", [])]
        super().__init__(str(body.get("detail", "the request was refused")), problems)
        self._body = {**body, "status": status}
        self.status = status  # type: ignore[misc]  # of this one answer

    def calling(self, field: str, name: str) -> "Refused":
        """The same, with ``field`` under the name that our own caller knows it by."""
        problems = []
        for one in self.problems:
            if one.where.field == field:
                rule, where = one.rule.replace(f"{field} ", f"{name} ", 1), one.where.model_copy(update={"field": name})
                one = one.model_copy(update={"rule": rule, "where": where})
            problems.append(one.model_dump(mode="json"))
        return Refused({**self._body, "problems": problems}, self.status)

    def as_problem_json(self) -> dict[str, Any]:
        return {**super().as_problem_json(), **self._body}


class Upstream:
    """One service: requests that either give a response below 400, or raise."""

    def __init__(self, name: str, url: str, timeout_s: float) -> None:
        self.name = name
        self._http = httpx.AsyncClient(
            base_url=url, timeout=httpx.Timeout(timeout_s, connect=5.0), limits=httpx.Limits(max_connections=None)
        )

    async def close(self) -> None:
        await self._http.aclose()

    @asynccontextmanager
    async def stream(self, method: str, path: str, **options: Any) -> AsyncIterator[httpx.Response]:
        """A response whose body is still to be read. Raises Refused for 4xx and Unavailable for the rest."""
        response = await self.send(method, path, **options)
        try:
            if response.status_code >= 400:
                raise await self._error(response)
            yield response
        except httpx.TransportError as error:
            raise self._away(error) from error
        finally:
            await response.aclose()

    async def send(self, method: str, path: str | httpx.URL, **options: Any) -> httpx.Response:
        """The response as it comes, whatever its status, body unread. Raises Unavailable."""
        request = self._http.build_request(method, path, **options)
        try:
            return await self._http.send(request, stream=True)
        except httpx.TransportError as error:
            raise self._away(error) from error

    async def get_json(self, path: str) -> Any:
        """The JSON body of a GET."""
        async with self.stream("GET", path) as response:
            return json.loads(await response.aread())

    async def _error(self, response: httpx.Response) -> VisualNNError:
        body = await response.aread()
        if response.status_code < 500 and response.headers.get("content-type", "").startswith(PROBLEM_JSON):
            return Refused(json.loads(body), response.status_code)
        return Unavailable(f"the {self.name}", f"status {response.status_code}")

    def _away(self, error: Exception) -> Unavailable:
        return Unavailable(f"the {self.name}", f"{type(error).__name__}: {error}".rstrip(": "))
