"""Free ports on 127.0.0.1, below the range from which the kernel takes those of outgoing connections.

A port of the outgoing range could be taken by anybody while a killed server is down; these stay ours.
"""

import atexit
import random
import socket
import time
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


def wait_until_free(port: int, seconds: float = 5.0) -> None:
    """Wait for a stopped server's port; Trouble if somebody else has it."""
    deadline = time.monotonic() + seconds
    while not is_free(port):
        if time.monotonic() > deadline:
            raise Trouble(f"Port {port} on 127.0.0.1 is taken by another program; stop it, or use another port.")
        time.sleep(0.05)
