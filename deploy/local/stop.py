"""`make stop`: stops whatever holds `.run`, and what a killed holder left."""

import os
import signal
import sys
import time

from deploy.local.child import stop_orphans
from deploy.local.folder import Folder

PATIENCE = 40.0


def main() -> int:
    """Exit code 1 if the holder does not go."""
    folder = Folder()
    holder = folder.holder()
    if holder is not None and holder["pid"] != "?":
        print(f"stopping process {holder['pid']} ({holder['command']})")
        os.kill(int(holder["pid"]), signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE
    while folder.holder() is not None:
        if time.monotonic() > deadline:
            print(
                f"it is still there after {PATIENCE:.0f} s; kill -9 {holder and holder['pid']}, then `make stop` again"
            )
            return 1
        time.sleep(0.1)
    left = stop_orphans(folder)
    print(f"stopped what was left: {', '.join(left)}" if left else "nothing is running")
    return 0


if __name__ == "__main__":
    sys.exit(main())
