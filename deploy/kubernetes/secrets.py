"""The secrets of a new system: a folder per Secret, a file per key, ready for `kubectl create secret --from-file`.

`python -m deploy.kubernetes.secrets FOLDER`. What is there already is kept, so it may be run again. What others give
(the SMS gateway's token, the buckets' keys, a managed database's address) is put there before or after.
"""

import argparse
import secrets
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from chassis import crypto
from chassis.delivery import topology
from deploy.machine.folder import private
from services import SERVICES
from services.dispatch.login import tokens

CHECKED = "sslmode=verify-full&sslrootcert=/run/secrets/lianxin-database/ca.crt"
"""The database's certificate is checked against the file that the component postgres-cnpg mounts."""
ADMINISTRATOR = "lianxin"
GIVEN = (
    "lianxin-notify/gateway-token",
    "lianxin-intake/s3-access-key",
    "lianxin-intake/s3-secret-key",
    "lianxin-postgres-backup/access-key",
    "lianxin-postgres-backup/secret-key",
)
"""What no program can invent."""


@dataclass(frozen=True)
class Secrets:
    """`path` holds them; `database` and `broker` are the servers' names, `options` those of every database address."""

    path: Path
    database: str = "lianxin-postgres-rw"
    broker: str = "lianxin-rabbitmq"
    options: str = CHECKED

    def fill(self) -> list[str]:
        """Writes what is missing; the names of the files that stay empty until somebody fills them."""
        self._keys()
        for service in SERVICES:
            self._addresses(service)
        self._file("lianxin-postgres-dev/password", _password)  # the superuser of the dev overlay's own server
        self._broker()
        return [name for name in GIVEN if not self._file(name, lambda: "")]

    def _keys(self) -> None:
        pair = crypto.new_reader_keys()
        # The public half is invented with the private one: both are new, or both were kept.
        self._file("lianxin-notify/reader-key", lambda: pair.private)
        self._file("lianxin-intake/reader-keys", lambda: pair.public)
        self._file("lianxin-intake/master-keys", crypto.new_master_keys)
        self._file("lianxin-intake/index-key", _password)
        self._file("lianxin-dispatch/token-key", tokens.new_key)
        self._file("lianxin-dispatch/account-keys", crypto.new_master_keys)
        self._file("lianxin-pages/page-key", _password)

    def _addresses(self, service: str) -> None:
        self._file(f"lianxin-postgres-{service}/username", lambda: service)
        password = self._file(f"lianxin-postgres-{service}/password", _password)
        options = f"?{self.options}" if self.options else ""
        url = f"postgresql://{service}:{quote(password, safe='')}@{self.database}:5432/{service}{options}"
        self._file(f"lianxin-{service}/database-url", lambda: url)
        uri = f"amqp://{service}:{quote(self._broker_password(service), safe='')}@{self.broker}:5672/%2F"
        self._file(f"lianxin-{service}/amqp-uri", lambda: uri)

    def _broker(self) -> None:
        for user in topology.load().users:
            self._broker_password(user)
        password = self._file("lianxin-rabbitmq-admin/password", _password)
        self._file("lianxin-rabbitmq-admin/username", lambda: ADMINISTRATOR)
        # The form in which the broker reads its first user.
        told = f"default_user = {ADMINISTRATOR}\ndefault_pass = {password}\n"
        self._file("lianxin-rabbitmq-admin/default_user.conf", lambda: told)
        uri = f"http://{ADMINISTRATOR}:{quote(password, safe='')}@{self.broker}:15672"
        self._file("lianxin-topology/management-uri", lambda: uri)

    def _broker_password(self, user: str) -> str:
        return self._file(f"lianxin-topology/broker-password-{user}", _password)

    def _file(self, name: str, make: Callable[[], str]) -> str:
        """The content of the file, made when missing; nobody but its owner may read it."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            private(path, make())
        return path.read_text(encoding="utf-8").strip()


def _password() -> str:
    return secrets.token_urlsafe(32)


def main(arguments: Sequence[str] | None = None) -> int:
    """Fills the folder and says what somebody else has to give."""
    asked = _parser().parse_args(arguments)
    asked.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    empty = Secrets(asked.folder, asked.database, asked.broker, asked.database_options).fill()
    print(f"{asked.folder}: a folder per Secret, a file per key; keep it out of git, back up lianxin-intake apart")
    for name in empty:
        print(f"empty, given by others: {name}", file=sys.stderr)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.kubernetes.secrets", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--database", default=Secrets.database, help="host of the databases (default: %(default)s)")
    parser.add_argument("--broker", default=Secrets.broker, help="host of the broker (default: %(default)s)")
    parser.add_argument(
        "--database-options",
        default=CHECKED,
        help="what every database address ends with; empty for a server without TLS (default: %(default)s)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
