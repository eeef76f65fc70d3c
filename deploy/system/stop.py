"""`make stop`: stops whatever holds `.run`, and what a killed holder left."""

import os
import signal
import sys
import time

from deploy.machine.child import stop_orphans
from deploy.machine.folder import Folder
from deploy.machine.trouble import Trouble

PATIENCE = 40.0


def main() -> int:
    """Exit code 1 if the holder does not go."""
    folder = Folder()
    try:
        _ask_holder(folder)
        with folder.lock():
            left = stop_orphans(folder)
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    print(f"stopped what was left: {', '.join(left)}" if left else "nothing is running")
    return 0


def _ask_holder(folder: Folder) -> None:
    holder = folder.holder()
    if holder is None:
        return
    print(f"stopping process {holder['pid']} ({holder['command']})")
    os.kill(int(holder["pid"]), signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE
    while folder.holder() is not None:
        if time.monotonic() > deadline:
            raise Trouble(f"It is still there after {PATIENCE:.0f} s; kill -9 {holder['pid']}, then `make stop` again.")
        time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())
