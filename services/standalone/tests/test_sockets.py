import socket

import pytest
from visualnn_standalone.errors import NotLoopback, PortTaken
from visualnn_standalone.sockets import check_loopback, listen, url_of


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "::1"])
def test_loopback_addresses_are_taken(host: str) -> None:
    check_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", "", "8.8.8.8"])
def test_other_addresses_are_refused_with_the_reason(host: str) -> None:
    with pytest.raises(NotLoopback) as refused:
        check_loopback(host)
    (one,) = refused.value.problems
    assert one.received == host
    assert "loopback" in one.rule
    assert one.where.field == "host"
    assert "ssh -L" in (one.hint or "")


def test_port_0_takes_a_free_one_that_the_url_tells() -> None:
    with listen("127.0.0.1", 0) as opened:
        port = opened.getsockname()[1]
        assert url_of(opened) == f"http://127.0.0.1:{port}"
        assert opened.get_inheritable()
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            pass


def test_small_answers_leave_at_once() -> None:
    """Nagle's algorithm and delayed acknowledgements together make each answer of a kept connection wait 40 ms."""
    with listen("127.0.0.1", 0) as opened, socket.create_connection(opened.getsockname(), timeout=5):
        accepted, _ = opened.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


def test_a_taken_port_is_named() -> None:
    with listen("127.0.0.1", 0) as opened:
        port = opened.getsockname()[1]
        with pytest.raises(PortTaken, match=rf"127\.0\.0\.1:{port} \(Address already in use\).*--port"):
            listen("127.0.0.1", port)


def test_a_port_that_was_just_used_can_be_taken_again() -> None:
    with listen("127.0.0.1", 0) as opened:
        port = opened.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port), timeout=5), opened.accept()[0]:
            pass
    listen("127.0.0.1", port).close()
