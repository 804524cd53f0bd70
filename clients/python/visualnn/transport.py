"""HTTP with patience: tries again what is safe to try again, and turns error answers into exceptions."""

import random
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from visualnn.errors import ApiError, ServerUnreachable

_SAFE = frozenset({"GET", "HEAD", "PUT", "DELETE"})
_AGAIN = frozenset({429, 503})
_PREFIX = "/api/v1"
_CONNECT_S = 5.0


@dataclass(frozen=True, slots=True)
class Retries:
    """How often and how patiently: waits of 0.25, 0.5, 1, 2, ... s with jitter, or what ``Retry-After`` asks for."""

    tries: int = 6
    first_s: float = 0.25
    most_s: float = 8.0

    def wait_s(self, tried: int, asked: str | None = None) -> float:
        if asked and asked.isdigit():
            return float(min(int(asked), 60))
        return float(min(self.most_s, self.first_s * 2.0**tried)) * random.uniform(0.8, 1.2)  # noqa: S311


class Transport:
    """Requests to one server.

    A request that did not reach the server is always tried again. One whose answer got lost is tried again where a
    second run does no harm: GET, PUT, DELETE, and a POST with an ``Idempotency-Key``. So is one answered 503 or 429.
    """

    def __init__(self, url: str, *, timeout_s: float = 60.0, retries: Retries = Retries()) -> None:
        self.url = url.rstrip("/")
        self._retries = retries
        timeout = httpx.Timeout(timeout_s, connect=_CONNECT_S)
        try:
            self._http = httpx.Client(base_url=self.url, timeout=timeout, trust_env=False)
        except httpx.InvalidURL as error:
            raise ServerUnreachable(url, str(error)) from error

    def close(self) -> None:
        self._http.close()

    def json(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        files: Callable[[], Mapping[str, Any]] | None = None,
        form: Mapping[str, str] | None = None,
        safe: bool = False,
        timeout_s: float | None = None,
    ) -> Any:
        """The decoded answer. ``files`` is called for each try, so that a file is sent from its beginning.

        ``safe`` says that a second run of this POST does no harm. Raises ``ApiError``, ``ServerUnreachable``.
        """
        headers = dict(headers or {})
        timeout = httpx.USE_CLIENT_DEFAULT if timeout_s is None else httpx.Timeout(timeout_s, connect=_CONNECT_S)
        harmless = safe or method in _SAFE or "Idempotency-Key" in headers

        def send() -> httpx.Response:
            return self._http.request(
                method, _full(path), json=body, params=_given(params), headers=headers,
                files=files() if files else None, data=form, timeout=timeout,
            )  # fmt: skip

        answer = self._patiently(send, harmless=harmless)
        return answer.json() if answer.content else None

    def answer(self, method: str, path: str, *, headers: Mapping[str, str]) -> httpx.Response:
        """The answer to a request without a body that does no harm a second time. Raises as ``json``."""
        return self._patiently(lambda: self._http.request(method, _full(path), headers=headers), harmless=True)

    def once(self, method: str, path: str, *, headers: Mapping[str, str], content: bytes) -> httpx.Response:
        """One try. Raises ``ApiError``, and httpx' own errors, so that the caller can go on where it broke off."""
        answer = self._http.request(method, _full(path), headers=headers, content=content)
        if answer.is_error:
            raise _error(answer)
        return answer

    def get(self, path: str, **params: Any) -> Any:
        return self.json("GET", path, params=params)

    @contextmanager
    def stream(
        self,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        accept: Collection[int] = (),
        silence_s: float = 60.0,
    ) -> Iterator[httpx.Response]:
        """One try of a GET whose body is read piece by piece; the caller goes on after a broken one.

        Error answers are raised, but for the statuses in ``accept``; so is a silence of ``silence_s`` seconds.
        """
        with self._http.stream(
            "GET",
            _full(path),
            params=_given(params),
            headers=dict(headers or {}),
            timeout=httpx.Timeout(silence_s, connect=_CONNECT_S),
        ) as answer:
            if answer.is_error and answer.status_code not in accept:
                answer.read()
                raise _error(answer)
            yield answer

    def pause(self, tried: int) -> None:
        """Wait before the next try of something the caller repeats itself, after ``tried`` tries that failed."""
        time.sleep(self._retries.wait_s(max(0, tried - 1)))

    def give_up(self, tried: int, error: httpx.TransportError | ApiError) -> None:
        """Raise where try ``tried`` was the last one, or where another would end in the same way."""
        if isinstance(error, ApiError):
            if error.status not in _AGAIN or tried >= self._retries.tries:
                raise error
        elif tried >= self._retries.tries:
            raise ServerUnreachable(self.url, str(error) or type(error).__name__) from error

    def _patiently(self, send: Callable[[], httpx.Response], *, harmless: bool) -> httpx.Response:
        tried = 0
        while True:
            tried += 1
            last = tried >= self._retries.tries
            try:
                answer = send()
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                if last:
                    raise ServerUnreachable(self.url, str(error) or type(error).__name__) from error
                self.pause(tried)
            except httpx.TransportError as error:
                if last or not harmless:
                    raise ServerUnreachable(self.url, str(error) or type(error).__name__) from error
                self.pause(tried)
            else:
                if not answer.is_error:
                    return answer
                if last or not harmless or answer.status_code not in _AGAIN:
                    raise _error(answer)
                time.sleep(self._retries.wait_s(tried - 1, answer.headers.get("Retry-After")))


def _full(path: str) -> str:
    return path if path.startswith(("/v2/", "/readyz", "/healthz")) else _PREFIX + path


def _given(params: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (params or {}).items() if value is not None}


def _error(answer: httpx.Response) -> ApiError:
    try:
        body = answer.json()
    except ValueError:
        body = None
    if not isinstance(body, Mapping):
        body = {"title": answer.reason_phrase, "detail": f"{answer.status_code} {answer.text[:500]}".strip()}
    return ApiError(answer.status_code, body)
