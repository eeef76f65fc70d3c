"""Whoever decodes strangers' bytes opens no socket, whatever rights its container has."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
TRY = """
import socket, subprocess, sys
def tried(family):
    try:
        socket.socket(family).close()
        return "opened"
    except PermissionError:
        return "refused"
before = tried(socket.AF_INET)
from services.intake.media.darkroom.sockets import forbid_sockets
assert forbid_sockets()
child = subprocess.run([sys.executable, "-c", "import socket; socket.socket()"], stderr=subprocess.PIPE)
print(before, tried(socket.AF_INET), tried(socket.AF_INET6), tried(socket.AF_UNIX), b"PermissionError" in child.stderr)
"""


def test_no_socket_is_opened_after_it_nor_by_a_child() -> None:
    done = subprocess.run([sys.executable, "-c", TRY], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["opened", "refused", "refused", "refused", "True"]
