"""`python -m deploy.system.operate sla restored`: a service's own command, told what the folder's system is told."""

import subprocess
import sys
from collections.abc import Sequence

from deploy.machine.folder import ROOT, Folder
from deploy.machine.trouble import Trouble
from deploy.system.environment import Environment
from services import SERVICES


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code of `python -m services.<service> …`; 2 when it cannot be asked."""
    service, *command = [*(sys.argv[1:] if arguments is None else arguments), ""]
    if service not in SERVICES:
        print(f"first the service, one of {', '.join(SERVICES)}, then its command", file=sys.stderr)
        return 2
    try:
        environment = Environment.kept(Folder()).of(service)
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 2
    asked = [sys.executable, "-m", f"services.{service}", *command[:-1]]
    return subprocess.run(asked, env=environment, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
