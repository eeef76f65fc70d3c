"""The development issuer of this folder: signs tokens that only PROFILE=dev or demo accepts."""

from pathlib import Path

from chassis.web.issuers import DevelopmentIssuer
from deploy.machine.folder import Folder, private

ROLES = ("centre", "unit", "leader", "supervisor", "operator")
HOURS = 12


class Issuer:
    """Its key pair is made on first use: `issuer/private.json` (mode 600) and `issuer/jwks.json`."""

    def __init__(self, folder: Folder) -> None:
        self.private: Path = folder.made("issuer") / "private.json"
        self.jwks: Path = folder.path / "issuer" / "jwks.json"
        if not self.private.exists():
            private(self.private, DevelopmentIssuer.new().private)
        self._issuer = DevelopmentIssuer(self.private.read_text())
        if not self.jwks.exists():
            private(self.jwks, self._issuer.jwks)

    def token(self, role: str, unit: str | None = None, subject: str | None = None) -> str:
        """A bearer token for one of ROLES, good for 12 hours; `unit` as C07 or CENTRE."""
        return self._issuer.token(subject or f"dev:{role}:{unit or '-'}", role, unit=unit, seconds=HOURS * 3600)
