import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from deploy.machine import ports
from tests.chaos.stand import Proxies


class Echo:
    """A server that sends back what it gets."""

    def __init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            try:
                while piece := client.recv(1000):
                    client.sendall(piece)
            except OSError:
                return


@pytest.fixture
def proxies() -> Iterator[Proxies]:
    echo = Echo()
    made = Proxies({"link": echo.port})
    yield made
    made.close()
    echo.listening.close()


def connect(proxies: Proxies) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxies.ports["link"]), timeout=5)


def said(client: socket.socket, words: bytes, seconds: float = 5.0) -> bytes:
    client.settimeout(seconds)
    client.sendall(words)
    return client.recv(1000)


def test_it_passes_what_it_gets(proxies: Proxies) -> None:
    with connect(proxies) as client:
        assert said(client, b"hello") == b"hello"


def test_latency_is_added_to_each_way(proxies: Proxies) -> None:
    proxies.turn("link", "latency", 0.1)
    with connect(proxies) as client:
        began = time.monotonic()
        assert said(client, b"hello") == b"hello"
        assert time.monotonic() - began >= 0.2


@pytest.mark.parametrize("mode", ["black_hole", "deaf", "mute"])
def test_a_black_hole_keeps_what_it_is_sent_and_delivers_it_at_its_end(proxies: Proxies, mode: str) -> None:
    with connect(proxies) as client:
        assert said(client, b"before") == b"before"
        proxies.turn("link", mode)
        with pytest.raises(TimeoutError):
            said(client, b"meanwhile", seconds=0.3)
        proxies.turn("link", "pass")
        client.settimeout(5)
        assert client.recv(1000) == b"meanwhile"


def test_a_reset_ends_open_connections_hard_and_takes_new_ones(proxies: Proxies) -> None:
    with connect(proxies) as client:
        assert said(client, b"before") == b"before"
        proxies.turn("link", "reset")
        with pytest.raises(ConnectionResetError):
            client.recv(1000)
    with connect(proxies) as client:
        assert said(client, b"after") == b"after"


def test_a_cut_ends_open_connections_in_an_orderly_way(proxies: Proxies) -> None:
    with connect(proxies) as client:
        assert said(client, b"before") == b"before"
        proxies.turn("link", "cut")
        assert client.recv(1000) == b""


def test_a_refusing_link_takes_no_connection_until_it_passes_again(proxies: Proxies) -> None:
    proxies.turn("link", "refuse")
    with pytest.raises(ConnectionRefusedError):
        connect(proxies)
    proxies.turn("link", "pass")
    with connect(proxies) as client:
        assert said(client, b"after") == b"after"


def test_it_ends_with_its_master() -> None:
    order = json.dumps({"link": [ports.free_port(), 1]})
    proxy = subprocess.Popen(
        [sys.executable, "-m", "tests.chaos.proxy", order], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert proxy.stdin is not None and proxy.stdout is not None
    assert proxy.stdout.readline() == b"ready\n"
    proxy.stdin.close()
    assert proxy.wait(10) == 0
    proxy.stdout.close()
