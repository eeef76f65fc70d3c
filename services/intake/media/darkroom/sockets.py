"""Forbids sockets to this process and all its children by a filter of system calls, which needs no privileges.

A namespace without network takes privileges that a container does not have; there, this filter is what holds.
"""

import ctypes
import errno
import platform
import struct
from contextlib import suppress

_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 38, 22, 2
_LOAD, _EQUALS, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_CALL, _ARCHITECTURE = 0, 4  # where the kernel puts them
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM
_RING = 425  # io_uring_setup: a ring opens sockets without the call
_FOREIGN = 0x40000000  # x32's numbers of the same calls
_NATIVE = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}  # the architecture, and its number of socket()


def forbid_sockets() -> bool:
    """Returns whether they are forbidden from now on; False if the kernel or the processor does not support it."""
    if platform.machine() not in _NATIVE:
        return False
    program = ctypes.create_string_buffer(_program(*_NATIVE[platform.machine()]))
    counted = struct.pack("HxxxxxxP", len(program.raw) // 8, ctypes.addressof(program))
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        bound: int = libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        bound |= libc.prctl(_SECCOMP, _FILTER, ctypes.create_string_buffer(counted))
        return bound == 0
    return False


def _program(architecture: int, socket: int) -> bytes:
    """The filter. Jumps count the steps to skip if the comparison holds, and if it does not."""
    steps = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUALS, 0, 4, architecture),
        (_LOAD, 0, 0, _CALL),
        (_AT_LEAST, 2, 0, _FOREIGN),
        (_EQUALS, 1, 0, socket),
        (_EQUALS, 0, 1, _RING),
        (_RETURN, 0, 0, _REFUSE),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return b"".join(struct.pack("HBBI", *step) for step in steps)
