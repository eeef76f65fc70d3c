"""Free ports on 127.0.0.1, below the range from which the kernel takes those of outgoing connections.

A port of the outgoing range could be taken by anybody while a killed server is down; these stay ours.
"""

import atexit
import os
import random
import socket
from pathlib import Path

from deploy.machine.trouble import Trouble

LOWEST = 10_240


def is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """A free port, another at every call and in every process that asks here."""
    outgoing = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for _ in range(1000):
        port = random.randrange(LOWEST, max(outgoing, LOWEST + 5_000))
        if is_free(port) and _claim(port):
            return port
    raise Trouble("No free port between 10240 and 32767 on 127.0.0.1; stop something that listens there.")


def _claim(port: int) -> bool:
    """A name that only one process can hold: between choosing a port and listening on it, seconds pass."""
    claim = socket.socket(socket.AF_UNIX)
    try:
        claim.bind(f"\0lianxin port {port}")
    except OSError:
        claim.close()
        return False
    atexit.register(claim.close)  # held while this process lives
    return True


def answers(port: int) -> bool:
    """Whether something accepts connections on 127.0.0.1:port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port_from(first: int, last: int) -> int:
    """The lowest free port in first..last, for addresses a person types."""
    for port in range(first, last + 1):
        if is_free(port):
            return port
    raise Trouble(f"Every port from {first} to {last} is taken; give a free one: HTTP_PORT=… make run.")


def given(name: str) -> int | None:
    """The port that the environment variable `name` holds; None where it is empty. Raises Trouble."""
    text = os.environ.get(name, "")
    if not text:
        return None
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise Trouble(f"{name}={text} is no port; give a number, as {name}=8081.")
    return int(text)
