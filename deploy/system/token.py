"""`make token ROLE=unit UNIT=C07`: signs a development token, keeps it in `.run/token` and prints it."""

import os
import sys

from deploy.machine.folder import Folder, private
from deploy.system.issuer import ROLES, Issuer


def main() -> int:
    """Reads ROLE and UNIT from the environment; an unknown role or a missing unit is one sentence."""
    role, unit = os.environ.get("ROLE", ""), os.environ.get("UNIT") or None
    if role not in ROLES:
        print(f"ROLE must be one of {', '.join(ROLES)}: make token ROLE=centre UNIT=CENTRE", file=sys.stderr)
        return 2
    if role == "unit" and unit is None:
        print("A unit's token needs its code: make token ROLE=unit UNIT=C07", file=sys.stderr)
        return 2
    folder = Folder()
    token = Issuer(folder).token(role, unit)
    private(folder.path / "token", token)
    print(token)
    return 0


if __name__ == "__main__":
    sys.exit(main())
