"""Restrictions on a process that decodes strangers' bytes."""

import ctypes
import os
import resource
import signal
from contextlib import suppress

from services.intake.media.darkroom.sockets import forbid_sockets

MEMORY = 2 << 30
FILE = 400 << 20
OPEN_FILES = 64
_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000


def confine(cpu_seconds: int) -> None:
    """Limits memory, CPU time, and the size and number of files of this process and all its children.

    Removes their network where the kernel allows it.
    """
    die_with_parent()
    limits = {
        resource.RLIMIT_AS: MEMORY,
        resource.RLIMIT_CPU: cpu_seconds,
        resource.RLIMIT_FSIZE: FILE,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_CORE: 0,
    }
    for limit, most in limits.items():
        resource.setrlimit(limit, (most, most))
    _without_network()


def die_with_parent() -> None:
    """Has the kernel kill this process when its parent dies, so that none is left behind."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _without_network() -> None:
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        if os.geteuid() != 0 or libc.unshare(_CLONE_NEWNET) != 0:
            libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
    forbid_sockets()
