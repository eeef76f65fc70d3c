"""python -m deploy.kubernetes [--check]: writes the copies below `k8s/`, or says which are not true (exit code 1)."""

import argparse
import sys
from collections.abc import Sequence

from deploy.kubernetes import copies


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes or checks."""
    parser = argparse.ArgumentParser(prog="python -m deploy.kubernetes", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing")
    if not parser.parse_args(arguments).check:
        copies.write()
    found = copies.drift()
    print("\n".join(found) or "what is written below k8s/ is true", file=sys.stderr if found else sys.stdout)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
