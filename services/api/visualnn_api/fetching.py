"""A model file from an address that a caller names, without lending the caller our place in the network.

Each connection, also after a redirect, is made to an address that was resolved and judged for it, so that a name that
changes its meaning between the two (DNS rebinding) gains nothing. Only http and https, on their own ports, to public
addresses; no proxies, no cookies, no passwords.
"""

import hashlib
import socket
import ssl
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network, ip_address
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn
from urllib.parse import unquote, urlsplit

import anyio
import httpcore
import httpx
from anyio import to_thread
from visualnn_shared.errors import Invalid, TooLarge
from visualnn_shared.spec.problem import problem

from visualnn_api.settings import ApiSettings
from visualnn_api.uploads import Upload

PORTS = frozenset((80, 443))
MOST_REDIRECTS = 4
LONGEST = 2000
_EMBEDDING = tuple(map(IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")))
"""IPv6 addresses that lead to an IPv4 address within them, which may be a private one."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of an answer is taken, and how long it may take in all."""

    max_bytes: int
    seconds: float


def is_public(address: str) -> bool:
    """Whether an address is one of the public network, by itself and whatever it embeds."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return is_public(str(found.ipv4_mapped))
        if any(found in network for network in _EMBEDDING):
            return False
    return found.is_global and not found.is_multicast


def _refused(rule: str, received: Any, hint: str | None = None) -> NoReturn:
    raise Invalid("the address", [problem(rule, received, field="url", hint=hint)])


def checked(url: str) -> str:
    """The address, if it has the form of one that may be fetched. Raises Invalid."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        _refused("url must be an address", url[:200])
    if len(url) > LONGEST or parts.scheme not in ("http", "https") or not parts.hostname:
        _refused("url must be an http or https address", url[:200], "https://example.org/model.json")
    if parts.username is not None or parts.password is not None:
        _refused("url must have no user name and no password", parts.hostname)
    if port not in PORTS:
        _refused("url must be on port 80 or 443", port)
    return url.strip()


class _Guarded(httpcore.AsyncNetworkBackend):
    """Connects to public addresses only, each the very one that was judged."""

    def __init__(self) -> None:
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        if port not in PORTS:
            _refused("url must be on port 80 or 443, also after a redirect", port)
        found = await resolved(host, port)
        if not found or not all(map(is_public, found)):
            _refused("url must lead to public addresses only, also after a redirect", host)
        return await self._inner.connect_tcp(found[0], port, timeout, local_address, socket_options)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise httpcore.UnsupportedProtocol(f"{path} {timeout} {socket_options}")

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)


async def resolved(host: str, port: int) -> list[str]:
    """The addresses of a name, in the resolver's order."""
    try:
        found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [str(entry[4][0]) for entry in found]


def _client() -> httpx.AsyncClient:
    transport = httpx.AsyncHTTPTransport(trust_env=False)
    transport._pool = httpcore.AsyncConnectionPool(  # httpx has no word for the way to connect
        ssl_context=ssl.create_default_context(), network_backend=_Guarded()
    )
    return httpx.AsyncClient(
        transport=transport, follow_redirects=True, max_redirects=MOST_REDIRECTS, trust_env=False, timeout=10.0
    )


@asynccontextmanager
async def fetched(url: str, settings: ApiSettings) -> AsyncIterator[Upload]:
    """The file at ``url`` in a folder of its own, gone after the block. Raises Invalid and TooLarge."""
    if not settings.import_urls:
        _refused("import from an address is switched off", url[:200], "the operator sets VISUALNN_IMPORT_URLS=true")
    limits = Limits(settings.max_url_bytes, settings.url_timeout_s)
    address = checked(url)
    with tempfile.TemporaryDirectory(prefix="visualnn-", dir=settings.spool_dir or None) as folder:
        path = Path(folder) / "fetched"
        yield await _download(address, path, limits)


async def _download(url: str, path: Path, limits: Limits) -> Upload:
    try:
        with anyio.fail_after(limits.seconds):
            async with _client() as client, client.stream("GET", url, headers={"Accept": "*/*"}) as answer:
                if answer.status_code != httpx.codes.OK:
                    _refused("url must answer with 200", answer.status_code)
                size, sha256 = await _saved(answer, path, limits)
                return Upload(path, _filename(str(answer.url)), size, sha256)
    except TimeoutError:
        _refused(f"url must answer whole within {limits.seconds:g} s", url[:200])
    except httpx.TooManyRedirects:
        _refused(f"url must be redirected at most {MOST_REDIRECTS} times", url[:200])
    except (httpx.HTTPError, httpx.InvalidURL, httpcore.NetworkError) as error:
        _refused("url must be reachable", url[:200], str(error)[:200] or type(error).__name__)


async def _saved(answer: httpx.Response, path: Path, limits: Limits) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()
    with path.open("wb") as file:
        async for chunk in answer.aiter_bytes(256 * 1024):
            size += len(chunk)
            if size > limits.max_bytes:
                raise TooLarge("the file at the address (bytes)", limits.max_bytes, size)
            digest.update(chunk)
            await to_thread.run_sync(file.write, chunk)
    return size, digest.hexdigest()


def _filename(url: str) -> str:
    """The last part of the path, for guessing the format; never used as a path."""
    name = PurePosixPath(unquote(urlsplit(url).path)).name
    return "".join(letter for letter in name if letter.isprintable())[:200] or "model"
