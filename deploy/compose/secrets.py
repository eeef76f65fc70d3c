"""`make compose-secrets`: the secrets deploy/compose.yaml names, invented once, each in a file of its own.

The folder is closed to everybody but its owner; the files in it are open, because a container's user is not the
owner and compose hands a file over as it lies there. What is there is kept: run it again after an upgrade.
"""

import secrets
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from chassis import crypto
from chassis.web.issuers import DevelopmentIssuer
from services import SERVICES

HERE = Path(__file__).parent / "secrets"
Wanted = dict[str, Callable[[], str]]


@dataclass(frozen=True)
class Servers:
    """Where the servers are, as a process is told; `database` and `broker` take the service and its password."""

    database: Callable[[str, str], str] = lambda service, password: (
        f"postgresql://{service}:{password}@postgres:5432/{service}"
    )
    broker: Callable[[str, str], str] = lambda service, password: f"amqp://{service}:{password}@rabbitmq:5672/"
    management: Callable[[str], str] = lambda password: f"http://lianxin:{password}@rabbitmq:15672"


def password() -> str:
    """Letters and digits only: it stands in addresses and in a configuration file."""
    return secrets.token_hex(16)


class Secrets:
    """The folder. Each value is invented on first use and kept."""

    def __init__(self, folder: Path = HERE, servers: Servers | None = None) -> None:
        self.folder, self.servers = folder, servers or Servers()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)

    def write(self) -> list[str]:
        """Makes what is missing; its names."""
        wanted = self._shared() | self._servers() | self._keys()
        return [name for name, make in wanted.items() if self._kept(name, make)]

    def value(self, name: str, make: Callable[[], str] = password) -> str:
        """The secret of that name."""
        self._kept(name, make)
        return (self.folder / name).read_text(encoding="utf-8").strip()

    def _shared(self) -> Wanted:
        return {
            "page-key": lambda: secrets.token_urlsafe(24),
            "jwks.json": lambda: DevelopmentIssuer(self._token_key()).jwks,
            "grafana/password": password,
            # Yours to fill in: what they open is not ours.
            "alertmanager/smtp-password": lambda: "",
            "alertmanager/pager-token": lambda: "",
        }

    def _servers(self) -> Wanted:
        administrator = self.value("rabbitmq/password")
        wanted: Wanted = {
            "postgres/password": password,
            "rabbitmq/administrator.conf": lambda: f"default_user = lianxin\ndefault_pass = {administrator}\n",
            "rabbitmq/management-uri": lambda: self.servers.management(administrator),
        }
        for service in SERVICES:
            wanted |= self._addresses(service)
        return wanted

    def _addresses(self, service: str) -> Wanted:
        database, broker = (self.value(f"{server}/password-{service}") for server in ("postgres", "rabbitmq"))
        return {
            f"{service}/database-url": lambda: self.servers.database(service, database),
            f"{service}/amqp-uri": lambda: self.servers.broker(service, broker),
        }

    def _keys(self) -> Wanted:
        pair = crypto.new_reader_keys()
        # The public half is invented with the private one: both are new, or both were kept.
        return {
            "intake/master-keys": crypto.new_master_keys,
            "intake/index-key": lambda: secrets.token_urlsafe(32),
            "notify/reader-key": lambda: pair.private,
            "intake/reader-keys": lambda: pair.public,
            "notify/gateway-token": lambda: "",  # the carrier's
            "dispatch/token-key": self._token_key,
            "dispatch/account-keys": crypto.new_master_keys,
        }

    def _token_key(self) -> str:
        return self.value("dispatch/token-key", lambda: DevelopmentIssuer.new().private)

    def _kept(self, name: str, make: Callable[[], str]) -> bool:
        path = self.folder / name
        if path.exists():
            return False
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = path.with_name(f".{path.name}")
        new.write_text(make(), encoding="utf-8")
        new.chmod(0o444)
        new.rename(path)
        return True


def main() -> int:
    """Says which were made; never what they are."""
    made = Secrets().write()
    print("\n".join(f"made {name}" for name in made) or f"nothing is missing in {HERE}")
    if made:
        print("Keep a copy of intake/master-keys, intake/index-key, notify/reader-key and dispatch/account-keys")
        print("apart from the backups: without them what they guard cannot be read again.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
