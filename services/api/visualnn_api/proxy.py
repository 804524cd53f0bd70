"""Requests handed on to the predictor, and its answers handed back, both as streams."""

from collections.abc import AsyncIterator

import httpx
from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from visualnn_shared.errors import Unavailable

from visualnn_api.upstream import Upstream

_PASSED_ON = (
    "accept",
    "accept-encoding",
    "content-encoding",
    "content-length",
    "content-type",
    "inference-header-content-length",
    "x-request-id",
)
_PASSED_BACK = (
    "content-encoding",
    "content-length",
    "content-type",
    "inference-header-content-length",
    "retry-after",
    "x-request-id",
)


async def forward(request: Request, upstream: Upstream, path: str) -> Response:
    """The answer of ``upstream`` to the same request at ``path`` (percent-encoded), with the same query string.

    Raises Unavailable where it does not answer.
    """
    headers = {name: value for name in _PASSED_ON if (value := request.headers.get(name)) is not None}
    headers.setdefault("accept-encoding", "identity")
    has_body = "content-length" in headers or "transfer-encoding" in request.headers
    answer = await upstream.send(
        request.method,
        httpx.URL(path, query=request.scope["query_string"]),
        headers=headers,
        content=request.stream() if has_body else None,
    )
    back = {name: value for name in _PASSED_BACK if (value := answer.headers.get(name)) is not None}
    return StreamingResponse(_body(upstream, answer), answer.status_code, back)


async def _body(upstream: Upstream, answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in answer.aiter_raw():
            yield chunk
    except httpx.TransportError as error:
        raise Unavailable(f"the {upstream.name}", type(error).__name__) from error
    finally:
        await answer.aclose()
