"""Listening sockets, opened by the launcher and inherited by the services: addresses are known first, and stay."""

import ipaddress
import socket

from visualnn_standalone.errors import NotLoopback, PortTaken


def check_loopback(host: str) -> None:
    """Raises ``NotLoopback`` for an address that other machines reach."""
    if host == "localhost":
        return
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise NotLoopback(host)


def listen(host: str, port: int) -> socket.socket:
    """A listening TCP socket, inheritable; ``port`` 0 takes any free one. Raises ``PortTaken``."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        opened = socket.socket(family, kind, protocol)
    except (OSError, OverflowError) as error:
        raise PortTaken(host, port, str(error)) from error
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port just closed may be taken again
        # Services adopt the socket by its number, and asyncio sets this option on TCP sockets of its own only; without
        # it an answer in two pieces waits for the client's delayed acknowledgement (40 ms). Accepted ones inherit it.
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opened.bind(address)
        opened.listen(512)
    except OSError as error:
        opened.close()
        raise PortTaken(host, port, error.strerror or str(error)) from error
    opened.set_inheritable(True)
    return opened


def url_of(opened: socket.socket) -> str:
    host, port = opened.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
